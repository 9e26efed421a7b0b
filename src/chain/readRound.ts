import type { Address } from "viem";
import { readContract } from "viem/actions";
import { FeedUnusableError } from "../errors/chain.ts";
import { aggregatorAbi } from "./aggregator.ts";
import type { ReadClient } from "./client.ts";
import { type FeedRound, usableRound } from "./usableRound.ts";

export interface ReadRoundParameters {
  feed: Address;
  /** The block to read at: its number, and its timestamp in unix seconds. */
  block: { number: bigint; timestamp: bigint };
}

/** Within the bounds that the gate enforces at that block. */
export type ReadRoundReturnType = FeedRound;

/**
 * Reads the round of a feed that is current at a block. Time is the block's, never this machine's.
 *
 * @throws {FeedUnusableError} if there is no answer that a gate would accept
 */
export async function readRound(
  client: ReadClient,
  parameters: ReadRoundParameters,
): Promise<ReadRoundReturnType> {
  const { feed, block } = parameters;
  const [round, answer, , updatedAt] = await readContract(client, {
    address: feed,
    abi: aggregatorAbi,
    functionName: "latestRoundData",
    blockNumber: block.number,
  }).catch((cause) => {
    throw new FeedUnusableError({ feed, reason: "it does not answer", cause });
  });
  return usableRound({ feed, round, answer, updatedAt }, block.timestamp);
}
