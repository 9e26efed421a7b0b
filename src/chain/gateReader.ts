import {
  type Address,
  ContractFunctionZeroDataError,
  isAddressEqual,
  BaseError as ViemError,
  zeroAddress,
} from "viem";
import { getBlock } from "viem/actions";
import { FeedUnusableError } from "../errors/chain.ts";
import type { GateReader, GateSnapshot, LanePosition } from "../signer/gateReader.ts";
import type { ReadClient } from "./client.ts";
import { type ReadGateReturnType, readGate } from "./readGate.ts";
import { type ReadLaneParameters, type ReadLaneReturnType, readLane } from "./readLane.ts";
import { type ReadRoundParameters, type ReadRoundReturnType, readRound } from "./readRound.ts";

/** What a snapshot leaves behind for the glances after it. */
interface Remembered {
  final: Pick<GateSnapshot, "finalizedTime" | "finalized">;
  riskFeed: Address;
}

/**
 * How a signer sees a gate through a viem client: everything from one block, and time from that block; what is
 * final likewise from one finalized block, so that a node that lags behind another cannot tell of a later time
 * than of the lane.
 *
 * @example
 * const signer = createSigner({ …, reader: createGateReader(client, { gate }) });
 */
export function createGateReader(client: ReadClient, { gate }: { gate: Address }): GateReader {
  const remembered = new Map<number, Remembered>();

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
      const { riskFeed } = config;
      const risk = await readRiskRound(client, riskFeed, block);
      const final = {
        finalizedTime: finalized.timestamp,
        ...(laneFinalized && { finalized: laneFinalized }),
      };
      remembered.set(lane, { final, riskFeed });
      return snapshotOf({ time: latest.timestamp, final, config, lane: laneNow, risk, prices });
    },

    async glance({ lane, priceFeeds }) {
      const known = remembered.get(lane);
      if (!known) return undefined;
      const { final, riskFeed } = known;
      const timestamp = getBlock(client).then((latest) => latest.timestamp);
      const [time, config, laneNow, risk, prices] = await Promise.all([
        timestamp,
        readGate(client, { gate }),
        readLane(client, { gate, lane }),
        readRiskRound(client, riskFeed, { timestamp }),
        Promise.all(priceFeeds.map((feed) => readUsableRound(client, feed, { timestamp }))),
      ]);
      if (!isAddressEqual(config.riskFeed, riskFeed)) return undefined;
      return snapshotOf({ time, final, config, lane: laneNow, risk, prices });
    },
  };
}

function snapshotOf(parts: {
  time: bigint;
  final: Remembered["final"];
  config: ReadGateReturnType;
  lane: ReadLaneReturnType;
  risk: ReadRoundReturnType | undefined;
  prices: readonly (ReadRoundReturnType | undefined)[];
}): GateSnapshot {
  const { time, final, config, lane, risk, prices } = parts;
  return {
    time,
    ...final,
    epoch: config.epoch,
    paused: config.paused,
    maxDelay: BigInt(config.maxDelay),
    agent: config.agent,
    lane,
    ...(risk && { risk: { round: risk.round, answer: risk.answer } }),
    prices: prices.filter((price) => price !== undefined),
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
  block: ReadRoundParameters["block"],
): Promise<ReadRoundReturnType | undefined> {
  return readRound(client, { feed, block }).catch((error: unknown) => {
    if (error instanceof FeedUnusableError) return undefined;
    throw error;
  });
}

async function readRiskRound(
  client: ReadClient,
  feed: Address,
  block: ReadRoundParameters["block"],
): Promise<ReadRoundReturnType | undefined> {
  return isAddressEqual(feed, zeroAddress) ? undefined : readRound(client, { feed, block });
}
