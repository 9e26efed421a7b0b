/**
 * Sums of a key's points with a witness, kept from proof to proof.
 *
 * `Σ wᵢ·Pᵢ` is linear in w, and consecutive witnesses of one signer agree on most wires: the policy and
 * its hashes stay. So the last sum is kept and `Σ (wᵢ − w′ᵢ)·Pᵢ` added, over the wires that changed. A
 * point at infinity contributes nothing and is left out from the start.
 */
import type { Bases, Engine } from "./engine.ts";
import type { RescaledList } from "./groth16.ts";
import { isZero, POINT_BYTES, SCALAR_BYTES } from "./layout.ts";
import { nonZeroIndices, subtract } from "./scalars.ts";
import { GROUP_OF, type ProverKey } from "./zkeySections.ts";

const SCALAR_WORDS = SCALAR_BYTES / 4;

/** The position of a wire that is not among the terms. */
const NONE = -1;

/** What is summed with the witness. */
export type SummedList = Exclude<RescaledList, "h">;

/** Points of a list that are summed with a witness. */
export interface Terms {
  list: SummedList;
  /** Finite points. */
  points: Uint8Array<ArrayBuffer>;
  /** For each wire of the circuit where its point stands in `points`, or `NONE`. Ascending. */
  positions: Int32Array<ArrayBuffer>;
}

/**
 * The finite points of a list, or a share of them, for the sum with a witness.
 *
 * @param range share of the list's finite points: `[0, 1]` is all of them
 */
export function termsOf(
  key: Pick<ProverKey, "points" | "publicSignals" | "wires">,
  list: SummedList,
  range: readonly [from: number, to: number] = [0, 1],
): Terms {
  const all = key.points[list];
  const size = POINT_BYTES[GROUP_OF[list]];
  const firstWire = list === "c" ? key.publicSignals + 1 : 0;
  const finite: number[] = [];
  for (let k = 0; k < all.length / size; k++) {
    if (!isZero(all.subarray(k * size, (k + 1) * size))) finite.push(k);
  }
  const [from, to] = range.map((share) => Math.round(share * finite.length)) as [number, number];
  const chosen = finite.slice(from, to);
  const points = new Uint8Array(chosen.length * size);
  const positions = new Int32Array(key.wires).fill(NONE);
  chosen.forEach((k, position) => {
    points.set(all.subarray(k * size, (k + 1) * size), position * size);
    positions[firstWire + k] = position;
  });
  return { list, points, positions };
}

/** Terms, and bases prepared from their points. */
export interface Prepared {
  terms: Omit<Terms, "points">;
  bases: Bases;
}

interface Running extends Prepared {
  sum: Uint8Array;
  /** Milliseconds that the last update of the sum took. */
  ms: number;
}

/** The sums of some lists of one key with the last witness. Secret. */
export class RunningSums {
  readonly #engine: Engine;
  readonly #running: Running[];
  /** The witness that the sums are of; undefined when nothing is known. */
  #last: Uint8Array | undefined;
  /** Room that is used again for each witness, so that proofs leave no garbage; zeros in between. */
  #differences = new Uint8Array();
  readonly #scalars: Uint32Array;
  readonly #indices: Uint32Array;

  constructor(engine: Engine, terms: readonly Prepared[]) {
    this.#engine = engine;
    this.#running = terms.map(({ terms, bases }) => ({
      terms,
      bases,
      sum: new Uint8Array(POINT_BYTES[bases.group]),
      ms: 0,
    }));
    const longest = Math.max(0, ...terms.map(({ bases }) => bases.length));
    this.#scalars = new Uint32Array(longest * SCALAR_WORDS);
    this.#indices = new Uint32Array(longest);
  }

  /** Milliseconds that the last update took for each of the constructor's terms. */
  get ms(): number[] {
    return this.#running.map(({ ms }) => ms);
  }

  /**
   * Brings the sums to a witness.
   *
   * If anything goes wrong on the way everything is forgotten, and the next call begins from nothing.
   *
   * @param witness 32 bytes for each wire, reduced
   * @returns one affine point for each of the constructor's terms; copies
   */
  update(witness: Uint8Array): Uint8Array[] {
    const before = this.#last;
    this.#last = undefined;
    try {
      if (before === undefined || before.length !== witness.length) this.#recompute(witness);
      else this.#addChanges(before, witness);
    } catch (error) {
      before?.fill(0);
      this.forget();
      throw error;
    }
    if (before?.length === witness.length) {
      before.set(witness);
      this.#last = before;
    } else {
      before?.fill(0);
      this.#last = witness.slice();
    }
    return this.#running.map(({ sum }) => sum.slice());
  }

  /** Wipes the sums and the witness; the next `update` begins from nothing. */
  forget(): void {
    this.#last?.fill(0);
    this.#last = undefined;
    this.#differences.fill(0);
    this.#scalars.fill(0);
    for (const { sum } of this.#running) sum.fill(0);
  }

  #recompute(witness: Uint8Array): void {
    const wires = nonZeroIndices(witness);
    for (const running of this.#running) running.sum = this.#multiply(running, witness, wires);
  }

  #addChanges(before: Uint8Array, witness: Uint8Array): void {
    if (this.#differences.length !== witness.length) {
      this.#differences = new Uint8Array(witness.length);
    }
    const differences = this.#differences;
    subtract(witness, before, differences);
    const wires = nonZeroIndices(differences);
    // A difference is as long as the field even where both values are short.
    if (2 * wires.length > nonZeroIndices(witness).length) this.#recompute(witness);
    else {
      for (const running of this.#running) {
        const change = this.#multiply(running, differences, wires);
        running.sum = this.#engine.add(running.bases.group, running.sum, change);
        change.fill(0);
      }
    }
    differences.fill(0);
  }

  /** `Σ scalar(wire)·point` over the terms among some wires. */
  #multiply(running: Running, scalars: Uint8Array, wires: Uint32Array): Uint8Array {
    const start = performance.now();
    const {
      terms: { positions },
      bases,
    } = running;
    const words = new Uint32Array(scalars.buffer, scalars.byteOffset, scalars.length / 4);
    const [selected, indices] = [this.#scalars, this.#indices];
    let count = 0;
    for (const wire of wires) {
      const position = positions[wire] as number;
      if (position === NONE) continue;
      const [from, to] = [wire * SCALAR_WORDS, count * SCALAR_WORDS];
      for (let k = 0; k < SCALAR_WORDS; k++) selected[to + k] = words[from + k] as number;
      indices[count++] = position;
    }
    let sum: Uint8Array = new Uint8Array(POINT_BYTES[bases.group]);
    if (count > 0) {
      const used = new Uint8Array(selected.buffer, 0, count * SCALAR_BYTES);
      sum = this.#engine.msm(bases, used, indices.subarray(0, count));
      used.fill(0);
    }
    running.ms = performance.now() - start;
    return sum;
  }
}
