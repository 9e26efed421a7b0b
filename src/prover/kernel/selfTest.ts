/**
 * Known answers of the engine, computed with other code, before a secret enters it.
 *
 * A machine without fused multiply-add, for one, would give the kernel wrong results without an error.
 */
import { bn254 } from "@noble/curves/bn254.js";
import { FIELD_ORDER, mod } from "../../field/field.ts";
import { G1_GENERATOR, G2_GENERATOR } from "../curve.ts";
import type { Engine, Group } from "./engine.ts";
import {
  coordinates,
  isZero,
  pointBytes,
  readInteger,
  SCALAR_BYTES,
  scalarBytes,
} from "./layout.ts";

const POINTS = 48;
const ROWS = 16;
const { Fr } = bn254.fields;

const generators = {
  g1: pointBytes(G1_GENERATOR.x, G1_GENERATOR.y),
  g2: pointBytes(G2_GENERATOR.x.c0, G2_GENERATOR.x.c1, G2_GENERATOR.y.c0, G2_GENERATOR.y.c1),
};

/** Scalars of every kind: short, long, next to the ends; the same ones each time. */
function scalars(count: number): bigint[] {
  const edges = [0n, 1n, 2n, FIELD_ORDER - 1n, FIELD_ORDER / 2n, 1n << 253n];
  let value = 5n;
  return Array.from({ length: count }, (_, k) => {
    value = Fr.create(value * value + 7n);
    return edges[k] ?? value;
  });
}

const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The multiple of the generator, by noble. */
function multiple(group: Group, scalar: bigint): bigint[] {
  const factor = mod(scalar);
  if (group === "g1") {
    const { x, y } = bn254.G1.Point.BASE.multiplyUnsafe(factor).toAffine();
    return [x, y];
  }
  const { x, y } = bn254.G2.Point.BASE.multiplyUnsafe(factor).toAffine();
  return [x.c0, x.c1, y.c0, y.c1];
}

function isMultiple(group: Group, point: Uint8Array, scalar: bigint): boolean {
  if (mod(scalar) === 0n) return isZero(point);
  return multiple(group, scalar).every((value, k) => value === coordinates(point)[k]);
}

/** Sums with equal, opposite and infinite points among the bases, of all and of some. */
function testSums(engine: Engine, group: Group): void {
  const factors = Array.from(
    { length: POINTS },
    (_, k) => [3n, 3n, -3n, 0n][k] ?? BigInt(k * k + 11),
  );
  const points = factors.map((factor) =>
    mod(factor) === 0n
      ? new Uint8Array(generators[group].length)
      : pointBytes(...multiple(group, factor)),
  );
  const bases = engine.loadBases(group, concat(points));
  const weights = scalars(POINTS);
  const total = (indices: readonly number[]) =>
    indices.reduce((sum, k) => sum + (factors[k] as bigint) * (weights[k] as bigint), 0n);
  const all = [...factors.keys()];
  const some = all.filter((k) => k % 3 === 1);
  const bytes = concat(weights.map(scalarBytes));
  const someBytes = concat(some.map((k) => scalarBytes(weights[k] as bigint)));
  expectKnown(isMultiple(group, engine.msm(bases, bytes), total(all)), `${group} sum`);
  const partial = engine.msm(bases, someBytes, Uint32Array.from(some));
  expectKnown(isMultiple(group, partial, total(some)), `${group} sum of some points`);
}

function testPoints(engine: Engine, group: Group): void {
  const { add, negate, multiply } = {
    add: (a: Uint8Array, b: Uint8Array) => engine.add(group, a, b),
    negate: (a: Uint8Array) => engine.negate(group, a),
    multiply: (a: Uint8Array, scalar: bigint) => engine.multiply(group, a, scalarBytes(scalar)),
  };
  const one = generators[group];
  const large = FIELD_ORDER - 12_345n;
  const product = multiply(one, large);
  expectKnown(isMultiple(group, product, large), `${group} multiple`);
  expectKnown(isMultiple(group, add(product, one), large + 1n), `${group} addition`);
  expectKnown(isMultiple(group, add(product, product), 2n * large), `${group} doubling`);
  expectKnown(isZero(add(product, negate(product))), `${group} opposite`);
}

/** The quotient's scalars from their definition: interpolated, and evaluated on the coset. */
function testQuotient(engine: Engine): void {
  const values = scalars(2 * ROWS);
  const [a, b] = [values.slice(0, ROWS), values.slice(ROWS).reverse()];
  const root = Fr.pow(5n, (FIELD_ORDER - 1n) / BigInt(2 * ROWS));
  const shifted = (evaluations: readonly bigint[]) =>
    evaluations.map((_, row) => evaluateAt(evaluations, Fr.pow(root, BigInt(2 * row + 1)), root));
  const c = a.map((value, row) => Fr.mul(value, b[row] as bigint));
  const [onA, onB, onC] = [a, b, c].map(shifted) as [bigint[], bigint[], bigint[]];
  const bytes = engine.quotient(concat(a.map(scalarBytes)), concat(b.map(scalarBytes)));
  for (const row of a.keys()) {
    const expected = Fr.sub(Fr.mul(onA[row] as bigint, onB[row] as bigint), onC[row] as bigint);
    expectKnown(readInteger(bytes, row * SCALAR_BYTES) === expected, "quotient");
  }
}

/** Lagrange's formula on the domain of the powers of root². */
function evaluateAt(evaluations: readonly bigint[], x: bigint, root: bigint): bigint {
  const n = BigInt(evaluations.length);
  const vanishing = Fr.div(Fr.sub(Fr.pow(x, n), 1n), n);
  return evaluations.reduce((sum, value, row) => {
    const node = Fr.pow(root, BigInt(2 * row));
    return Fr.add(sum, Fr.mul(value, Fr.mul(vanishing, Fr.div(node, Fr.sub(x, node)))));
  }, 0n);
}

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
  const rows = [Array(4).fill(0n), Array(4).fill(0n)] as [bigint[], bigint[]];
  entries.forEach(({ matrix, row, wire, value }, k) => {
    const at = 4 + k * (12 + SCALAR_BYTES);
    for (const [word, number] of [matrix, row, wire].entries()) {
      view.setUint32(at + 4 * word, number, true);
    }
    section.set(scalarBytes(Fr.create(value << 512n)), at + 12);
    const target = rows[matrix] as bigint[];
    target[row] = Fr.add(target[row] as bigint, Fr.mul(value, witness[wire] as bigint));
  });
  const { a, b } = engine.evaluate(
    engine.loadMatrices(section, 4),
    concat(witness.map(scalarBytes)),
  );
  for (let row = 0; row < 4; row++) {
    expectKnown(readInteger(a, row * SCALAR_BYTES) === rows[0][row], "matrix A");
    expectKnown(readInteger(b, row * SCALAR_BYTES) === rows[1][row], "matrix B");
  }
}

function expectKnown(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`wrong result in the self-test: ${what}`);
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
