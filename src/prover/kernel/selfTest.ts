/**
 * Known answers of the engine, computed with other code, before a secret enters it.
 *
 * A machine without fused multiply-add, for one, would give the kernel wrong results without an error.
 */
import { FIELD_ORDER, mod } from "../../field/field.ts";
import type { Engine, Group } from "./engine.ts";
import { knownAnswers } from "./knownAnswers.ts";
import { isZero, readInteger, SCALAR_BYTES, scalarBytes } from "./layout.ts";

const BASES = 48;
const ROWS = 16;

/** Scalars of every kind: short, long, next to the ends; the same ones each time. */
function scalars(count: number): bigint[] {
  const edges = [0n, 1n, 2n, FIELD_ORDER - 1n, FIELD_ORDER / 2n, 1n << 253n];
  let value = 5n;
  return Array.from({ length: count }, (_, k) => {
    value = mod(value * value + 7n);
    return edges[k] ?? value;
  });
}

const rows = scalars(2 * ROWS);

/** What the engine is asked; the answers are in `knownAnswers.ts`. */
export const questions = {
  /** The points of each group as multiples of its generator: equal, opposite and infinite ones among them. */
  factors: [1n, 3n, 3n, -3n, 0n, 36n, (1n << 200n) + 7n, -12_345n],
  /** Summed with these weights, one for each base; the points are used as bases in turn, again and again. */
  weights: scalars(BASES),
  /** Bases of the sum of some of them. */
  some: Array.from({ length: BASES }, (_, k) => k).filter((k) => k % 3 === 1),
  /** The generator is multiplied by it. */
  multiplier: FIELD_ORDER - 12_345n,
  /** Values of A and B on a domain. */
  a: rows.slice(0, ROWS),
  b: rows.slice(ROWS).reverse(),
};

/** Points and scalars as they lie in a key, hex. */
export interface PointAnswers {
  /** `questions.factors` times the generator. */
  points: readonly string[];
  sumOfAll: string;
  sumOfSome: string;
  /** The multiple of the generator, then that plus the generator, then that doubled. */
  product: string;
  successor: string;
  double: string;
}

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

function expectKnown(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`wrong result in the self-test: ${what}`);
}

function expectBytes(bytes: Uint8Array, hex: string, what: string): void {
  expectKnown(Buffer.from(bytes).equals(Buffer.from(hex, "hex")), what);
}

/** Sums of all bases and of some. */
function testSums(engine: Engine, group: Group): void {
  const { points, sumOfAll, sumOfSome } = knownAnswers[group];
  const { weights, some } = questions;
  const bases = engine.loadBases(
    group,
    concat(weights.map((_, k) => bytesOf(points[k % points.length] as string))),
  );
  const weightOf = (k: number) => scalarBytes(weights[k] as bigint);
  expectBytes(engine.msm(bases, concat(weights.map(scalarBytes))), sumOfAll, `${group} sum`);
  const partial = engine.msm(bases, concat(some.map(weightOf)), Uint32Array.from(some));
  expectBytes(partial, sumOfSome, `${group} sum of some points`);
}

function testPoints(engine: Engine, group: Group): void {
  const { points, product, successor, double } = knownAnswers[group];
  const generator = bytesOf(points[0] as string);
  const multiple = engine.multiply(group, generator, scalarBytes(questions.multiplier));
  expectBytes(multiple, product, `${group} multiple`);
  expectBytes(engine.add(group, multiple, generator), successor, `${group} addition`);
  expectBytes(engine.add(group, multiple, multiple), double, `${group} doubling`);
  const nothing = engine.add(group, multiple, engine.negate(group, multiple));
  expectKnown(isZero(nothing), `${group} opposite`);
}

function testQuotient(engine: Engine): void {
  const [a, b] = [questions.a, questions.b].map((values) => concat(values.map(scalarBytes)));
  const quotient = engine.quotient(a as Uint8Array, b as Uint8Array);
  expectBytes(quotient, knownAnswers.quotient, "quotient");
}

/** The products of two small matrices with a witness. */
function testMatrices(engine: Engine): void {
  const witness = [1n, 7n, FIELD_ORDER - 2n, 1n << 200n];
  const entries = [
    { matrix: 0, row: 0, wire: 1, value: 3n },
    { matrix: 0, row: 0, wire: 2, value: FIELD_ORDER - 1n },
    { matrix: 1, row: 0, wire: 3, value: 5n },
    { matrix: 1, row: 1, wire: 2, value: 1n << 190n },
    { matrix: 0, row: 3, wire: 0, value: 9n },
  ];
  const section = new Uint8Array(4 + entries.length * (12 + SCALAR_BYTES));
  const view = new DataView(section.buffer);
  view.setUint32(0, entries.length, true);
  const products = [Array(4).fill(0n), Array(4).fill(0n)] as [bigint[], bigint[]];
  entries.forEach(({ matrix, row, wire, value }, k) => {
    const at = 4 + k * (12 + SCALAR_BYTES);
    for (const [word, number] of [matrix, row, wire].entries()) {
      view.setUint32(at + 4 * word, number, true);
    }
    section.set(scalarBytes(mod(value << 512n)), at + 12);
    const target = products[matrix] as bigint[];
    target[row] = mod((target[row] as bigint) + value * (witness[wire] as bigint));
  });
  const { a, b } = engine.evaluate(
    engine.loadMatrices(section, 4),
    concat(witness.map(scalarBytes)),
  );
  for (let row = 0; row < 4; row++) {
    expectKnown(readInteger(a, row * SCALAR_BYTES) === products[0][row], "matrix A");
    expectKnown(readInteger(b, row * SCALAR_BYTES) === products[1][row], "matrix B");
  }
}

/**
 * Compares an engine with known answers (tens of milliseconds).
 *
 * @throws {Error} that names the first wrong result
 */
export function selfTest(engine: Engine): void {
  for (const group of ["g1", "g2"] as const) {
    testPoints(engine, group);
    testSums(engine, group);
  }
  testMatrices(engine);
  testQuotient(engine);
}
