import type { Ownership } from "../journal/journal.ts";
import type { LaneId } from "../state/laneStore.ts";

/** Whether this process works on a lane, renewed as long as it runs. */
export interface Lease {
  /** By this process's monotonic clock, from before the last claim was asked for: never later than the database's. */
  isHeld(): boolean;
  /** Claims at once, and then three times per length of the lease. */
  start(): void;
  /** Gives the lane back. */
  stop(): Promise<void>;
}

/**
 * Keeps claiming a lane for `owner`.
 *
 * @param options.ttlMs how long a claim is good for
 * @param options.onChange told when the lane was won, or lost
 * @param options.onClaim told after each claim what kept the journal from answering, if anything did
 */
export function createLease(
  ownership: Ownership,
  options: {
    lane: LaneId;
    owner: string;
    ttlMs: number;
    onChange(): void;
    onClaim(error: unknown): void;
  },
): Lease {
  const { lane, owner, ttlMs, onChange, onClaim } = options;
  let heldUntil = Number.NEGATIVE_INFINITY;
  let told = false;
  let timer: NodeJS.Timeout | undefined;
  let claiming: Promise<void> | undefined;
  const isHeld = () => performance.now() < heldUntil;

  async function claim(): Promise<void> {
    const asked = performance.now();
    try {
      const isOurs = await ownership.claim(lane, owner, ttlMs);
      heldUntil = isOurs ? asked + ttlMs : Number.NEGATIVE_INFINITY;
      onClaim(undefined);
    } catch (error) {
      // What was claimed before is still good for its time.
      onClaim(error);
    }
    if (isHeld() === told) return;
    told = !told;
    onChange();
  }

  /** One claim at a time: a database that hangs is not asked in heaps. */
  function claimAgain(): void {
    claiming ??= claim().finally(() => {
      claiming = undefined;
    });
  }

  return {
    isHeld,
    start() {
      claimAgain();
      timer = setInterval(claimAgain, ttlMs / 3);
    },
    async stop() {
      clearInterval(timer);
      await claiming;
      const wasHeld = isHeld();
      heldUntil = Number.NEGATIVE_INFINITY;
      // A lease that cannot be given back runs out.
      if (wasHeld) await ownership.release(lane, owner).catch(onClaim);
    },
  };
}
