import { type Address, isAddressEqual } from "viem";
import type { ReadClient } from "../../chain/client.ts";
import { RequestRefusedError } from "../../errors/agent.ts";
import type { Agent, ServedGate } from "../agent.ts";
import type { RpcContext } from "../gateRpc.ts";

/** One JSON-RPC call and what it works on. */
export interface RpcCall {
  agent: Agent;
  clients: ReadonlyMap<number, ReadClient>;
  context: RpcContext;
  params: unknown;
}

/** The gates that exist for the caller, on the endpoint's chain. */
export function visibleGates({ agent, context }: Pick<RpcCall, "agent" | "context">): ServedGate[] {
  const { allowedGates, chainId } = context;
  return agent
    .gates()
    .filter(({ name }) => allowedGates === "*" || allowedGates.includes(name))
    .filter((gate) => chainId === undefined || gate.chainId === chainId);
}

/**
 * The gate that an address names, for the caller.
 *
 * @param address the only visible gate unless given
 * @throws {RequestRefusedError} if there is none, or several chains have one
 */
export function gateOf(call: Pick<RpcCall, "agent" | "context">, address?: Address): ServedGate {
  const [gate, other] = visibleGates(call).filter(
    (each) => address === undefined || isAddressEqual(each.gate, address),
  );
  if (gate === undefined) {
    throw new RequestRefusedError({
      reason: "unknown-gate",
      message: "No such gate is served for this caller",
    });
  }
  if (other !== undefined) {
    throw new RequestRefusedError({
      reason: "invalid-request",
      message:
        address === undefined
          ? "`from` must name one of the gates"
          : "The gate is served on several chains: use the endpoint of one",
    });
  }
  return gate;
}

/**
 * The chain that the endpoint speaks for.
 *
 * @throws {RequestRefusedError} if the caller sees gates of several chains, or of none
 */
export function chainOf(call: Pick<RpcCall, "agent" | "context">): number {
  const { chainId } = call.context;
  const chains = new Set(visibleGates(call).map((gate) => gate.chainId));
  if (chainId !== undefined && chains.has(chainId)) return chainId;
  const [only, other] = chains;
  if (chainId === undefined && only !== undefined && other === undefined) return only;
  throw new RequestRefusedError(
    only === undefined
      ? { reason: "unknown-gate", message: "No gate is served for this caller" }
      : {
          reason: "invalid-request",
          message: "Gates on several chains are served: use the endpoint of one",
        },
  );
}

/** The client of a chain; every served chain has one. */
export function clientOf({ clients }: Pick<RpcCall, "clients">, chainId: number): ReadClient {
  const client = clients.get(chainId);
  if (!client) throw new Error(`no client for chain ${chainId}`);
  return client;
}
