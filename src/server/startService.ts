import { getBlockNumber } from "viem/actions";
import type { Agent } from "../agent/agent.ts";
import { createGateRpc } from "../agent/gateRpc.ts";
import type { ReadClient } from "../chain/client.ts";
import { LanesBlockedError } from "../errors/server.ts";
import type { Journal } from "../journal/journal.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import { createRateLimit } from "./auth/rateLimit.ts";
import type { ServeConfig } from "./config/serveConfig.ts";
import { blockedLanes, createReadiness, type ReadinessCheck } from "./health/readiness.ts";
import { createApp } from "./http/app.ts";
import { type Listener, listenSocket, listenTcp } from "./http/listen.ts";
import { readTls } from "./http/readTls.ts";
import { createRpcHandler } from "./http/rpcHandler.ts";
import { scrape } from "./metrics/scrape.ts";
import type { Observation } from "./observation.ts";

/** How long answers that are under way are waited for when the service ends, milliseconds. */
const GRACE_MS = 10_000;

export interface StartServiceParameters {
  config: ServeConfig;
  /** Closed by whoever made it, after the service. */
  agent: Agent;
  journal: Journal;
  /** A client for each chain that a gate is on. */
  clients: ReadonlyMap<number, ReadClient>;
  observation: Observation;
  /** Whether proofs can be made; throws if not. */
  checkProver: () => Promise<void>;
}

/** A service that listens. */
export interface Service {
  /** URLs and socket paths. */
  addresses: readonly string[];
  /**
   * Reads tokens, certificate and mandates anew.
   *
   * @throws {TokenFileError} if the tokens file cannot be used: nobody is let in until it can
   * @throws what else cannot be used; it stays as it was
   */
  reload(principal: string): Promise<void>;
  /** Takes no more calls, and lets those that wait go with their request's id. */
  close(): Promise<void>;
}

/**
 * Puts the HTTP side on an agent and listens.
 *
 * @throws {TokenFileError} if the tokens file cannot be used
 * @throws {TlsFileError} if the certificate or its key cannot be used
 * @throws {ListenError} if an address is taken
 */
export async function startService(parameters: StartServiceParameters): Promise<Service> {
  const { config, agent, journal, clients, observation, checkProver } = parameters;
  const { log, metrics, tracing, onCall } = observation;
  const { limits, rate, listen, hosts, fees } = config;
  const closing = new AbortController();

  const authenticator = await createAuthenticator({
    path: config.tokens,
    onError: (err) => log.error({ err }, "the tokens file cannot be used: nobody is let in"),
  });
  const readiness = createReadiness(
    [
      { name: "journal", run: () => journal.ping() },
      ...[...clients].map(
        ([chainId, client]): ReadinessCheck => ({
          name: `chain-${chainId}`,
          run: async () => void (await getBlockNumber(client, { cacheTime: 0 })),
        }),
      ),
      { name: "prover", run: checkProver },
      {
        name: "lanes",
        async run() {
          const lanes = await agent.lanes();
          const blocked = blockedLanes(lanes).map(({ gate, lane, problem = "unknown" }) => ({
            lane: `${gate} lane ${lane}`,
            problem,
          }));
          if (blocked.length > 0) throw new LanesBlockedError({ blocked, of: lanes.length });
        },
      },
    ],
    (check, err) => log.warn({ check, err }, "not ready"),
  );
  const reload = async (principal: string) => {
    await authenticator.reload();
    const tls = config.tls && (await readTls(config.tls));
    if (tls) for (const listener of listeners) listener.renew(tls);
    await agent.reload(principal);
    log.info({ principal }, "reloaded");
  };
  const options = {
    authenticator,
    readiness,
    handler: createRpcHandler({
      rpc: createGateRpc({ ...agent, reload }, { clients }),
      rateLimit: createRateLimit(),
      callsPerMinute: rate.callsPerMinute,
      batch: limits.batch,
      onCall,
      tracing,
    }),
    metrics: () => scrape(metrics, { agent, journal, readiness, stuckSeconds: fees.stuckSeconds }),
    log,
    hosts,
    closing: closing.signal,
    ...limits,
  };

  const listeners: Listener[] = [];
  try {
    if (listen.socket !== undefined) {
      listeners.push(await listenSocket(createApp(options), listen.socket));
    }
    if (listen.port !== undefined) {
      const tls = config.tls && (await readTls(config.tls));
      const address = { host: listen.host, port: listen.port, tls: tls !== undefined };
      listeners.push(await listenTcp(createApp({ ...options, tls }), address));
    }
  } catch (error) {
    await Promise.all(listeners.map((listener) => listener.close(0)));
    throw error;
  }

  return {
    addresses: listeners.map(({ address }) => address),
    reload,
    async close() {
      closing.abort();
      await Promise.all(listeners.map((listener) => listener.close(GRACE_MS)));
    },
  };
}
