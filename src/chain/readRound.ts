import type { Address } from "viem";
import { readContract } from "viem/actions";
import { FeedUnusableError } from "../errors/chain.ts";
import { ANSWER_BOUND, aggregatorAbi, ROUND_BOUND } from "./aggregator.ts";
import type { ReadClient } from "./client.ts";

export interface ReadRoundParameters {
  feed: Address;
  /**
   * The block to read at: its number, the latest by default; and its timestamp in unix seconds, which may still be
   * on its way.
   */
  block: { number?: bigint | undefined; timestamp: bigint | Promise<bigint> };
}

export interface ReadRoundReturnType {
  feed: Address;
  /** Chainlink's uint80 */
  round: bigint;
  /** In the feed's decimals, 0 < answer < 2^80 */
  answer: bigint;
  /** unix seconds, 0 < updatedAt ≤ the block's timestamp */
  updatedAt: bigint;
}

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
    ...(block.number !== undefined && { blockNumber: block.number }),
  }).catch((cause) => {
    throw new FeedUnusableError({ feed, reason: "it does not answer", cause });
  });
  if (answer <= 0n || answer >= ANSWER_BOUND) {
    throw new FeedUnusableError({ feed, reason: `its answer ${answer} is not in (0, 2^80)` });
  }
  if (round >= ROUND_BOUND) {
    throw new FeedUnusableError({ feed, reason: `its round ${round} is not below 2^80` });
  }
  const timestamp = await block.timestamp;
  if (updatedAt === 0n || updatedAt > timestamp) {
    const reason = `its round is dated ${updatedAt}, the block ${timestamp}`;
    throw new FeedUnusableError({ feed, reason });
  }
  return { feed, round, answer, updatedAt };
}
