const MINUTE_MS = 60_000;

/** How often each of many callers may call. */
export interface RateLimit {
  /**
   * Counts calls of a caller.
   *
   * @param calls how many come at once; all of them may go on, or none
   * @param perMinute what the caller may have
   */
  take(caller: string, calls: number, perMinute: number): boolean;
}

/**
 * Token buckets that hold a minute's calls and refill evenly: a caller may spend the minute at once, and
 * over any longer time no more than `perMinute` of each minute.
 *
 * Calls are counted, not HTTP requests, since a batch holds many; that is why no HTTP plugin does it.
 *
 * @param now monotonic milliseconds
 */
export function createRateLimit(now: () => number = () => performance.now()): RateLimit {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    take(caller, calls, perMinute) {
      const at = now();
      const last = buckets.get(caller) ?? { left: perMinute, at };
      const refilled = last.left + ((at - last.at) * perMinute) / MINUTE_MS;
      const left = Math.min(perMinute, refilled);
      const passes = calls <= left;
      buckets.set(caller, { left: passes ? left - calls : left, at });
      return passes;
    },
  };
}
