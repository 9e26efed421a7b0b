import { type Address, isAddressEqual, zeroAddress } from "viem";
import { FeedUnusableError, GateMissingError } from "../errors/chain.ts";
import type { GateReader, GateSnapshot, PriceRound } from "../signer/gateReader.ts";
import type { ReadClient } from "./client.ts";
import { type ReadGateViewReturnType, readGateView } from "./readGateView.ts";
import { type FeedRound, usableRound } from "./usableRound.ts";

/**
 * How a signer sees a gate through a viem client: everything from one block, and time from that block; what is
 * final likewise from one finalized block, so that a node that lags behind another cannot tell of a later time
 * than of the lane. Takes one round trip.
 *
 * @example
 * const signer = createSigner({ …, reader: createGateReader(client, { gate }) });
 */
export function createGateReader(client: ReadClient, { gate }: { gate: Address }): GateReader {
  return {
    async snapshot({ lane, priceFeeds }) {
      const readLatest = () =>
        readGateView(client, { gate, lane, feeds: priceFeeds, blockTag: "latest" });
      const [first, finalized] = await Promise.all([
        readLatest(),
        readGateView(client, { gate, lane, feeds: [], blockTag: "finalized" }),
      ]);
      // A block came between the two where blocks are final at once.
      const latest = first.time < finalized.time ? await readLatest() : first;
      if (!latest.exists) throw new GateMissingError({ gate });
      const { time, config } = latest;
      const risk = riskOf(latest);
      return {
        time,
        finalizedTime: finalized.time,
        ...(finalized.exists && { finalized: finalized.lane }),
        epoch: config.epoch,
        paused: config.paused,
        maxDelay: BigInt(config.maxDelay),
        agent: config.agent,
        lane: latest.lane,
        ...(risk && { risk }),
        prices: priceFeeds.flatMap((feed, i) => priceOf(latest, feed, i) ?? []),
      };
    },
  };
}

/** Undefined if the gate has no risk feed. */
function riskOf({ time, config, risk }: ReadGateViewReturnType): GateSnapshot["risk"] {
  const { riskFeed } = config;
  if (isAddressEqual(riskFeed, zeroAddress)) return undefined;
  const { round, answer } = currentRound(riskFeed, risk, time);
  return { round, answer };
}

/** Undefined if the feed cannot be used, which costs only the rules that price with it. */
function priceOf(
  { time, prices }: ReadGateViewReturnType,
  feed: Address,
  index: number,
): PriceRound | undefined {
  try {
    return currentRound(feed, prices[index], time);
  } catch (error) {
    if (error instanceof FeedUnusableError) return undefined;
    throw error;
  }
}

/** @throws {FeedUnusableError} if there is no answer that a gate would accept */
function currentRound(
  feed: Address,
  read: ReadGateViewReturnType["risk"] | undefined,
  time: bigint,
): FeedRound {
  if (!read?.answers) throw new FeedUnusableError({ feed, reason: "it does not answer" });
  const { round, answer, updatedAt } = read;
  return usableRound({ feed, round, answer, updatedAt }, time);
}
