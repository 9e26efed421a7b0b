import { StateMismatchError } from "../errors/signer.ts";
import type { LaneRecord } from "../state/laneStore.ts";
import { stateCommitment } from "../state/state.ts";
import type { GateSnapshot } from "./gateReader.ts";

/**
 * Brings a lane's record up to the chain: the pending transition may have landed.
 *
 * @throws {StateMismatchError} if the lane stands neither where the record does nor one transition on
 */
export function reconcile<Released>(
  record: LaneRecord<Released>,
  { epoch, lane }: GateSnapshot,
): LaneRecord<Released> {
  if (record.epoch === epoch) {
    if (lane.seq === record.seq && lane.state === stateCommitment(record.state)) return record;
    const { pending } = record;
    if (
      pending &&
      lane.seq === record.seq + 1n &&
      lane.state === stateCommitment(pending.stateNew)
    ) {
      return { ...record, seq: lane.seq, state: pending.stateNew, pending: undefined };
    }
  }
  throw new StateMismatchError({
    lane: record.lane,
    recorded: `epoch ${record.epoch}, seq ${record.seq}, state ${stateCommitment(record.state)}`,
    onchain: `epoch ${epoch}, seq ${lane.seq}, state ${lane.state}`,
  });
}
