import type { Address } from "viem";
import { readContract } from "viem/actions";
import { FeedUnusableError } from "../errors/chain.ts";
import { ANSWER_BOUND, aggregatorAbi } from "./aggregator.ts";
import type { ReadClient } from "./client.ts";
import type { ReadRoundReturnType } from "./readRound.ts";

/** Chainlink's proxies number rounds by phase in the bits from here on. */
const PHASE_SHIFT = 64n;

export interface ReadRoundAtParameters {
  feed: Address;
  /** Chainlink's uint80 */
  round: bigint;
  /** unix seconds */
  time: bigint;
}

export interface ReadRoundAtReturnType extends ReadRoundReturnType {
  /** Of the same round or of a later one; unchecked. */
  latestAnswer: bigint;
}

/**
 * Reads a round of a feed as a gate does for an action that names it (docs/PROTOCOL.md §8).
 *
 * @throws {FeedUnusableError} if the gate would refuse the round: it was not current at the time, or its answer is
 * out of bounds
 */
export async function readRoundAt(
  client: ReadClient,
  { feed, round, time }: ReadRoundAtParameters,
): Promise<ReadRoundAtReturnType> {
  const unusable = (reason: string, cause?: unknown) =>
    new FeedUnusableError({ feed, reason, cause });
  const contract = { address: feed, abi: aggregatorAbi } as const;
  const read = async (id: bigint) => {
    const [returned, answer, , updatedAt] = await readContract(client, {
      ...contract,
      functionName: "getRoundData",
      args: [id],
    }).catch((cause) => {
      throw unusable(`it does not answer for round ${id}`, cause);
    });
    if (returned !== id) throw unusable(`it answers for round ${returned} instead of ${id}`);
    return { answer, updatedAt };
  };
  const [latest, latestAnswer, , latestUpdatedAt] = await readContract(client, {
    ...contract,
    functionName: "latestRoundData",
  }).catch((cause) => {
    throw unusable("it does not answer", cause);
  });
  let [answer, updatedAt] = [latestAnswer, latestUpdatedAt];
  if (round !== latest) {
    if (round > latest || round >> PHASE_SHIFT !== latest >> PHASE_SHIFT) {
      throw unusable(`round ${round} is not current beside ${latest}`);
    }
    const [named, next] = await Promise.all([read(round), read(round + 1n)]);
    if (next.updatedAt <= time) throw unusable(`round ${round} was replaced at ${next.updatedAt}`);
    ({ answer, updatedAt } = named);
  }
  if (updatedAt === 0n || updatedAt > time) {
    throw unusable(`round ${round} is dated ${updatedAt}, the action ${time}`);
  }
  if (answer <= 0n || answer >= ANSWER_BOUND) {
    throw unusable(`its answer ${answer} is not in (0, 2^80)`);
  }
  return { feed, round, answer, updatedAt, latestAnswer };
}
