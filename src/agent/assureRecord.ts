import { gateEvents } from "../chain/gateEvents.ts";
import { type RecoverStateReturnType, recoverState } from "../chain/recoverState.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { type LaneId, type LaneRecord, startRecord } from "../state/laneStore.ts";
import { type State, stateCommitment } from "../state/state.ts";
import type { OpenLaneParameters } from "./openLane.ts";
import type { AgentGate, AgentLane, LaneMandate } from "./options.ts";

/** Where a lane stands on-chain, and what opens it. */
export interface Epoch {
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
export async function assureRecord(
  {
    gate,
    lane,
    journal,
    servedEpoch,
  }: Pick<OpenLaneParameters, "gate" | "lane" | "journal" | "servedEpoch">,
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
    const { record, transitions } = await rebuildRecord(
      gate,
      lane,
      { epoch, mandate, blockNumber },
      stored,
    );
    // Who has served the epoch before, over this journal, knows that nobody has signed in this one.
    const isFresh = transitions.length === 0 && servedEpoch !== undefined && servedEpoch < epoch;
    await write(startRecord({ ...record, ...(isFresh && { quietUntil: 0n }) }));
  });
}

/**
 * A lane's record from the chain's events, with the state that its rotation kept, if it kept one.
 *
 * @param stored what is known of the lane from before
 * @throws {UnrecoverableLaneError} if the events do not open with the mandate
 */
export async function rebuildRecord(
  gate: AgentGate,
  lane: AgentLane,
  { epoch, mandate, blockNumber }: Epoch,
  stored: LaneRecord<SignedGateCall> | undefined,
): Promise<RecoverStateReturnType> {
  const { committed, secret } = mandate;
  const id: LaneId = { chainId: gate.chainId, gate: gate.gate, lane: lane.lane };
  const known = [mandate.kept, ...statesOf(stored)];
  const state = await keptState(gate, id, epoch, blockNumber, known);
  if (state) await lane.keep?.(committed.commitment, state);
  return recoverState(gate.client, {
    gate: gate.gate,
    lane: lane.lane,
    committed,
    secret,
    fromBlock: gate.fromBlock,
    kept: state,
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
