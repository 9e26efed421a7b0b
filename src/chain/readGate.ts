import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { ReadClient } from "./client.ts";

export interface ReadGateParameters {
  gate: Address;
  /** The latest block by default. */
  blockNumber?: bigint | undefined;
}

/** A gate's public configuration. */
export interface ReadGateReturnType {
  epoch: number;
  /** seconds */
  maxDelay: number;
  paused: boolean;
  /** Whether actions signed for submitter 0 may be submitted by anyone. */
  openSubmission: boolean;
  /** The zero address = none. */
  riskFeed: Address;
  /** seconds */
  riskMaxAge: number;
  agent: { kind: number; id: Hex };
  guardian: Address;
}

/**
 * Reads a gate's configuration.
 *
 * @example
 * const { epoch, paused } = await readGate(client, { gate });
 */
export function readGate(
  client: ReadClient,
  parameters: ReadGateParameters,
): Promise<ReadGateReturnType> {
  const { gate: address, blockNumber } = parameters;
  return readContract(client, {
    address,
    abi: policyAccountAbi,
    functionName: "config",
    ...(blockNumber !== undefined && { blockNumber }),
  });
}
