import { type Hex, numberToHex } from "viem";
import { getBlockNumber } from "viem/actions";
import { gateEvents } from "../chain/gateEvents.ts";
import { createGateReader } from "../chain/gateReader.ts";
import { readLane } from "../chain/readLane.ts";
import { recoverState } from "../chain/recoverState.ts";
import { LaneBlockedError } from "../errors/agent.ts";
import type { Journal } from "../journal/journal.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { Prover } from "../prover/prover.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { createSigner, type Signer, type SignerOptions } from "../signer/signer.ts";
import { type LaneId, type LaneRecord, replaceRecord, startRecord } from "../state/laneStore.ts";
import { type State, stateCommitment } from "../state/state.ts";
import type { AgentGate, AgentLane, LaneMandate } from "./options.ts";

/** A lane as it stands in its epoch, with the signer that is bound to its mandate. */
export interface OpenLane {
  epoch: number;
  /** Policy commitment, 32 bytes. */
  policy: Hex;
  mandate: LaneMandate;
  signer: Signer;
  /** Overwrites the mandate's secret; the signer cannot be used any more. */
  close(): void;
}

export interface OpenLaneParameters {
  gate: AgentGate;
  lane: AgentLane;
  journal: Journal;
  /** What signs: see `guardedKey`. */
  key: AgentKey;
  prover: Prover;
  maxInFlight: number;
  onStage: NonNullable<SignerOptions["onStage"]>;
  /** Whether the lane is this process's, so that a missing record may be made. */
  isOwned: boolean;
  /** The epoch that this process served before, if it has. */
  servedEpoch?: number | undefined;
}

/**
 * Finds the mandate of the policy that a lane has on-chain, sees to it that the journal has a record of the
 * lane's epoch, and makes its signer.
 *
 * @throws {LaneBlockedError} if the lane or its mandate is missing
 * @throws {UnrecoverableLaneError} if the record cannot be rebuilt from the chain
 */
export async function openLane(parameters: OpenLaneParameters): Promise<OpenLane> {
  const { gate, lane, journal, key, prover, maxInFlight, onStage, isOwned } = parameters;
  const { client, chainId } = gate;
  const id: LaneId = { chainId, gate: gate.gate, lane: lane.lane };
  const blockNumber = await getBlockNumber(client, { cacheTime: 0 });
  const onchain = await readLane(client, { gate: gate.gate, lane: lane.lane, blockNumber });
  if (onchain.epoch === 0) throw new LaneBlockedError({ reason: "no rotation ever named it" });
  const policy = numberToHex(onchain.policy, { size: 32 });
  const found = await lane.mandate(onchain.policy);
  if (found?.committed.commitment !== onchain.policy) {
    throw new LaneBlockedError({ reason: `there is no mandate for its policy ${policy}` });
  }
  const mandate = { ...found, secret: Uint8Array.from(found.secret) };
  if (isOwned) await assureRecord(parameters, id, { epoch: onchain.epoch, mandate, blockNumber });
  const { committed, secret, labels } = mandate;
  return {
    epoch: onchain.epoch,
    policy,
    mandate,
    signer: createSigner({
      ...id,
      committed,
      secret,
      labels,
      key,
      prover,
      maxInFlight,
      onStage,
      reader: createGateReader(client, { gate: gate.gate }),
      store: journal.lanes,
    }),
    close: () => {
      secret.fill(0);
    },
  };
}

interface Epoch {
  epoch: number;
  mandate: LaneMandate;
  blockNumber: bigint;
}

/** Makes the journal's record of a lane's epoch where there is none yet. */
async function assureRecord(
  { gate, lane, journal, servedEpoch }: OpenLaneParameters,
  id: LaneId,
  { epoch, mandate, blockNumber }: Epoch,
): Promise<void> {
  await journal.lanes.exclusive(id, async () => {
    const stored = await journal.lanes.read(id);
    if (stored?.epoch === epoch) return;
    const kept = await lane.record?.(epoch);
    if (kept?.epoch === epoch) {
      await replaceRecord(journal.lanes, { ...kept, ...id });
      return;
    }
    const { committed, secret } = mandate;
    const state = await keptState(gate, id, epoch, blockNumber, [
      mandate.kept,
      ...statesOf(stored),
    ]);
    if (state) await lane.keep?.(committed.commitment, state);
    const { record, transitions } = await recoverState(gate.client, {
      gate: gate.gate,
      lane: id.lane,
      committed,
      secret,
      fromBlock: gate.fromBlock,
      kept: state,
    });
    // Who has served the epoch before, over this journal, knows that nobody has signed in this one.
    const isFresh = transitions.length === 0 && servedEpoch !== undefined && servedEpoch < epoch;
    const start = isFresh ? { ...record, quietUntil: 0n } : record;
    await replaceRecord(journal.lanes, startRecord<SignedGateCall>({ ...start, ...id }));
  });
}

const statesOf = (record: LaneRecord<SignedGateCall> | undefined): State[] =>
  record ? [record.state, ...record.pending.map(({ stateNew }) => stateNew)] : [];

/** The state that the epoch's rotation kept, found among those that are known; undefined if it kept none. */
async function keptState(
  { client, gate, fromBlock }: AgentGate,
  { lane }: LaneId,
  epoch: number,
  toBlock: bigint,
  known: readonly (State | undefined)[],
): Promise<State | undefined> {
  for await (const { eventName, args } of gateEvents(client, { gate, fromBlock, toBlock })) {
    if (eventName !== "LaneRotated" || args.lane !== lane || args.epoch !== epoch) continue;
    if (!args.keptState) return undefined;
    return known.find((state) => state !== undefined && stateCommitment(state) === args.state);
  }
  return undefined;
}
