import {
  type Address,
  ContractFunctionZeroDataError,
  isAddressEqual,
  BaseError as ViemError,
  zeroAddress,
} from "viem";
import { getBlock } from "viem/actions";
import { FeedUnusableError } from "../errors/chain.ts";
import type { GateReader, LanePosition } from "../signer/gateReader.ts";
import type { ReadClient } from "./client.ts";
import { readGate } from "./readGate.ts";
import { type ReadLaneParameters, readLane } from "./readLane.ts";
import { type ReadRoundReturnType, readRound } from "./readRound.ts";

/**
 * How a signer sees a gate through a viem client: everything from one block, and time from that block; what is
 * final likewise from one finalized block, so that a node that lags behind another cannot tell of a later time
 * than of the lane.
 *
 * @example
 * const signer = createSigner({ …, reader: createGateReader(client, { gate }) });
 */
export function createGateReader(client: ReadClient, { gate }: { gate: Address }): GateReader {
  return {
    async snapshot({ lane, priceFeeds }) {
      const [latest, finalized] = await Promise.all([
        getBlock(client),
        getBlock(client, { blockTag: "finalized" }),
      ]);
      const block = { number: latest.number, timestamp: latest.timestamp };
      const at = { gate, blockNumber: latest.number };
      const [config, laneNow, laneFinalized, prices] = await Promise.all([
        readGate(client, at),
        readLane(client, { ...at, lane }),
        readPosition(client, { gate, lane, blockNumber: finalized.number }),
        Promise.all(priceFeeds.map((feed) => readUsableRound(client, feed, block))),
      ]);
      const risk = isAddressEqual(config.riskFeed, zeroAddress)
        ? undefined
        : await readRound(client, { feed: config.riskFeed, block });
      return {
        time: latest.timestamp,
        finalizedTime: finalized.timestamp,
        ...(laneFinalized && { finalized: laneFinalized }),
        epoch: config.epoch,
        paused: config.paused,
        maxDelay: BigInt(config.maxDelay),
        agent: config.agent,
        lane: laneNow,
        ...(risk && { risk: { round: risk.round, answer: risk.answer } }),
        prices: prices.filter((price) => price !== undefined),
      };
    },
  };
}

/** Undefined if the gate did not exist at the block. */
async function readPosition(
  client: ReadClient,
  parameters: Required<ReadLaneParameters>,
): Promise<LanePosition | undefined> {
  try {
    const { epoch, seq, state } = await readLane(client, parameters);
    return { epoch, seq, state };
  } catch (error) {
    const noCode =
      error instanceof ViemError &&
      error.walk((cause) => cause instanceof ContractFunctionZeroDataError) !== null;
    if (noCode) return undefined;
    throw error;
  }
}

/** A price feed that cannot be used costs only the rules that price with it. */
async function readUsableRound(
  client: ReadClient,
  feed: Address,
  block: { number: bigint; timestamp: bigint },
): Promise<ReadRoundReturnType | undefined> {
  return readRound(client, { feed, block }).catch((error: unknown) => {
    if (error instanceof FeedUnusableError) return undefined;
    throw error;
  });
}
