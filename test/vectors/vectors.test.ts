import { describe, expect, test } from "vitest";
import { evaluate, failedRestrictions, judgeRule } from "../../src/policy/evaluate.ts";
import { restrictions } from "../../src/policy/finding.ts";
import { failedRestriction } from "../support/circuit.ts";
import { claimedTransition, inputOf } from "../support/mandate.ts";
import { loadVectors } from "../support/vectors.ts";

const vectors = loadVectors();

test("every restriction has its vectors", () => {
  expect([...vectors.keys()].toSorted()).toEqual([...restrictions].toSorted());
});

describe.each([...vectors])("%s", (_, cases) => {
  test.each(cases)("$name", async ({ policy, situation, allowed, failed, levelsAfter }) => {
    const verdict = evaluate(policy, situation);
    expect(verdict.allowed).toBe(allowed);
    expect(failedRestrictions(judgeRule(policy, 0, situation).findings)).toEqual(failed);
    if (verdict.allowed && levelsAfter) expect(verdict.levels).toEqual(levelsAfter);

    const transition = claimedTransition(policy, situation);
    const refusedBy = await failedRestriction(transition.circuit, inputOf(transition));
    if (allowed) expect(refusedBy).toBeUndefined();
    else expect(failed).toContain(refusedBy);
  });
});
