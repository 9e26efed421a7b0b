import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { PolicyError } from "../../src/errors/policy.ts";
import { compilePolicy, withSalt } from "../../src/policy/compile.ts";
import { assertWellFormed } from "../../src/policy/integrity.ts";

const example = readFileSync(new URL("../../examples/eth-basis.yaml", import.meta.url), "utf8");
const words = [...new Set(example.match(/[A-Za-z0-9_.]+|[^\sA-Za-z0-9]/g) ?? [])];

/** Compiles, or refuses with a PolicyError whose problems have places; anything else is a bug. */
function compiles(source: string): boolean {
  try {
    const { policy } = compilePolicy(source, { lanes: 2 });
    assertWellFormed(withSalt(policy, 1n));
    return true;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    expect(error.name).toBe("PolicyError");
    expect(error.problems.length).toBeGreaterThan(0);
    for (const { message, line, column } of error.problems) {
      expect(message).not.toBe("");
      expect(line).toBeGreaterThan(0);
      expect(column).toBeGreaterThan(0);
    }
    return false;
  }
}

const place = fc.integer({ min: 0, max: example.length });
const junk = fc.oneof(
  fc.constantFrom(...words),
  fc.constantFrom(
    "\n",
    "  ",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&a ",
    "*a",
    "!!int ",
    "<<: ",
    "|",
    ">",
    "#",
    "---\n",
    "\t",
    "\u0000",
  ),
  fc.string({ maxLength: 8, unit: "binary" }),
  fc.bigInt({ min: -(1n << 300n), max: 1n << 300n }).map(String),
);
const mutation = fc.record({ from: place, length: fc.nat(30), text: junk });

test("no mutation of a policy does anything but compile or be refused", () => {
  let compiled = 0;
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const source = mutations.reduce(
        (text, { from, length, text: insert }) =>
          text.slice(0, from) + insert + text.slice(from + length),
        example,
      );
      if (compiles(source)) compiled += 1;
    }),
    { numRuns: 600 },
  );
  expect(compiled).toBeGreaterThan(0);
});

test("no exchange of one word for another does", () => {
  const tokens = example.split(/([A-Za-z0-9_.]+)/);
  fc.assert(
    fc.property(fc.nat(tokens.length - 1), fc.constantFrom(...words), (index, word) => {
      compiles(tokens.with(index, word).join(""));
    }),
    { numRuns: 600 },
  );
});

test("no text at all does", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void compiles(text)),
    {
      numRuns: 500,
    },
  );
});

test("no object does", () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          name: fc.anything(),
          chain: fc.anything(),
          assets: fc.anything(),
          feeds: fc.anything(),
          budgets: fc.anything(),
          regimes: fc.anything(),
          approvers: fc.anything(),
          rules: fc.oneof(fc.anything(), fc.array(fc.anything())),
        },
        { requiredKeys: [] },
      ),
      (source) => {
        expect(() => compilePolicy(source as never)).toThrow(PolicyError);
      },
    ),
    { numRuns: 500 },
  );
});

test("depth and length are refused before they cost anything", () => {
  const deep = `name: ${"[".repeat(20_000)}`;
  const flow = `name: ${"[".repeat(200)}${"]".repeat(200)}\n`;
  expect(compiles(deep)).toBe(false);
  expect(compiles(flow)).toBe(false);
  expect(compiles(`# ${"x".repeat(1_000_001)}\n`)).toBe(false);
  expect(compiles(example.replace("exactInputSingle((", `f(${"(".repeat(3_000)}`))).toBe(false);
});
