/**
 * What became of the transitions that a lane's record knows of.
 *
 * A record holds its last final position (the base) and everything signed after it, in order. The chain's latest
 * block stands at the base or after one of the entries: that is all a reorganisation can change, and it changes
 * only what counts as landed. Final and dead are decided by one finalized block alone, with the lane's position
 * and the time of that block, never by the latest one:
 *
 * 1. An entry that the finalized block has executed is final.
 * 2. An entry that it has not executed, and whose deadline it is past, is dead: the gate refuses in every later
 *    block (`block.timestamp > deadline`), and earlier ones are settled.
 * 3. Everything after a dead entry is dead, whatever its own deadline. An entry's context binds `stateOld`, the
 *    state that its parent leads to, and its digest binds the sequence number; it can land only where the lane has
 *    both, which is after its parent or after another transition of the same sequence number to the same state.
 *    The signer never makes the latter: what takes the place of dead transitions is signed for a later time than
 *    any of them, and whatever follows for no earlier one, so that the times of all transitions ever signed for
 *    one sequence number differ. The time is part of the salt (`actionSalt`) and so of the state: the new state
 *    differs even for the same action and levels. Without that rule the same action at the same time would
 *    lead to the same state, and another deadline, submitter or price would make it another digest: the dead one's
 *    descendants could then land beside those that are signed next. For the same reason dead entries are written
 *    out of a record only together with what takes their place.
 *
 * A node that lags or goes back in time tells of an earlier finalized block. What that one has executed and
 * outlived is true for ever, so it can free a sequence number late, never early.
 */
import type { Hex } from "viem";
import { StaleChainError, StateMismatchError } from "../errors/signer.ts";
import type { LaneRecord, PendingTransition } from "../state/laneStore.ts";
import { type State, stateCommitment } from "../state/state.ts";
import type { GateSnapshot, LanePosition } from "./gateReader.ts";

/** How many final transitions a record remembers; more only if more have become final at once. */
const FINAL_KEPT = 128;

/** A record brought up to the chain, and what became of its transitions. */
export interface Settlement<Released> {
  /** Based on the last final position; without the final and the dead, with the landed and those in flight. */
  record: LaneRecord<Released>;
  /** Executed by a finalized block since the record was written. */
  final: readonly PendingTransition<Released>[];
  /** Executed at the latest block, which may be reorganised. */
  landed: readonly PendingTransition<Released>[];
  /** Neither executed nor dead. */
  inFlight: readonly PendingTransition<Released>[];
  /** Can never land any more. */
  dead: readonly PendingTransition<Released>[];
}

/**
 * Brings a lane's record up to the chain.
 *
 * @throws {StateMismatchError} if the lane stands where no transition of the record leads
 * @throws {StaleChainError} if the snapshot is older than the record, or of blocks that do not belong together
 */
export function settle<Released>(
  record: LaneRecord<Released>,
  snapshot: GateSnapshot,
): Settlement<Released> {
  const { lane, epoch, time, finalizedTime } = snapshot;
  const stale = (reason: string, expected: string, received: string) =>
    new StaleChainError({ lane: record.lane, reason, expected, received });
  if (epoch !== record.epoch || lane.epoch !== record.epoch) throw mismatch(record, lane, epoch);
  if (time < finalizedTime) {
    const reason = "its latest block is before its finalized one";
    throw stale(reason, `at least ${finalizedTime}`, `${time}`);
  }
  if (lane.seq < record.seq) {
    const reason = "a later action was final already";
    throw stale(reason, `sequence number ${record.seq} or later`, `${lane.seq}`);
  }
  const head = depthOf(record, lane);
  // Before the record's base, or its epoch, the finalized block has nothing to tell.
  const { finalized } = snapshot;
  const isTelling = finalized?.epoch === record.epoch && finalized.seq >= record.seq;
  const base = isTelling ? depthOf(record, finalized) : 0;
  const { pending } = record;
  const overdue = isTelling
    ? pending.findIndex(({ deadline }, i) => i >= base && finalizedTime > deadline)
    : -1;
  const alive = overdue < 0 ? pending.length : overdue;
  if (head < base || head > alive) {
    const reason = "its latest and its finalized block do not belong together";
    const until = record.seq + BigInt(alive);
    throw stale(reason, `sequence number ${record.seq + BigInt(base)} to ${until}`, `${lane.seq}`);
  }

  const final = pending.slice(0, base);
  const moved = final.map(({ request, digest }) => ({ request, digest }));
  return {
    record: {
      ...record,
      seq: record.seq + BigInt(base),
      state: final.at(-1)?.stateNew ?? record.state,
      pending: pending.slice(base, alive),
      final: [...record.final, ...moved].slice(-Math.max(FINAL_KEPT, base)),
    },
    final,
    landed: pending.slice(base, head),
    inFlight: pending.slice(head, alive),
    dead: pending.slice(alive),
  };
}

/** The state after everything that a record holds: what the next transition is made for. */
export function predictedState<Released>({ state, pending }: LaneRecord<Released>) {
  return pending.at(-1)?.stateNew ?? state;
}

/** The state that one of a record's transitions finds. */
export function stateBefore<Released>(
  { state, pending }: LaneRecord<Released>,
  digest: Hex,
): State {
  const place = pending.findIndex((transition) => transition.digest === digest);
  return pending[place - 1]?.stateNew ?? state;
}

/** After how many of the record's transitions a lane stands at a position. */
function depthOf<Released>(record: LaneRecord<Released>, position: LanePosition): number {
  const depth = Number(position.seq - record.seq);
  const state = depth === 0 ? record.state : record.pending[depth - 1]?.stateNew;
  if (!state || stateCommitment(state) !== position.state) {
    throw mismatch(record, position, position.epoch);
  }
  return depth;
}

function mismatch<Released>(
  record: LaneRecord<Released>,
  position: LanePosition,
  epoch: number,
): StateMismatchError {
  const { seq, state, pending } = record;
  const known = `epoch ${record.epoch}, seq ${seq} to ${seq + BigInt(pending.length)}`;
  return new StateMismatchError({
    lane: record.lane,
    recorded: `${known}, final state ${stateCommitment(state)}`,
    onchain: `epoch ${epoch}, seq ${position.seq}, state ${position.state}`,
    ...(position.epoch !== epoch && {
      hint: `the rotation to epoch ${epoch} did not name the lane: it is dead until another one does`,
    }),
  });
}
