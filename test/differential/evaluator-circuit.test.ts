import fc from "fast-check";
import { expect, test } from "vitest";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { evaluate, failedRestrictions, judgeRule } from "../../src/policy/evaluate.ts";
import type { CircuitInput } from "../../src/witness/witness.ts";
import { mandateArbitrary } from "../support/arbitrary.ts";
import { failedRestriction } from "../support/circuit.ts";
import { claimedTransition, inputOf } from "../support/mandate.ts";

/** Set higher for a long hunt: `DIFFERENTIAL_RUNS=20000 npx vitest run test/differential`. */
const runs = Number(process.env.DIFFERENTIAL_RUNS ?? 250);

test("the circuit accepts exactly what the evaluator allows, rule by rule", async () => {
  const seen = { allowed: 0, denied: new Map<string, number>() };
  await fc.assert(
    fc.asyncProperty(mandateArbitrary, async ({ policy, situation }) => {
      const verdict = evaluate(policy, situation);
      for (const ruleIndex of policy.rules.keys()) {
        const failed = failedRestrictions(judgeRule(policy, ruleIndex, situation).findings);
        const transition = claimedTransition(policy, situation, ruleIndex);
        const refusedBy = await failedRestriction(transition.circuit, inputOf(transition));
        if (failed.length === 0) expect(refusedBy).toBeUndefined();
        else expect(failed).toContain(refusedBy);

        if (failed.length === 0) seen.allowed++;
        for (const restriction of failed) {
          seen.denied.set(restriction, (seen.denied.get(restriction) ?? 0) + 1);
        }
        if (verdict.allowed && verdict.ruleIndex === ruleIndex) {
          expect(transition.stateNew.levels).toEqual(verdict.levels);
        }
      }
    }),
    { numRuns: runs },
  );
  // The generator has to reach both answers and every restriction, or the test would show nothing.
  // It allows about one rule in eight runs; a third of that is four deviations away.
  expect(seen.allowed).toBeGreaterThan(runs / 25);
  expect([...seen.denied.keys()].toSorted()).toEqual([
    "amount",
    "call",
    "charges",
    "conditions",
    "cooldown",
    "priceBand",
    "priceFeed",
    "quorum",
    "schedule",
    "target",
  ]);
}, 300_000);

/** What a thief would try first: the same action with other secrets behind the same commitments. */
const alterations: Record<string, (input: CircuitInput) => CircuitInput> = {
  "a rule with the largest limit": (input) => ({
    ...input,
    rule: (input.rule as bigint[]).map((element, i) =>
      i === 5 || i === 6 ? (1n << 128n) - 1n : element,
    ),
  }),
  "a rule without flags": (input) => ({
    ...input,
    rule: (input.rule as bigint[]).map((element, i) => (i === 30 ? 127n << 57n : element)),
  }),
  "budgets without bounds": (input) => ({
    ...input,
    capacity: (input.capacity as bigint[]).map(() => (1n << 160n) - 1n),
  }),
  "a faster refill": (input) => ({ ...input, refill: [1n << 110n, 1n << 110n, 1n << 110n, 0n] }),
  "regimes that never tighten": (input) => ({
    ...input,
    elevatedBps: 10_000n,
    stressedBps: 10_000n,
  }),
  "empty budgets": (input) => ({ ...input, packed: [0n, 0n, 0n, 0n] }),
  "a calmer risk answer": (input) => ({
    ...input,
    header: (input.header as bigint[]).map((element, i) => (i === 13 ? 1n : element)),
  }),
  "other calldata": (input) => ({
    ...input,
    words: (input.words as bigint[][]).map(() => [0n, 0n]),
  }),
  "no value": (input) => ({
    ...input,
    header: (input.header as bigint[]).map((element, i) => (i === 7 ? 0n : element)),
  }),
  "another salt": (input) => ({ ...input, saltNew: (input.saltNew as bigint) + 1n }),
};

test("altered secrets never turn a denial into a witness", async () => {
  let tried = 0;
  await fc.assert(
    fc.asyncProperty(mandateArbitrary, async ({ policy, situation }) => {
      fc.pre(!evaluate(policy, situation).allowed);
      const input = inputOf(claimedTransition(policy, situation));
      for (const [name, alter] of Object.entries(alterations)) {
        const altered = alter(input);
        expect(await failedRestriction("gate", altered), name).toBeDefined();
        tried++;
      }
    }),
    { numRuns: Math.ceil(runs / 10) },
  );
  expect(tried).toBeGreaterThan(0);
}, 300_000);

test("a commitment opens to one policy only", () => {
  fc.assert(
    fc.property(mandateArbitrary, mandateArbitrary, ({ policy: a }, { policy: b }) => {
      const same = JSON.stringify(a, text) === JSON.stringify(b, text);
      expect(commitPolicy(a).commitment === commitPolicy(b).commitment).toBe(same);
    }),
    { numRuns: 50 },
  );
});

function text(_: string, value: unknown) {
  return typeof value === "bigint" ? value.toString() : value;
}
