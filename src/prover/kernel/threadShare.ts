import type { Bases, Engine } from "./engine.ts";
import { SCALAR_BYTES } from "./layout.ts";
import type { Share } from "./plan.ts";
import { RunningSums, type Terms, termsOf } from "./sums.ts";
import { loadCachedBases } from "./tables.ts";
import { GROUP_OF, type PointList, type ProverKey } from "./zkeySections.ts";

/** What one thread sums of a key. */
export interface ThreadWork {
  /** Shares of A, B₁, B₂ and C. */
  terms: Terms[];
  /** The points of H, of which it sums some. */
  h: Uint8Array;
}

/** Cuts a thread's work out of a key. */
export function workOf(key: ProverKey, shares: readonly Share[]): ThreadWork {
  return {
    terms: shares.map(({ list, range }) => termsOf(key, list, range)),
    h: key.points.h.slice(),
  };
}

/** One thread's share of the work on one key, with its tables and running sums. */
export class ThreadShare {
  readonly #engine: Engine;
  readonly #sums: RunningSums;
  readonly #h: Bases;
  /** The list of each point that `sums` returns. */
  readonly lists: readonly PointList[];

  private constructor(engine: Engine, terms: readonly { terms: Terms; bases: Bases }[], h: Bases) {
    this.#engine = engine;
    this.#sums = new RunningSums(engine, terms);
    this.#h = h;
    this.lists = terms.map(({ terms: { list } }) => list);
  }

  /** Prepares the points, with tables from the cache where it has them. */
  static async load(
    engine: Engine,
    { terms, h }: ThreadWork,
    cacheDirectory: string | undefined,
  ): Promise<ThreadShare> {
    const prepared: { terms: Terms; bases: Bases }[] = [];
    for (const each of terms) {
      const bases = await loadCachedBases(engine, GROUP_OF[each.list], each.points, cacheDirectory);
      prepared.push({ terms: each, bases });
    }
    const points = await loadCachedBases(engine, GROUP_OF.h, h, cacheDirectory);
    return new ThreadShare(engine, prepared, points);
  }

  /** One point for each of `lists`, after bringing the running sums to the witness. */
  sums(witness: Uint8Array): Uint8Array[] {
    return this.#sums.update(witness);
  }

  /**
   * A part of H's sum.
   *
   * @param scalars the quotient's, all of them
   */
  h(scalars: Uint8Array, first: number, end: number): Uint8Array {
    const indices = Uint32Array.from({ length: end - first }, (_, k) => first + k);
    const part = scalars.subarray(first * SCALAR_BYTES, end * SCALAR_BYTES);
    return this.#engine.msm(this.#h, part, indices);
  }

  /** Begins from nothing the next time. */
  forget(): void {
    this.#sums.forget();
  }
}
