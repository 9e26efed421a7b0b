import type { ReadClient } from "../chain/client.ts";
import { RpcError } from "../errors/agent.ts";
import type { Agent } from "./agent.ts";
import { rpcCodes } from "./reasons.ts";
import { methods } from "./rpc/methods.ts";
import { isReadMethod, readMethod, readMethods } from "./rpc/reads.ts";
import { rpcErrorOf } from "./rpc/rpcErrors.ts";

/** Who calls, and what they may. */
export interface RpcContext {
  /** A token's name; stands in the journal and in the audit log. */
  principal: string;
  /** Names of gates (`ServedGate.name`); others do not exist for the caller. */
  allowedGates: readonly string[] | "*";
  /** Operators are told why the policy denies, and may pause, resume and reload. */
  isOperator: boolean;
  /** Which chain the endpoint speaks for; needed only where the agent serves several. */
  chainId?: number | undefined;
  /** The same key of the same principal is the same request. */
  idempotencyKey?: string | undefined;
  /** Stops waiting; what was recorded goes on. */
  signal?: AbortSignal | undefined;
}

export interface GateRpcOptions {
  /** For reads, by chain id. */
  clients: ReadonlyMap<number, ReadClient>;
}

/**
 * Answers one JSON-RPC call.
 *
 * @param params as they came, unchecked
 * @returns something that JSON can carry
 * @throws {RpcError} and nothing else
 */
export type GateRpc = (method: string, params: unknown, context: RpcContext) => Promise<unknown>;

/** Every method that is answered, if only with a refusal of its own. */
export const rpcMethods: readonly string[] = [...Object.keys(methods), ...readMethods];

/**
 * Ethereum's JSON-RPC, with gates as its accounts: transactions of theirs are held against the policy,
 * proven and submitted; signing of anything else is refused; reads go to the node.
 *
 * @example
 * const rpc = createGateRpc(agent, { clients: new Map([[client.chain.id, client]]) });
 * await rpc("eth_accounts", [], { principal: "desk", allowedGates: "*", isOperator: false });
 */
export function createGateRpc(agent: Agent, { clients }: GateRpcOptions): GateRpc {
  return async (method, params, context) => {
    try {
      const handle = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (handle) return await handle({ agent, clients, context, params });
      if (isReadMethod(method))
        return await readMethod(method, { agent, clients, context, params });
      throw new RpcError({
        code: rpcCodes.methodNotFound,
        message: "The method does not exist or is not offered",
        data: { reason: "method-not-supported" },
      });
    } catch (error) {
      throw rpcErrorOf(error, context);
    }
  };
}
