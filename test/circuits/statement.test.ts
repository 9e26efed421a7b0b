import { describe, expect, test } from "vitest";
import type { CircuitName } from "../../src/action/circuits.ts";
import type { Policy, Rule } from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import { failedRestriction } from "../support/circuit.ts";
import {
  baseAction,
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  claimedTransition,
  inputOf,
  NOON,
} from "../support/mandate.ts";

/** Which restriction a circuit refuses an action by; undefined if it accepts. */
async function refusal(
  circuit: CircuitName,
  {
    rule = {},
    policy = {},
    situation = {},
  }: {
    rule?: Partial<Rule>;
    policy?: Partial<Policy>;
    situation?: Partial<Situation>;
  } = {},
): Promise<string | undefined> {
  const transition = claimedTransition(
    { ...basePolicy, rules: [{ ...baseRule, ...rule }], ...policy },
    { ...baseSituation, ...situation },
  );
  return failedRestriction(circuit, inputOf({ ...transition, circuit }));
}

describe.each(["gate", "wide"] as const)("%s", (circuit) => {
  test("accepts a transfer within the rule", async () => {
    expect(await refusal(circuit)).toBeUndefined();
  });

  test("finds the rule anywhere in the tree", async () => {
    const rules = Array.from({ length: 256 }, (_, i) => ({ ...baseRule, limitAgent: BigInt(i) }));
    for (const ruleIndex of [0, 1, 63, 100, 255]) {
      const situation = {
        ...baseSituation,
        action: { ...baseAction, data: calldata(baseRule.selector, [1n, BigInt(ruleIndex)]) },
      };
      const transition = claimedTransition({ ...basePolicy, rules }, situation, ruleIndex);
      expect(await failedRestriction(circuit, inputOf({ ...transition, circuit }))).toBeUndefined();
    }
  });

  test("refuses an action that is not the one in the public inputs", async () => {
    const transition = claimedTransition(basePolicy, baseSituation);
    const input = inputOf({ ...transition, circuit });
    const fingerprint = (input.fingerprint as bigint) + 1n;
    expect(await failedRestriction(circuit, { ...input, fingerprint })).toBe("context");
    const words = (input.words as bigint[][]).map((word, k) => (k === 3 ? [0n, 1n] : word));
    expect(await failedRestriction(circuit, { ...input, words })).toBe("context");
  });

  test("refuses another policy, path or state than the committed ones", async () => {
    const input = inputOf({ ...claimedTransition(basePolicy, baseSituation), circuit });
    const changed = async (change: object) => failedRestriction(circuit, { ...input, ...change });
    expect(await changed({ policySalt: 1n })).toBe("policyCommitment");
    expect(
      await changed({ pathBits: [[1n, 0n], ...(input.pathBits as bigint[][]).slice(1)] }),
    ).toBe("merklePath");
    expect(await changed({ saltOld: 1n })).toBe("stateCommitment");
    expect(await changed({ saltNew: 1n })).toBe("stateCommitment");
  });

  test("refuses a charge past the budget's capacity", async () => {
    const rule = {
      charges: [{ budget: 0, givesBack: false, perAmount: 0n, perNotional: 0n, perCall: 1n }],
    };
    const capacity = { name: "calls", capacity: 10n, refillPerSecondPerBps: 0n };
    const budgets = [capacity, ...basePolicy.budgets.slice(1)];
    const levels = [{ level: 10n, last: NOON - 10n }, ...baseSituation.levels.slice(1)];
    expect(await refusal(circuit, { rule, policy: { budgets }, situation: { levels } })).toBe(
      "charges",
    );
  });
});

test("gate cannot be made to read past its eighth word", async () => {
  const rule = {
    dataLengthMin: 4 + 32 * 9,
    dataLengthMax: 4 + 32 * 9,
    amount: { from: "word", word: 8 },
  } as const;
  const data = calldata(baseRule.selector, [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 500n]);
  const situation = { action: { ...baseAction, data } };
  expect(await refusal("wide", { rule, situation })).toBeUndefined();
  expect(await refusal("gate", { rule, situation })).toBe("amount");
});
