import type { Bases, Engine, Group, Matrices, TableReader } from "./engine.ts";
import { POINT_BYTES } from "./layout.ts";

/** What the table of one point takes at most: 20 windows of 13 bits, each a packed point. */
const TABLE_BYTES: Readonly<Record<Group, number>> = { g1: 20 * 80, g2: 20 * 160 };

interface Placed extends Bases {
  readonly engine: Engine;
  readonly bases: Bases;
}

/**
 * An engine whose tables stay below a memory cap: bases past it are summed by another engine, which has
 * no tables. Everything else is the first engine's.
 */
export class CappedEngine implements Engine {
  readonly name: string;
  readonly #fast: Engine;
  readonly #createSlow: () => Engine;
  #slow: Engine | undefined;
  #bytesLeft: number;

  /**
   * @param createSlow called when there are bases past the cap, once
   * @param tableBytes memory that the fast engine's tables may take
   */
  constructor(fast: Engine, createSlow: () => Engine, tableBytes: number) {
    this.name = fast.name;
    this.#fast = fast;
    this.#createSlow = createSlow;
    this.#bytesLeft = tableBytes;
  }

  loadBases(group: Group, points: Uint8Array, readTable?: TableReader): Placed {
    const length = points.length / POINT_BYTES[group];
    const bytes = length * TABLE_BYTES[group];
    const fits = bytes <= this.#bytesLeft;
    if (!fits) this.#slow ??= this.#createSlow();
    const engine = fits ? this.#fast : (this.#slow as Engine);
    const bases = engine.loadBases(group, points, readTable);
    if (fits) this.#bytesLeft -= bytes;
    return { group, length, engine, bases };
  }

  exportTable(bases: Bases): Uint8Array | undefined {
    const placed = bases as Placed;
    return placed.engine.exportTable(placed.bases);
  }

  msm(bases: Bases, scalars: Uint8Array, indices?: Uint32Array): Uint8Array {
    const placed = bases as Placed;
    return placed.engine.msm(placed.bases, scalars, indices);
  }

  add(group: Group, a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#fast.add(group, a, b);
  }

  negate(group: Group, a: Uint8Array): Uint8Array {
    return this.#fast.negate(group, a);
  }

  multiply(group: Group, point: Uint8Array, scalar: Uint8Array): Uint8Array {
    return this.#fast.multiply(group, point, scalar);
  }

  loadMatrices(coefficients: Uint8Array, domainSize: number): Matrices {
    return this.#fast.loadMatrices(coefficients, domainSize);
  }

  evaluate(matrices: Matrices, witness: Uint8Array): { a: Uint8Array; b: Uint8Array } {
    return this.#fast.evaluate(matrices, witness);
  }

  quotient(a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#fast.quotient(a, b);
  }

  quotientOf(matrices: Matrices, witness: Uint8Array, h: Uint8Array, evaluated?: () => void): void {
    this.#fast.quotientOf(matrices, witness, h, evaluated);
  }

  forget(matrices: Matrices): void {
    this.#fast.forget(matrices);
  }

  wipe(): void {
    this.#fast.wipe();
    this.#slow?.wipe();
  }
}
