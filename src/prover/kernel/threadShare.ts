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
  /** A share of H: points for the scalars from `first` on. */
  h: { points: Uint8Array; first: number } | undefined;
}

/** Cuts a thread's work out of a key. */
export function workOf(key: ProverKey, shares: readonly Share[]): ThreadWork {
  const work: ThreadWork = { terms: [], h: undefined };
  for (const { list, range } of shares) {
    if (list === "h") {
      const [first, end] = range.map((part) => Math.round(part * key.domainSize)) as [
        number,
        number,
      ];
      const size = key.points.h.length / key.domainSize;
      work.h = { points: key.points.h.slice(first * size, end * size), first };
    } else work.terms.push(termsOf(key, list, range));
  }
  return work;
}

/** One thread's share of the work on one key, with its tables and running sums. */
export class ThreadShare {
  readonly #engine: Engine;
  readonly #sums: RunningSums;
  readonly #h: { bases: Bases; first: number } | undefined;
  /** The list of each point that `sums` returns. */
  readonly lists: readonly PointList[];

  private constructor(
    engine: Engine,
    terms: readonly { terms: Terms; bases: Bases }[],
    h: { bases: Bases; first: number } | undefined,
  ) {
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
    const share = h && {
      bases: await loadCachedBases(engine, GROUP_OF.h, h.points, cacheDirectory),
      first: h.first,
    };
    return new ThreadShare(engine, prepared, share);
  }

  /** One point for each of `lists`, after bringing the running sums to the witness. */
  sums(witness: Uint8Array): Uint8Array[] {
    return this.#sums.update(witness);
  }

  /** The share of H's sum; none if the thread has no share. */
  h(scalars: Uint8Array): Uint8Array[] {
    if (this.#h === undefined) return [];
    const { bases, first } = this.#h;
    const part = scalars.subarray(first * SCALAR_BYTES, (first + bases.length) * SCALAR_BYTES);
    return [this.#engine.msm(bases, part)];
  }

  /** Begins from nothing the next time. */
  forget(): void {
    this.#sums.forget();
  }
}
