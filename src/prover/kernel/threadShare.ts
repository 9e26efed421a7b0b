import type { Bases, Engine } from "./engine.ts";
import { SCALAR_BYTES } from "./layout.ts";
import type { Share } from "./plan.ts";
import { type Prepared, RunningSums, type SummedList, type Terms, termsOf } from "./sums.ts";
import { loadCachedBases } from "./tables.ts";
import { GROUP_OF, type PointList, type ProverKey } from "./zkeySections.ts";

/** What one thread sums of a key. */
export interface ThreadWork {
  /** Shares of A, B₁, B₂ and C. */
  terms: Terms[];
  /** The points of H, of which it sums some. */
  h: Uint8Array<ArrayBuffer>;
}

/** Cuts a thread's work out of a key. */
export function workOf(key: ProverKey, shares: readonly Share[]): ThreadWork {
  return {
    terms: shares.map(({ list, range }) => termsOf(key, list, range)),
    h: new Uint8Array(key.points.h),
  };
}

/** The memory of a thread's work, to be handed over with it. */
export function memoryOf({ terms, h }: ThreadWork): ArrayBuffer[] {
  return [h, ...terms.flatMap(({ points, positions }) => [points, positions])].map(
    ({ buffer }) => buffer,
  );
}

/** One thread's share of the work on one key, with its tables and running sums. */
export class ThreadShare {
  readonly #engine: Engine;
  readonly #sums: RunningSums;
  readonly #h: Bases;
  /** The numbers of H's points. */
  readonly #all: Uint32Array;
  /** The list of each point that `sums` returns. */
  readonly lists: readonly SummedList[];

  private constructor(engine: Engine, terms: readonly Prepared[], h: Bases) {
    this.#engine = engine;
    this.#sums = new RunningSums(engine, terms);
    this.#h = h;
    this.#all = Uint32Array.from({ length: h.length }, (_, k) => k);
    this.lists = terms.map(({ terms: { list } }) => list);
  }

  /**
   * Prepares the points, with tables from the cache where it has them. The work's points may be dropped
   * afterwards.
   */
  static load(
    engine: Engine,
    { terms, h }: ThreadWork,
    cacheDirectory: string | undefined,
  ): ThreadShare {
    const load = (list: PointList, points: Uint8Array) =>
      loadCachedBases(engine, GROUP_OF[list], points, cacheDirectory);
    const prepared = terms.map(({ points, ...rest }) => ({
      terms: rest,
      bases: load(rest.list, points),
    }));
    return new ThreadShare(engine, prepared, load("h", h));
  }

  /** One point for each of `lists`, after bringing the running sums to the witness. */
  sums(witness: Uint8Array): Uint8Array[] {
    return this.#sums.update(witness);
  }

  /** Milliseconds that the last call of `sums` took for each of `lists`. */
  get ms(): number[] {
    return this.#sums.ms;
  }

  /**
   * A part of H's sum.
   *
   * @param scalars the quotient's, all of them
   */
  h(scalars: Uint8Array, first: number, end: number): Uint8Array {
    const part = scalars.subarray(first * SCALAR_BYTES, end * SCALAR_BYTES);
    return this.#engine.msm(this.#h, part, this.#all.subarray(first, end));
  }

  /** Begins from nothing the next time. */
  forget(): void {
    this.#sums.forget();
  }
}
