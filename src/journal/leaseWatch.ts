/**
 * Tells when somebody else's lease has run out, without any clock that can be set.
 *
 * A lease that is compared with the time of day ends early, and has two owners, when that clock is stepped
 * forward (or back and then right again); it lasts for hours when the clock is stepped back. So nothing is
 * compared with a time of day here. The watcher keeps, by its own monotonic clock, since when it has seen
 * the same term. It saw the term after its owner asked for it, so when the term has stood still for the
 * lease's length, the owner, who counts from before he asked, has counted to its end too. The two clocks
 * need to run equally fast, not to agree.
 *
 * The price: who starts anew waits for one whole lease before he takes a lane that was not given back.
 */
export interface LeaseWatch {
  /**
   * @param term as it stands in the database now
   * @param ttlMs the lease's length
   */
  hasRunOut(lane: string, term: number, ttlMs: number): boolean;
}

/** @param now milliseconds of a clock that never goes back and is never set */
export function createLeaseWatch(now: () => number = () => performance.now()): LeaseWatch {
  const seen = new Map<string, { term: number; since: number }>();
  return {
    hasRunOut(lane, term, ttlMs) {
      const before = seen.get(lane);
      const time = now();
      if (before?.term === term) return time - before.since > ttlMs;
      seen.set(lane, { term, since: time });
      return false;
    },
  };
}
