import type { RequestRecord } from "../journal/request.ts";

/** How far the clocks of processes that share a journal may be apart, in milliseconds. */
const SKEW = 60_000;
/** Requests that are remembered; of others the journal's time of day is asked again. */
const REMEMBERED = 10_000;

/**
 * Tells how long requests have waited, so that none is executed long after it was wanted. A clock that is set
 * forward or back changes nothing for requests that this process has recorded or seen. Of others (after a restart
 * or a takeover) the time of day counts, once; one that is recorded for later than now is not trusted at all.
 */
export interface QueueClock {
  /** This process has just recorded it. */
  recorded(request: Pick<RequestRecord, "id">): void;
  /** @returns seconds; Infinity where it cannot be known */
  waited(request: Pick<RequestRecord, "id" | "createdAt">): number;
  forget(request: Pick<RequestRecord, "id">): void;
}

/**
 * @param monotonic milliseconds of a clock that is never set
 * @param timeOfDay unix milliseconds
 */
export function createQueueClock({
  monotonic = () => performance.now(),
  timeOfDay = () => Date.now(),
} = {}): QueueClock {
  /** When each began to wait, by the monotonic clock. */
  const since = new Map<string, number>();

  function remember(id: string, at: number): number {
    const [oldest] = since.keys();
    if (since.size >= REMEMBERED && oldest !== undefined) since.delete(oldest);
    since.set(id, at);
    return at;
  }

  function firstSight({ id, createdAt }: Pick<RequestRecord, "id" | "createdAt">): number {
    const waited = timeOfDay() - createdAt;
    return remember(
      id,
      waited < -SKEW ? Number.NEGATIVE_INFINITY : monotonic() - Math.max(0, waited),
    );
  }

  return {
    recorded({ id }) {
      remember(id, monotonic());
    },
    waited: (request) => (monotonic() - (since.get(request.id) ?? firstSight(request))) / 1_000,
    forget({ id }) {
      since.delete(id);
    },
  };
}
