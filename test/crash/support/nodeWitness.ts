import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Hex, keccak256, numberToHex } from "viem";
import type { LocalNode } from "../../cli/node.ts";
import { FINALITY } from "./chainKeeper.ts";

/** What a node answers with instead of passing a call on. What it throws with a code is an error of JSON-RPC. */
export type Interceptor = (
  method: string,
  params: readonly unknown[],
  pass: () => Promise<unknown>,
) => Promise<unknown>;

/**
 * A node between the service and the chain. It keeps a copy of every transaction that the service lets out,
 * passed on or not, and it can fail as nodes do. Blocks are final only some blocks later, where the local
 * chain would call each final at once.
 */
export interface NodeWitness {
  rpcUrl: string;
  /** Every raw transaction that ever came in, by its hash. */
  sent: ReadonlyMap<Hex, Hex>;
  /** How many calls came in. */
  calls(): number;
  /** Puts something between the service and the chain; nothing unless given. */
  intercept(next?: Interceptor): void;
  close(): Promise<void>;
}

/** Thrown by an interceptor: the connection ends without an answer. */
export class NoAnswer extends Error {}

interface RpcBody {
  jsonrpc: "2.0";
  id: number;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

const passOn: Interceptor = (_method, _params, pass) => pass();

export async function startNodeWitness({ rpcUrl }: LocalNode): Promise<NodeWitness> {
  const sent = new Map<Hex, Hex>();
  let intercept = passOn;
  let calls = 0;

  async function ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const response = await fetch(rpcUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as RpcBody;
    if (error) throw Object.assign(new Error(error.message), error);
    return result;
  }

  async function pass(method: string, params: readonly unknown[]): Promise<unknown> {
    if (!params.includes("finalized")) return ask(method, params);
    const latest = Number(await ask("eth_blockNumber", []));
    const final = numberToHex(Math.max(0, latest - FINALITY));
    return ask(
      method,
      params.map((param) => (param === "finalized" ? final : param)),
    );
  }

  async function answer(method: string, params: readonly unknown[]): Promise<unknown> {
    calls += 1;
    if (method === "eth_sendRawTransaction") {
      const raw = params[0] as Hex;
      sent.set(keccak256(raw), raw);
    }
    return intercept(method, params, () => pass(method, params));
  }

  const server = createServer(async (request, response) => {
    const call = JSON.parse(Buffer.concat(await request.toArray()).toString());
    const { id, method, params = [] } = call;
    try {
      const result = await answer(method, params);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
    } catch (error) {
      if (error instanceof NoAnswer) {
        request.socket.destroy();
        return;
      }
      const { code = -32_603, message, data } = error as RpcBody["error"] & object;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code, message, data } }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    sent,
    calls: () => calls,
    intercept(next = passOn) {
      intercept = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
