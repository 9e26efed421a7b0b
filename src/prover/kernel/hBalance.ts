/** How long a thread took for one proof. Milliseconds. */
export interface ThreadTimes {
  /** From the start until it could begin with H. */
  before: number;
  /** For its share of H. */
  h: number;
}

/** Weight of the newest proof in the averages. */
const NEWEST = 0.25;
/** A share below this part of H is not worth a sum of its own. */
const SLIVER = 0.06;
/** Until something was measured: milliseconds for each point. */
const FIRST_GUESS = 0.004;

/** Splits H among threads so that all end at the same time, by what earlier proofs took. */
export class HBalance {
  readonly #points: number;
  readonly #before: number[];
  #perPoint = FIRST_GUESS;

  constructor(points: number, threads: number) {
    this.#points = points;
    this.#before = Array(threads).fill(0);
  }

  /** How many of H's points each thread takes; in sum all of them. */
  split(): number[] {
    const order = [...this.#before.keys()].sort(
      (a, b) => (this.#before[a] as number) - (this.#before[b] as number),
    );
    // Threads that are late by more than the others need for all of H take none.
    for (let count = order.length; ; count--) {
      const chosen = order.slice(0, count);
      const before = chosen.map((thread) => this.#before[thread] as number);
      const end = (before.reduce((sum, ms) => sum + ms, 0) + this.#points * this.#perPoint) / count;
      const shares = before.map((ms) => (end - ms) / this.#perPoint);
      if (count > 1 && shares.some((share) => share < SLIVER * this.#points)) continue;
      const counts: number[] = Array(order.length).fill(0);
      for (const [k, thread] of chosen.entries()) counts[thread] = Math.floor(shares[k] as number);
      const given = counts.reduce((sum, share) => sum + share, 0);
      const first = chosen[0] as number;
      counts[first] = (counts[first] as number) + this.#points - given;
      return counts;
    }
  }

  /** Takes in what a proof took with the shares of the last `split`. */
  learn(shares: readonly number[], times: readonly ThreadTimes[]): void {
    const mix = (old: number, measured: number) =>
      old === 0 ? measured : old + NEWEST * (measured - old);
    for (const [thread, { before }] of times.entries()) {
      this.#before[thread] = mix(this.#before[thread] as number, before);
    }
    const spent = times.reduce((sum, { h }, thread) => sum + (shares[thread] ? h : 0), 0);
    this.#perPoint = mix(this.#perPoint, spent / this.#points);
  }
}
