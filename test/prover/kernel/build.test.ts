import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { compileKernel, kernelFile } from "../../../scripts/build-kernel.ts";
import { carriedBounds, storedBounds } from "../../../src/prover/kernel/generate/element.ts";
import { Field, FQ_MODULUS } from "../../../src/prover/kernel/generate/field.ts";
import { signedLimbs } from "../../../src/prover/kernel/generate/limbs.ts";
import { add, reduce } from "../../../src/prover/kernel/generate/linear.ts";
import { multiply } from "../../../src/prover/kernel/generate/multiplication.ts";
import { Program } from "../../../src/prover/kernel/generate/program.ts";

it("kernel.wasm is what its sources compile to", async () => {
  const [built, kept] = await Promise.all([compileKernel(), readFile(kernelFile)]);
  expect(Buffer.from(built).equals(kept)).toBe(true);
});

describe("the generator refuses code that it cannot prove", () => {
  const field = new Field("fq", FQ_MODULUS);
  const program = new Program();
  const limbs = ["a", "b", "c", "d", "e"];
  const stored = { limbs, ...storedBounds(field) };

  it("products of limbs past 2^102", () => {
    const within = (bits: bigint) => ({
      limbs,
      limbBounds: limbs.map(() => 1n << bits),
      valueBound: field.modulus,
    });
    expect(() => multiply(program, field, { factors: [[within(51n), within(51n)]] })).not.toThrow();
    expect(() => multiply(program, field, { factors: [[within(52n), within(51n)]] })).toThrow(
      "2^102",
    );
  });

  it("products whose result would not fit its limbs", () => {
    const twice = add(program, stored, stored);
    expect(() => multiply(program, field, { factors: [[twice, { ...twice }]] })).toThrow("3/4");
  });

  it("results that do not fit what the next load assumes", () => {
    const sum = reduce(program, field, add(program, stored, stored));
    expect(() => program.store(field, sum, "out")).toThrow("limb 0");
    const wide = { limbs, ...carriedBounds(2n * field.modulus) };
    expect(() => program.store(field, wide, "out")).toThrow("value");
  });
});

it("limbs of an integer are signed, carried and sum up to it", () => {
  for (const value of [0n, 1n, -1n, FQ_MODULUS, -FQ_MODULUS, (1n << 51n) - 1n, -(1n << 50n)]) {
    const parts = signedLimbs(value);
    expect(parts.reduceRight((sum, limb) => (sum << 51n) + limb, 0n)).toBe(value);
    for (const limb of parts.slice(0, 4)) {
      expect(limb >= -(1n << 50n) && limb < 1n << 50n).toBe(true);
    }
  }
});
