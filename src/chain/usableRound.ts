import type { Address } from "viem";
import { FeedUnusableError } from "../errors/chain.ts";

/** Bound of a feed's answer that the gate enforces. */
const ANSWER_BOUND = 1n << 80n;

/** What a feed says of a round. */
export interface FeedRound {
  feed: Address;
  /** Chainlink's uint80 */
  round: bigint;
  /** In the feed's decimals. */
  answer: bigint;
  /** unix seconds */
  updatedAt: bigint;
}

/**
 * @param timestamp of the block that the round was read at, or of the action that names it, unix seconds
 * @returns the round, with 0 < answer < 2^80 and 0 < updatedAt ≤ timestamp
 * @throws {FeedUnusableError} if a gate would not accept it at that block
 */
export function usableRound(read: FeedRound, timestamp: bigint): FeedRound {
  const { feed, round, answer, updatedAt } = read;
  if (answer <= 0n || answer >= ANSWER_BOUND) {
    throw new FeedUnusableError({ feed, reason: `its answer ${answer} is not in (0, 2^80)` });
  }
  if (updatedAt === 0n || updatedAt > timestamp) {
    const reason = `its round ${round} is dated ${updatedAt}, the block or action ${timestamp}`;
    throw new FeedUnusableError({ feed, reason });
  }
  return read;
}
