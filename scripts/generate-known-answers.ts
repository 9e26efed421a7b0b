/**
 * Computes what the kernel's self-test expects, with @noble/curves, and writes it down as constants, since
 * computing it at every start would take longer than the test. A test compares the constants.
 *
 * @example
 * node scripts/generate-known-answers.ts
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bn254 } from "@noble/curves/bn254.js";
import { FIELD_ORDER, mod } from "../src/field/field.ts";
import type { Group } from "../src/prover/kernel/engine.ts";
import { pointBytes, scalarBytes } from "../src/prover/kernel/layout.ts";
import { type PointAnswers, questions } from "../src/prover/kernel/selfTest.ts";

const file = fileURLToPath(new URL("../src/prover/kernel/knownAnswers.ts", import.meta.url));
const { Fr } = bn254.fields;

const hex = (...parts: readonly Uint8Array[]) => Buffer.concat(parts).toString("hex");

/** A multiple of the generator as a key has it. */
function multiple(group: Group, factor: bigint): string {
  const scalar = mod(factor);
  if (scalar === 0n) return "00".repeat(group === "g1" ? 64 : 128);
  if (group === "g1") {
    const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine();
    return hex(pointBytes(x, y));
  }
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine();
  return hex(pointBytes(x.c0, x.c1, y.c0, y.c1));
}

function pointAnswers(group: Group): PointAnswers {
  const { factors, weights, some, multiplier } = questions;
  const term = (k: number) => (factors[k % factors.length] as bigint) * (weights[k] as bigint);
  const total = (indices: readonly number[]) => indices.reduce((sum, k) => sum + term(k), 0n);
  return {
    points: factors.map((factor) => multiple(group, factor)),
    sumOfAll: multiple(group, total([...weights.keys()])),
    sumOfSome: multiple(group, total(some)),
    product: multiple(group, multiplier),
    successor: multiple(group, multiplier + 1n),
    double: multiple(group, 2n * multiplier),
  };
}

/** The quotient's scalars from their definition: interpolated, and evaluated on the coset. */
function quotientAnswer(): string {
  const { a, b } = questions;
  const root = Fr.pow(5n, (FIELD_ORDER - 1n) / BigInt(2 * a.length));
  const onCoset = (evaluations: readonly bigint[]) =>
    evaluations.map((_, row) => evaluateAt(evaluations, Fr.pow(root, BigInt(2 * row + 1)), root));
  const c = a.map((value, row) => Fr.mul(value, b[row] as bigint));
  const [onA, onB, onC] = [a, b, c].map(onCoset) as [bigint[], bigint[], bigint[]];
  const values = onA.map((value, row) =>
    Fr.sub(Fr.mul(value, onB[row] as bigint), onC[row] as bigint),
  );
  return hex(...values.map(scalarBytes));
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

/** All that the self-test compares with. */
export const computeKnownAnswers = () => ({
  g1: pointAnswers("g1"),
  g2: pointAnswers("g2"),
  quotient: quotientAnswer(),
});

/** The text of the file of constants. */
function moduleText(): string {
  const { g1, g2, quotient } = computeKnownAnswers();
  const group = ({ points, ...rest }: PointAnswers) => [
    "    points: [",
    ...points.map((point) => `      "${point}",`),
    "    ],",
    ...Object.entries(rest).map(([name, value]) =>
      [`    ${name}:`, `"${value}",`].join("\n      "),
    ),
  ];
  return [
    "/** Written by scripts/generate-known-answers.ts from @noble/curves: see `selfTest.ts`. */",
    'import type { Group } from "./engine.ts";',
    'import type { PointAnswers } from "./selfTest.ts";',
    "",
    "export const knownAnswers: Readonly<Record<Group, PointAnswers> & { quotient: string }> = {",
    "  g1: {",
    ...group(g1),
    "  },",
    "  g2: {",
    ...group(g2),
    "  },",
    "  quotient:",
    `    "${quotient}",`,
    "};",
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(file, moduleText());
