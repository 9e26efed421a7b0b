import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { createPublicClient, custom, defineChain } from "viem";
import { onTestFinished } from "vitest";
import { createGateRpc } from "../../../src/agent/gateRpc.ts";
import type { ReadClient } from "../../../src/chain/client.ts";
import { createAuthenticator } from "../../../src/server/auth/authenticator.ts";
import { createRateLimit } from "../../../src/server/auth/rateLimit.ts";
import { addToken, type NewToken } from "../../../src/server/auth/tokenFile.ts";
import { createReadiness, type ReadinessCheck } from "../../../src/server/health/readiness.ts";
import { type AppOptions, createApp } from "../../../src/server/http/app.ts";
import { createRpcHandler } from "../../../src/server/http/rpcHandler.ts";
import { createLogger } from "../../../src/server/logs/logger.ts";
import { createMetrics } from "../../../src/server/metrics/metrics.ts";
import { joinObservers } from "../../../src/server/observers.ts";
import { noTracing, type Tracing } from "../../../src/server/telemetry/tracingPort.ts";
import { createMemoryAgent, type MemoryAgent } from "./memoryAgent.ts";

/** What the server's own duties are tested with: everything real but the agent and the chain. */
export interface TestService {
  app: FastifyInstance;
  agent: MemoryAgent;
  /** A token with which everything may be called but what operators do. */
  token: string;
  operatorToken: string;
  folder: string;
  /** Every line that was logged, at trace. */
  lines: string[];
  addToken(token: Partial<NewToken> & { name: string }): Promise<string>;
  /** Sends one body and gives the parsed answer. */
  post(body: unknown, options?: PostOptions): Promise<Posted>;
  /** One JSON-RPC call. */
  call(method: string, params?: unknown, options?: PostOptions): Promise<Posted>;
}

export interface PostOptions {
  token?: string | undefined;
  headers?: Record<string, string>;
  url?: string;
}

export interface Posted {
  status: number;
  text: string;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers, for matchers
  json: any;
}

export type ServiceOptions = Partial<AppOptions> & {
  checks?: readonly ReadinessCheck[];
  batch?: number;
  callsPerMinute?: number;
  tracing?: Tracing;
};

/** A node that knows three reads. */
export const memoryClient = createPublicClient({
  chain: defineChain({
    id: 31_337,
    name: "memory",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  }),
  transport: custom(
    {
      async request({ method }: { method: string }) {
        if (method === "eth_blockNumber") return "0x2a";
        if (method === "eth_getBalance") return "0x64";
        throw Object.assign(new Error("execution reverted"), { code: 3, data: "0x" });
      },
    },
    { retryCount: 0 },
  ),
}) as ReadClient;

export async function startService(options: ServiceOptions = {}): Promise<TestService> {
  const {
    checks = [],
    batch = 100,
    callsPerMinute = 1_000_000,
    tracing = noTracing,
    ...appOptions
  } = options;
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-server-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "tokens.json");
  const add = (token: Partial<NewToken> & { name: string }) =>
    addToken(path, { gates: "*", methods: ["*"], operator: false, ...token });
  const token = await add({ name: "bot" });
  const operatorToken = await add({ name: "alice", operator: true });

  const lines: string[] = [];
  const log = createLogger({ level: "trace" }, { write: (line) => lines.push(line) });
  const metrics = createMetrics({ exposeBudgets: false });
  const agent = createMemoryAgent(joinObservers([metrics.observer, tracing.observer]));
  const rpc = createGateRpc(agent, { clients: new Map([[31_337, memoryClient]]) });
  const handler = createRpcHandler({
    rpc,
    rateLimit: createRateLimit(),
    tracing,
    callsPerMinute,
    batch,
    onCall(outcome) {
      metrics.onCall(outcome);
      log.info(
        { ...outcome, incident: outcome.incident?.id, err: outcome.incident?.error },
        "call",
      );
    },
  });
  const authenticator = await createAuthenticator({ path, onError: (err) => log.error({ err }) });
  const app = createApp({
    authenticator,
    handler,
    readiness: createReadiness(checks, (check, err) => log.warn({ check, err })),
    metrics: () => metrics.registry.metrics(),
    log,
    hosts: ["localhost", "127.0.0.1"],
    bodyBytes: 65_536,
    requestSeconds: 30,
    connections: 64,
    closing: new AbortController().signal,
    ...appOptions,
  });
  onTestFinished(() => app.close());

  const service: TestService = {
    app,
    agent,
    token,
    operatorToken,
    folder,
    lines,
    async addToken(wanted) {
      const added = await add(wanted);
      await authenticator.reload();
      return added;
    },
    async post(body, { token: used = token, headers = {}, url = "/" } = {}) {
      const payload =
        typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
      const authorization = used === "" ? {} : { authorization: `Bearer ${used}` };
      const response = await app.inject({
        method: "POST",
        url,
        headers: { "content-type": "application/json", ...authorization, ...headers },
        payload,
      });
      const { statusCode: status, payload: text } = response;
      const json = text === "" ? undefined : JSON.parse(text);
      return { status, text, json, headers: response.headers };
    },
    call: (method, params = [], callOptions = {}) =>
      service.post({ jsonrpc: "2.0", id: 1, method, params }, callOptions),
  };
  return service;
}

/** An HTTP server on a free port of this machine that ends with the test. */
export async function listenLocally(listener: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(listener as never);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
