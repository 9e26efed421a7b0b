import type { GateSnapshot } from "./gateReader.ts";
import type { Settlement } from "./settle.ts";

/**
 * How many transitions a record holds at most. Landed ones stay until they are final, a quarter of an hour on
 * mainnet, and count for nothing else.
 */
export const MAX_PENDING = 256;

/**
 * Until when nothing new may be signed for a lane.
 *
 * @param maxInFlight how many transitions may be in flight at a time
 * @returns unix seconds: free at the latest when a finalized block is past it; undefined = free now
 */
export function busyUntil<Released>(
  { record, inFlight }: Settlement<Released>,
  { time, finalizedTime }: Pick<GateSnapshot, "time" | "finalizedTime">,
  maxInFlight: number,
): bigint | undefined {
  if (finalizedTime <= record.quietUntil) return record.quietUntil;
  // What cannot land in the next block will die, and whatever is signed on top of it.
  const overdue = inFlight.find(({ deadline }) => time > deadline);
  if (overdue) return overdue.deadline;
  if (inFlight.length >= maxInFlight) return inFlight[0]?.deadline;
  // When a finalized block is past it, the oldest is final or dead.
  if (record.pending.length >= MAX_PENDING) return record.pending[0]?.deadline;
  return undefined;
}
