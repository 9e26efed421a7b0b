import { expect, test } from "vitest";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { looseWires, touches } from "../support/perturb.ts";
import { type LinearCombination, type R1cs, sidesOf, violations } from "../support/r1cs.ts";
import { freeColumns, jacobian } from "../support/rank.ts";

const term = (...terms: [wire: number, coefficient: bigint][]): LinearCombination => ({
  wires: terms.map(([wire]) => wire),
  coefficients: terms.map(([, coefficient]) => coefficient),
});
const nothing = term();
const MINUS_ONE = FIELD_ORDER - 1n;

/** Wires: 0 one, 1 the public input y, 2 … 4 the prover's. */
const system = (...constraints: R1cs["constraints"]): R1cs => ({
  wires: 5,
  outside: 1,
  publicWires: 1,
  constraints,
  names: ["one", "y", "x", "bit", "spare"].map((name) => [`main.${name}`]),
});
/** x·x = y */
const square = { left: term([2, 1n]), right: term([2, 1n]), output: term([1, 1n]) };
/** bit·(bit − 1) = 0 */
const boolean = { left: term([3, 1n]), right: term([3, 1n], [0, MINUS_ONE]), output: nothing };
/** spare = x + bit */
const sum = { left: nothing, right: nothing, output: term([4, MINUS_ONE], [2, 1n], [3, 1n]) };
const witness = [1n, 9n, 3n, 1n, 4n];
const loose = (r1cs: R1cs) =>
  looseWires(r1cs, touches(r1cs), witness, r1cs.publicWires + 1).map(({ name, other }) => ({
    name,
    other,
  }));
const free = (r1cs: R1cs) =>
  freeColumns(
    jacobian(r1cs, sidesOf(r1cs, witness), (wire) => wire <= r1cs.outside),
    [2, 3, 4],
  );

test("a broken constraint is named", () => {
  const r1cs = system(square, boolean, sum);
  expect(violations(r1cs, witness)).toEqual([]);
  expect(violations(r1cs, witness.with(3, 2n))).toEqual([
    { index: 1, wires: ["bit", "one"] },
    { index: 2, wires: ["spare", "x", "bit"] },
  ]);
});

test("the other root is found, and a wire in no constraint takes any value", () => {
  expect(loose(system(square, boolean))).toEqual([
    { name: "x", other: FIELD_ORDER - 3n },
    { name: "bit", other: 0n },
    { name: "spare", other: undefined },
  ]);
});

test("two constraints on one wire leave only what both allow", () => {
  expect(loose(system(square, boolean, sum))).toEqual([]);
});

test("the rank counts what no equation fixes", () => {
  expect(free(system(square, boolean, sum))).toEqual([]);
  expect(free(system(square, boolean))).toEqual([4]);
  expect(free(system(boolean, sum))).toHaveLength(1);
});
