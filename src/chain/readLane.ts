import type { Address } from "viem";
import { readContract } from "viem/actions";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { ReadClient } from "./client.ts";

export interface ReadLaneParameters {
  gate: Address;
  lane: number;
  /** The latest block by default. */
  blockNumber?: bigint | undefined;
}

/** A lane as the gate stores it; all zero if no rotation ever named it. */
export interface ReadLaneReturnType {
  /** Policy commitment, field element. */
  policy: bigint;
  /** State commitment, field element. */
  state: bigint;
  /** The lane is live while this is the gate's epoch. */
  epoch: number;
  /** Sequence number of the lane's next action. */
  seq: bigint;
  /** unix seconds of the last action, or the eta of the rotation that set the state */
  lastTime: bigint;
}

/** Reads one lane of a gate. */
export function readLane(
  client: ReadClient,
  parameters: ReadLaneParameters,
): Promise<ReadLaneReturnType> {
  const { gate: address, lane, blockNumber } = parameters;
  return readContract(client, {
    address,
    abi: policyAccountAbi,
    functionName: "laneOf",
    args: [lane],
    ...(blockNumber !== undefined && { blockNumber }),
  });
}
