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
import { type LaneId, type LaneRecord, startRecord } from "../state/laneStore.ts";
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
  if (onchain.epoch === 0)
    throw new LaneBlockedError({
      reason: "the gate has no such lane: no deployment or rotation named it",
    });
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

/** Records that were handed over, which happens once, and are not in the journal yet. */
const handedOver = new WeakMap<AgentLane, LaneRecord<SignedGateCall>>();

/**
 * Makes the journal's record of a lane's epoch where there is none yet, in the place of the one that was read:
 * whoever slept meanwhile, and lost the lane, replaces nothing.
 *
 * A reorganisation can take a rotation back and bring it again. What was signed in its epoch before is forgotten
 * then; the record of the epoch between stays quiet until that is dead, and hands its quiet on.
 *
 * @throws {LaneConflictError} if another process has written the lane's record meanwhile
 */
async function assureRecord(
  { gate, lane, journal, servedEpoch }: OpenLaneParameters,
  id: LaneId,
  { epoch, mandate, blockNumber }: Epoch,
): Promise<void> {
  await journal.lanes.exclusive(id, async () => {
    const stored = await journal.lanes.read(id);
    if (stored?.epoch === epoch) return;
    const write = (record: LaneRecord<SignedGateCall>) => {
      const quietUntil = latest(record.quietUntil, stored?.quietUntil ?? 0n);
      return journal.lanes.write({ ...record, ...id, quietUntil, version: stored?.version });
    };
    const isNewer = stored === undefined || stored.epoch < epoch;
    const kept = isNewer ? (handedOver.get(lane) ?? (await lane.record?.(epoch))) : undefined;
    if (kept?.epoch === epoch) {
      handedOver.set(lane, kept);
      await write(kept);
      handedOver.delete(lane);
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
    await write(startRecord({ ...record, ...(isFresh && { quietUntil: 0n }) }));
  });
}

const latest = (a: bigint, b: bigint) => (a > b ? a : b);

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
