import { describe, expect, test } from "vitest";
import { WitnessError } from "../../src/errors/prover.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { hash } from "../../src/field/poseidon.ts";
import type { CircuitInput } from "../../src/witness/witness.ts";
import { compileTestCircuit, type TestCircuit } from "../support/compile.ts";
import { looseWires, touches } from "../support/perturb.ts";
import { sidesOf, violations } from "../support/r1cs.ts";
import { freeColumns, jacobian } from "../support/rank.ts";

/** A template of circuits/lib/ alone, as the whole circuit. */
function template(file: string, instance: string): Promise<TestCircuit> {
  return compileTestCircuit({
    main: `pragma circom 2.1.6;\ninclude "../lib/${file}.circom";\ncomponent main = ${instance};\n`,
  });
}

/** The outputs for an input that the circuit accepts, undefined for one that it refuses. */
async function outputs(
  { r1cs, calculator }: TestCircuit,
  input: CircuitInput,
): Promise<bigint[] | undefined> {
  try {
    const witness = await calculator.calculate(input);
    expect(violations(r1cs, witness)).toEqual([]);
    return witness.slice(1, 1 + r1cs.publicWires);
  } catch (error) {
    if (error instanceof WitnessError) return undefined;
    throw error;
  }
}

/** Nothing the prover computes may change alone, nor several wires together to first order. */
async function expectDetermined({ r1cs, calculator }: TestCircuit, input: CircuitInput) {
  const witness = await calculator.calculate(input);
  const inputs = r1cs.outside - r1cs.publicWires;
  const isGiven = (wire: number) =>
    wire === 0 || (wire > r1cs.publicWires && wire <= r1cs.publicWires + inputs);
  const computed = Array.from({ length: r1cs.wires }, (_, wire) => wire).filter(
    (wire) => !isGiven(wire),
  );
  expect(looseWires(r1cs, touches(r1cs), witness, 1).filter(({ wire }) => !isGiven(wire))).toEqual(
    [],
  );
  expect(freeColumns(jacobian(r1cs, sidesOf(r1cs, witness), isGiven), computed)).toEqual([]);
}

const minus = (value: bigint) => FIELD_ORDER - value;

describe("Range", () => {
  test.each([
    [0n, true],
    [255n, true],
    [256n, false],
    [minus(1n), false],
    [minus(255n), false],
  ])("of 8 bits takes %s: %s", async (value, taken) => {
    const circuit = await template("range", "Range(8)");
    expect((await outputs(circuit, { in: value })) !== undefined).toBe(taken);
  });
});

describe("AtLeast", () => {
  test.each([
    [0n, 0n, 1n],
    [0n, 1n, 0n],
    [254n, 255n, 0n],
    [255n, 255n, 1n],
    [255n, 254n, 1n],
    [255n, 256n, 0n],
    [0n, 256n, 0n],
    [255n, 0n, 1n],
  ])("%s ≥ %s is %s", async (a, b, expected) => {
    const circuit = await template("compare", "AtLeast(8)");
    expect(await outputs(circuit, { a, b })).toEqual([expected]);
    await expectDetermined(circuit, { a, b });
  });
});

describe("NotBelowZero", () => {
  test.each([
    [0n, 0n],
    [1n, 1n],
    [255n, 255n],
    [minus(1n), 0n],
    [minus(256n), 0n],
  ])("of 8 bits makes %s to %s", async (value, expected) => {
    const circuit = await template("compare", "NotBelowZero(8)");
    expect(await outputs(circuit, { in: value })).toEqual([expected]);
    await expectDetermined(circuit, { in: value });
  });

  test.each([256n, minus(257n)])("of 8 bits refuses %s", async (value) => {
    const circuit = await template("compare", "NotBelowZero(8)");
    expect(await outputs(circuit, { in: value })).toBeUndefined();
  });

  test("leaves no choice of the hint at 0", async () => {
    const { r1cs, calculator } = await template("compare", "NotBelowZero(8)");
    const witness = await calculator.calculate({ in: 0n });
    const hint = r1cs.names.findIndex((names) => names.includes("main.hint"));
    const forged = witness.map((value, wire) =>
      r1cs.names[wire]?.some((name) => /hint|negative\.(in|out)$/.test(name)) ? 1n : value,
    );
    expect(forged[hint]).toBe(1n);
    expect(violations(r1cs, forged)).not.toEqual([]);
  });
});

describe("DivideBy", () => {
  test.each([
    [0n, 0n, 0n],
    [86_399n, 0n, 86_399n],
    [86_400n, 1n, 0n],
    [(1n << 34n) - 1n, 198_841n, 6_783n],
  ])("86,400 splits %s into %s and %s", async (value, quotient, remainder) => {
    const circuit = await template("divide", "DivideBy(86400, 18, 17)");
    expect(await outputs(circuit, { in: value })).toEqual([quotient, remainder]);
    await expectDetermined(circuit, { in: value });
  });

  test("refuses what no quotient in range fits", async () => {
    const circuit = await template("divide", "DivideBy(86400, 18, 17)");
    expect(await outputs(circuit, { in: 86_400n << 18n })).toBeUndefined();
    expect(await outputs(circuit, { in: minus(1n) })).toBeUndefined();
  });
});

describe("ResidueOneHot", () => {
  test.each([0n, 1n, 6n, 7n, 20_000n, (1n << 18n) + 3n])("marks %s mod 7", async (value) => {
    const circuit = await template("divide", "ResidueOneHot(7, 16)");
    const expected = Array.from({ length: 7 }, (_, residue) =>
      BigInt(BigInt(residue) === value % 7n),
    );
    expect(await outputs(circuit, { in: value })).toEqual(expected);
    await expectDetermined(circuit, { in: value });
  });
});

describe("ReadWord", () => {
  const main = (words: number) => `pragma circom 2.1.6;
include "../lib/range.circom";
include "../lib/word.circom";
template Reader() {
    signal input words[${words}][2];
    signal input index;
    signal output high;
    signal output low;
    component bits = Bits(5);
    bits.in <== index;
    component read = ReadWord(${words});
    read.words <== words;
    read.index <== bits.out;
    high <== read.high;
    low <== read.low;
}
component main = Reader();
`;
  const wordsOf = (count: number) =>
    Array.from({ length: count }, (_, k) => [BigInt(100 + k), BigInt(k)]);

  test.each([8, 32])("reads each of %s words", async (count) => {
    const circuit = await compileTestCircuit({ main: main(count) });
    for (let k = 0; k < count; k++) {
      const input = { words: wordsOf(count), index: BigInt(k) };
      expect(await outputs(circuit, input)).toEqual([BigInt(100 + k), BigInt(k)]);
    }
  });

  test.each([8n, 15n, 16n, 31n])("of 8 words refuses index %s", async (index) => {
    const circuit = await compileTestCircuit({ main: main(8) });
    expect(await outputs(circuit, { words: wordsOf(8), index })).toBeUndefined();
  });
});

describe("Hash", () => {
  // A full block, one element more, and a second chained block: lengths that no circuit uses itself.
  test.each([16, 17, 32])("of %s elements is TypeScript's", async (length) => {
    const circuit = await template("hash", `Hash(2, ${length})`);
    const elements = Array.from({ length }, (_, i) => minus(BigInt(i * i + 1)));
    expect(await outputs(circuit, { inputs: elements })).toEqual([hash("leaf", elements)]);
  });
});
