import { beforeAll, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { G1_GENERATOR, G2_GENERATOR } from "../../../src/prover/curve.ts";
import type { Engine, Group, Matrices } from "../../../src/prover/kernel/engine.ts";
import { createKernelEngine } from "../../../src/prover/kernel/kernelEngine.ts";
import { isZero, POINT_BYTES, pointBytes, scalarBytes } from "../../../src/prover/kernel/layout.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { randomness } from "./fixtures.ts";

const concat = (parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
const generators = {
  g1: pointBytes(G1_GENERATOR.x, G1_GENERATOR.y),
  g2: pointBytes(G2_GENERATOR.x.c0, G2_GENERATOR.x.c1, G2_GENERATOR.y.c0, G2_GENERATOR.y.c1),
};
let kernel: Engine;
let reference: Engine;

beforeAll(async () => {
  const created = await createKernelEngine();
  if (created === undefined) throw new Error("these tests need relaxed SIMD");
  kernel = created;
  reference = createReferenceEngine();
});

/** Points of which many are equal, opposite or infinite. */
function mixedPoints(group: Group, count: number, seed: number): Uint8Array[] {
  const { scalar, below } = randomness(seed);
  const points: Uint8Array[] = [];
  for (let k = 0; k < count; k++) {
    const earlier = points[below(Math.max(1, k))] ?? generators[group];
    const kind = below(5);
    if (kind === 0) points.push(earlier);
    else if (kind === 1) points.push(reference.negate(group, earlier));
    else if (kind === 2 && below(3) === 0) points.push(new Uint8Array(POINT_BYTES[group]));
    else points.push(reference.multiply(group, generators[group], scalarBytes(scalar())));
  }
  return points;
}

/** Scalars of which many are small, next to the order, or the same. */
function mixedScalars(count: number, seed: number): bigint[] {
  const { scalar, below } = randomness(seed);
  const edges = [0n, 1n, 2n, 4095n, 4096n, 4097n, FIELD_ORDER - 1n, FIELD_ORDER / 2n, 1n << 253n];
  const scalars: bigint[] = [];
  for (let k = 0; k < count; k++) {
    const kind = below(4);
    if (kind === 0) scalars.push(edges[below(edges.length)] ?? 0n);
    else if (kind === 1) scalars.push(scalars[below(Math.max(1, k))] ?? 1n);
    else scalars.push(scalar());
  }
  return scalars;
}

describe.each(["g1", "g2"] as const)("%s", (group) => {
  it("adds, negates and multiplies edge points as the reference does", () => {
    const infinity = new Uint8Array(POINT_BYTES[group]);
    const points = [infinity, ...mixedPoints(group, 6, 3)];
    for (const a of points) {
      for (const b of points) {
        expect(kernel.add(group, a, b)).toEqual(reference.add(group, a, b));
      }
      expect(isZero(kernel.add(group, a, kernel.negate(group, a)))).toBe(true);
      expect(kernel.add(group, a, a)).toEqual(reference.add(group, a, a));
      for (const s of [0n, 1n, 2n, 16n, FIELD_ORDER - 1n, 0xdead_beefn << 200n]) {
        const scalar = scalarBytes(s);
        expect(kernel.multiply(group, a, scalar)).toEqual(reference.multiply(group, a, scalar));
      }
    }
  });

  it.each([1, 2, 3, 5, 17, 100, 400])("sums %i terms as the reference does", (count) => {
    for (const seed of [1, 2, 3]) {
      const points = concat(mixedPoints(group, count, seed * 1000 + count));
      const scalars = mixedScalars(count, seed);
      const bases = kernel.loadBases(group, points);
      const expected = reference.loadBases(group, points);
      const bytes = concat(scalars.map(scalarBytes));
      expect(kernel.msm(bases, bytes)).toEqual(reference.msm(expected, bytes));
      const indices = Uint32Array.from([...scalars.keys()].filter((k) => (k + seed) % 3 === 0));
      const some = concat([...indices].map((k) => scalarBytes(scalars[k] ?? 0n)));
      expect(kernel.msm(bases, some, indices)).toEqual(reference.msm(expected, some, indices));
    }
  });

  it("sums terms that are all the same, or cancel", () => {
    const count = 64;
    const point = generators[group];
    const bases = kernel.loadBases(group, concat(Array.from({ length: count }, () => point)));
    const scalar = FIELD_ORDER - 987_654_321n;
    const same = concat(Array.from({ length: count }, () => scalarBytes(scalar)));
    const total = scalarBytes((scalar * BigInt(count)) % FIELD_ORDER);
    expect(kernel.msm(bases, same)).toEqual(reference.multiply(group, point, total));
    const alternating = Array.from({ length: count }, (_, k) =>
      scalarBytes(k % 2 === 0 ? scalar : FIELD_ORDER - scalar),
    );
    expect(isZero(kernel.msm(bases, concat(alternating)))).toBe(true);
    expect(isZero(kernel.msm(bases, new Uint8Array(32 * count)))).toBe(true);
  });

  it("takes over the table that it exported, and computes it where it is not to be had", () => {
    const points = concat(mixedPoints(group, 40, 9));
    const bytes = concat(mixedScalars(40, 9).map(scalarBytes));
    const built = kernel.loadBases(group, points);
    const table = (kernel.exportTable(built) as Uint8Array).slice();
    const sum = kernel.msm(built, bytes);
    const again = kernel.loadBases(group, points, (room) => {
      room.set(table);
      return true;
    });
    expect(kernel.exportTable(again)).toEqual(table);
    expect(kernel.msm(again, bytes)).toEqual(sum);
    const anew = kernel.loadBases(group, points, (room) => {
      room.fill(3);
      return false;
    });
    expect(kernel.exportTable(anew)).toEqual(table);
    expect(kernel.msm(anew, bytes)).toEqual(sum);
  });

  it("refuses points off the curve, scalars too long, indices out of range", () => {
    const off = generators[group].slice();
    off[0] = (off[0] as number) ^ 1;
    expect(() => kernel.loadBases(group, off)).toThrow("not on the curve");
    const bases = kernel.loadBases(group, generators[group]);
    expect(() => kernel.msm(bases, new Uint8Array(32).fill(255))).toThrow(RangeError);
    expect(() => kernel.msm(bases, scalarBytes(1n), Uint32Array.of(1))).toThrow(RangeError);
    expect(() => kernel.msm(bases, new Uint8Array(64))).toThrow(RangeError);
  });
});

it("sums more terms than a batch holds, most of them in one bucket", () => {
  const count = 17_000;
  const { scalar } = randomness(5);
  const few = mixedPoints("g1", 50, 5);
  const factors = Array.from({ length: count }, (_, k) => (k % 97 === 0 ? scalar() : 1n));
  const points = concat(factors.map((_, k) => few[k % few.length] as Uint8Array));
  const bytes = concat(factors.map(scalarBytes));
  const expected = few.reduce((sum, point, j) => {
    const weight = factors.reduce((s, factor, k) => (k % few.length === j ? s + factor : s), 0n);
    return reference.add(
      "g1",
      sum,
      reference.multiply("g1", point, scalarBytes(weight % FIELD_ORDER)),
    );
  }, new Uint8Array(64));
  expect(kernel.msm(kernel.loadBases("g1", points), bytes)).toEqual(expected);
});

it.each([0, 1, 2, 3, 4, 7, 11])("computes the quotient on 2^%i rows as snarkjs does", (log) => {
  for (const seed of [1, 2]) {
    const [a, b] = [seed, seed + 10].map((s) =>
      concat(mixedScalars(1 << log, s + log).map(scalarBytes)),
    ) as [Uint8Array, Uint8Array];
    expect(kernel.quotient(a, b)).toEqual(reference.quotient(a, b));
  }
});

it("gives the same quotients when sizes alternate", () => {
  const vector = (log: number, seed: number) =>
    concat(mixedScalars(1 << log, seed).map(scalarBytes));
  for (const log of [5, 3, 8, 3, 5]) {
    const [a, b] = [vector(log, 1), vector(log, 2)];
    expect(kernel.quotient(a, b)).toEqual(reference.quotient(a, b));
  }
});

/** Section 4 of a zkey with random entries; the first ones all in one row. */
function randomMatrices(rows: number, wires: number, entries: number, longRow = 0): Uint8Array {
  const { scalar, below } = randomness(21);
  const section = new Uint8Array(4 + 44 * entries);
  const view = new DataView(section.buffer);
  view.setUint32(0, entries, true);
  for (let k = 0; k < entries; k++) {
    const place = [below(2), k < longRow ? 0 : below(rows), below(wires)];
    for (const [i, word] of place.entries()) view.setUint32(4 + 44 * k + 4 * i, word, true);
    const value = [1n, FIELD_ORDER - 1n, scalar()][below(3)] as bigint;
    section.set(scalarBytes((value << 512n) % FIELD_ORDER), 16 + 44 * k);
  }
  return section;
}

it("evaluates matrices, rows of thousands of terms included", () => {
  const [rows, wires] = [8, 3000];
  const section = randomMatrices(rows, wires, 9001, 6000);
  const highest = Array.from({ length: wires }, () => FIELD_ORDER - 1n);
  for (const values of [mixedScalars(wires, 4), highest]) {
    const witness = concat(values.map(scalarBytes));
    const own = kernel.evaluate(kernel.loadMatrices(section, rows), witness);
    expect(own).toEqual(reference.evaluate(reference.loadMatrices(section, rows), witness));
  }
});

describe("quotientOf", () => {
  const [rows, wires] = [64, 50];
  const section = randomMatrices(rows, wires, 700);
  const quotientOf = (engine: Engine, matrices: Matrices, witness: Uint8Array) => {
    const h = new Uint8Array(matrices.domainSize * 32);
    engine.quotientOf(matrices, witness, h);
    return h;
  };
  const fromNothing = (witness: Uint8Array) => {
    const { a, b } = reference.evaluate(reference.loadMatrices(section, rows), witness);
    return reference.quotient(a, b);
  };
  /** Witnesses of which each is the last one with a few, half or all of its wires replaced. */
  function* witnesses(count: number) {
    const { below } = randomness(23);
    const witness = new Uint8Array(wires * 32);
    for (let n = 0; n < count; n++) {
      const values = mixedScalars(wires, n + 1);
      const share = [0, 2, wires / 2, wires][n % 4] as number;
      for (const [k, value] of values.entries()) {
        if (below(wires) < share) witness.set(scalarBytes(value), k * 32);
      }
      yield witness.slice();
    }
  }

  it("equals the quotient from nothing over a sequence of witnesses, forgotten or wiped between", () => {
    const matrices = kernel.loadMatrices(section, rows);
    for (const [n, witness] of [...witnesses(60)].entries()) {
      expect(quotientOf(kernel, matrices, witness)).toEqual(fromNothing(witness));
      if (n % 11 === 10) kernel.forget(matrices);
      if (n % 17 === 16) kernel.wipe();
    }
  });

  it("keeps the matrices of several circuits apart", () => {
    const [first, second] = [
      kernel.loadMatrices(section, rows),
      kernel.loadMatrices(section, 2 * rows),
    ];
    const expected = reference.loadMatrices(section, 2 * rows);
    for (const witness of witnesses(12)) {
      expect(quotientOf(kernel, first, witness)).toEqual(fromNothing(witness));
      expect(quotientOf(kernel, second, witness)).toEqual(quotientOf(reference, expected, witness));
    }
  });

  it("is right after a witness that was refused halfway", () => {
    const matrices = kernel.loadMatrices(section, rows);
    const [first, second] = witnesses(3) as Iterable<Uint8Array> as [Uint8Array, Uint8Array];
    quotientOf(kernel, matrices, first);
    const wrong = concat(mixedScalars(wires, 77).map(scalarBytes));
    wrong.fill(255, 40 * 32, 41 * 32);
    expect(() => quotientOf(kernel, matrices, wrong)).toThrow("more than 254 bits");
    expect(quotientOf(kernel, matrices, second)).toEqual(fromNothing(second));
  });

  it("takes up and forgets highest values", () => {
    const matrices = kernel.loadMatrices(section, rows);
    for (const value of [FIELD_ORDER - 1n, (1n << 254n) - 1n, 0n, 1n, FIELD_ORDER]) {
      const witness = concat(Array.from({ length: wires }, () => scalarBytes(value)));
      const reduced = concat(Array.from({ length: wires }, () => scalarBytes(value % FIELD_ORDER)));
      expect(quotientOf(kernel, matrices, witness)).toEqual(fromNothing(reduced));
    }
  });

  it("is 0 on a single row", () => {
    const single = randomMatrices(1, 3, 5);
    const witness = concat(mixedScalars(3, 3).map(scalarBytes));
    expect(isZero(quotientOf(kernel, kernel.loadMatrices(single, 1), witness))).toBe(true);
  });
});

it("gives the same results after wiping", () => {
  const bases = kernel.loadBases("g1", concat(mixedPoints("g1", 30, 8)));
  const bytes = concat(mixedScalars(30, 8).map(scalarBytes));
  const before = kernel.msm(bases, bytes);
  kernel.wipe();
  expect(kernel.msm(bases, bytes)).toEqual(before);
});
