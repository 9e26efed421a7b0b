import { describe, expect, test } from "vitest";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";
import { compileTestCircuit, mandateMain } from "../support/compile.ts";
import { claimOf, lightInput } from "../support/lightInput.ts";
import { nameOf, sidesOf } from "../support/r1cs.ts";
import { createRangeArguments } from "../support/rangeArguments.ts";
import { freeColumns, jacobian } from "../support/rank.ts";
import { pinnedR1cs, witnesses } from "./circuits.ts";
import { designedMandates, randomMandates } from "./mandates.ts";

/**
 * Wires that the inputs do not determine: IsZero's hint 1/in where in = 0. Nothing depends on it, since
 * out = 1 − in·hint.
 */
const allowedFree = ["regime.absent.inv"];

/**
 * Hints that only a size fixes, with the argument. Everything else follows from the inputs by equations
 * that hold whatever the sizes of numbers.
 */
const fixedBySize: { hint: RegExp; argument: string }[] = [
  {
    hint: /^charges\.slot\[\d\]\.last$/,
    argument: "one opening: elapsed < 2^34 and |level − leak| < 2^160 (charges.circom, step 2)",
  },
  {
    hint: /^charges\.slot\[\d\]\.leaked\.hint$/,
    argument: "a number and its complement are not both below 2^160 (compare.circom)",
  },
  {
    hint: /^schedule\.split\.quotient$/,
    argument: "0 ≤ remainder < 86,400 and quotient < 2^18 (divide.circom)",
  },
  {
    hint: /^schedule\.weekday\.(hint\[\d\]|quotient)$/,
    argument: "one residue of seven and quotient < 2^16 (divide.circom)",
  },
];

describe.each(Object.keys(circuits) as CircuitName[])("%s", (circuit) => {
  test("the inputs determine every other wire: the Jacobian has full column rank", async () => {
    const r1cs = await pinnedR1cs(circuit);
    const inside = Array.from(
      { length: r1cs.wires - r1cs.outside - 1 },
      (_, i) => r1cs.outside + 1 + i,
    );
    let count = 0;
    for await (const { name, witness } of witnesses(circuit, 4)) {
      // Elimination takes long: of `wide`, which differs in the words only, every fourth witness.
      if (count++ % (circuits[circuit].words / 8) !== 0) continue;
      const rows = jacobian(r1cs, sidesOf(r1cs, witness), (wire) => wire <= r1cs.outside);
      const free = freeColumns(rows, inside).map((wire) => nameOf(r1cs, wire));
      const unexpected = free.filter((wire) => !allowedFree.includes(wire));
      expect(unexpected, name).toEqual([]);
    }
  }, 300_000);
});

test("without sizes only the known hints are free", async () => {
  const { r1cs, calculator } = await compileTestCircuit({ main: mandateMain, lightHash: true });
  const freeWithoutSizes = createRangeArguments(r1cs);
  const used = new Set<RegExp>();
  for (const { name, transition } of [...designedMandates(8), ...randomMandates(8, 7)]) {
    const witness = await calculator.calculate(lightInput(claimOf(transition)));
    const unexpected = freeWithoutSizes(witness).filter((wire) => {
      const known = fixedBySize.find(({ hint }) => hint.test(wire));
      if (known) used.add(known.hint);
      return !known && !allowedFree.includes(wire);
    });
    expect(unexpected, name).toEqual([]);
  }
  expect([...used], "every entry of the list is needed").toHaveLength(fixedBySize.length);
});

/** Elements of the leaf and the policy; the flags are left out, whose bits the circuit checks itself. */
const authored = /^(rule\[(?!30\])|capacity|refill|elevated|stressed|policySalt|keysHash)/;

test("but for its hash, the action fixes only a rule's identity and feed: the rest is its author's word", async () => {
  const { r1cs, calculator } = await compileTestCircuit({ main: mandateMain, lightHash: true });
  const freeWithoutHashes = createRangeArguments(r1cs, {
    components: /^(leaf|policy)\.hash\./,
    inputs: authored,
  });
  const elements = r1cs.names
    .slice(1, r1cs.outside + 1)
    .map((_, i) => nameOf(r1cs, i + 1))
    .filter((name) => authored.test(name));
  expect(elements).toHaveLength(30 + 4 + 4 + 4 + 2);
  let fixed = elements;
  for (const { transition } of designedMandates(8)) {
    const witness = await calculator.calculate(lightInput(claimOf(transition)));
    const free = new Set(freeWithoutHashes(witness));
    fixed = fixed.filter((name) => !free.has(name));
  }
  // chainId + 2^64·selector, and the price feed. Hence the compiler's bounds, and "trusts the leaf".
  expect(fixed).toEqual(["rule[0]", "rule[21]"]);
}, 120_000);
