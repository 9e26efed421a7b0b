import { type CustomTransport, custom } from "viem";
import type { ReadClient } from "../chain/client.ts";
import type { RpcError } from "../errors/agent.ts";
import type { Agent } from "./agent.ts";
import { createGateRpc, type RpcContext } from "./gateRpc.ts";

/**
 * A viem transport onto an agent in this process: wallet clients send from gates as from any account.
 *
 * @param agent serves the gates; it is closed by whoever made it
 * @param client answers reads, on the gates' chain
 * @param context who calls; everything is allowed unless told
 *
 * @example
 * const wallet = createWalletClient({
 *   account: gate,
 *   chain: client.chain,
 *   transport: agentTransport(agent, client),
 * });
 * const hash = await wallet.sendTransaction({ to, value: 1n });
 */
export function agentTransport(
  agent: Agent,
  client: ReadClient,
  context: Partial<RpcContext> = {},
): CustomTransport {
  const chainId = client.chain.id;
  const rpc = createGateRpc(agent, { clients: new Map([[chainId, client]]) });
  const caller = { principal: "local", allowedGates: "*", isOperator: true, chainId } as const;
  return custom(
    {
      async request({ method, params }: { method: string; params?: unknown }) {
        return rpc(method, params ?? [], { ...caller, ...context }).catch((error: RpcError) => {
          // As a node's answer looks: viem maps the code and keeps the data.
          throw Object.assign(new Error(error.shortMessage, { cause: error }), {
            code: error.code,
            data: error.data,
          });
        });
      },
    },
    // The request is recorded: asking again would ask for a second one.
    { retryCount: 0 },
  );
}
