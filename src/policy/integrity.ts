import { babyjubjub } from "@noble/curves/misc.js";
import { MalformedPolicyError, type PolicyProblem } from "../errors/policy.ts";
import { FIELD_ORDER } from "../field/field.ts";
import { type Checks, checkRule, createChecks, type UnsaltedPolicy } from "./integrityRule.ts";
import {
  BUDGETS,
  type Budget,
  FULL_BPS,
  type GroupKey,
  MAX_RULES,
  NO_THRESHOLD,
} from "./policy.ts";

export type { UnsaltedPolicy };

type Path = readonly (string | number)[];

function checkBudget(checks: Checks, path: Path, budget: Budget) {
  checks.below([...path, "capacity"], budget.capacity, 1n << 160n, "2^160");
  const { refillPerSecondPerBps: refill } = budget;
  const at = [...path, "refillPerSecondPerBps"];
  if (checks.below(at, refill, 1n << 160n, "2^160")) {
    const leak = refill * FULL_BPS * (1n << 34n);
    checks.that(at, leak < 1n << 160n, "refill · 10^4 · 2^34 < 2^160", refill);
  }
}

function checkRegimes(checks: Checks, policy: UnsaltedPolicy) {
  const { elevatedAbove, stressedAbove, elevatedBps, stressedBps } = policy.regimes;
  const thresholds =
    checks.below(["regimes", "elevatedAbove"], elevatedAbove, NO_THRESHOLD + 1n, "2^80 + 1") &&
    checks.below(["regimes", "stressedAbove"], stressedAbove, NO_THRESHOLD + 1n, "2^80 + 1");
  if (thresholds) {
    const ordered = stressedAbove >= elevatedAbove;
    checks.that(["regimes", "stressedAbove"], ordered, "at least elevatedAbove", stressedAbove);
  }
  checks.below(["regimes", "elevatedBps"], elevatedBps, FULL_BPS + 1n, "10,001");
  checks.below(["regimes", "stressedBps"], stressedBps, FULL_BPS + 1n, "10,001");
}

/**
 * Whether a BabyJubJub point can be a group key: on the curve, in the subgroup of prime order, not
 * the identity (for which anyone could sign).
 */
export function isGroupKey({ x, y }: GroupKey): boolean {
  if (x >= FIELD_ORDER || y >= FIELD_ORDER) return false;
  try {
    const point = babyjubjub.Point.fromAffine({ x, y });
    point.assertValidity();
    return !point.is0() && point.isTorsionFree();
  } catch {
    return false;
  }
}

/**
 * What is wrong with a policy, if anything: every bound of docs/PROTOCOL.md §4 and §5, the
 * conditions on giving back, distinct budgets, words within the minimum length.
 *
 * @returns problems with paths into the compiled policy; empty if it is well-formed
 */
export function integrityProblems(policy: UnsaltedPolicy & { salt?: bigint }): PolicyProblem[] {
  const checks = createChecks();
  const { rules, budgets } = policy;
  if (!Array.isArray(rules) || rules.length > MAX_RULES) {
    checks.fail(["rules"], `at most ${MAX_RULES} rules`, rules?.length);
    return checks.problems;
  }
  if (!Array.isArray(budgets) || budgets.length !== BUDGETS) {
    checks.fail(["budgets"], `exactly ${BUDGETS} budgets`, budgets?.length);
    return checks.problems;
  }
  for (const [index, rule] of rules.entries()) checkRule(checks, ["rules", index], rule, policy);
  for (const [index, budget] of budgets.entries()) checkBudget(checks, ["budgets", index], budget);
  checkRegimes(checks, policy);
  if (policy.approvers) {
    for (const key of ["normal", "stressed"] as const) {
      const point = policy.approvers[key];
      const expected = "a BabyJubJub point of prime order, not the identity";
      checks.that(
        ["approvers", key],
        !!point && isGroupKey(point),
        expected,
        `(${point?.x}, ${point?.y})`,
      );
    }
  }
  if ("salt" in policy) checks.below(["salt"], policy.salt, FIELD_ORDER, "p");
  return checks.problems;
}

/**
 * Refuses a policy that breaks what the circuit takes for granted. Called before every commitment,
 * whatever wrote the policy: the circuit trusts the leaf.
 *
 * @throws {MalformedPolicyError} with every broken bound
 * @see docs/PROTOCOL.md §4, §5 and §7
 *
 * @example
 * assertWellFormed(withSalt(compilePolicy(source).policy, salt));
 */
export function assertWellFormed(policy: UnsaltedPolicy & { salt?: bigint }): void {
  let problems: PolicyProblem[];
  try {
    problems = integrityProblems(policy);
  } catch (cause) {
    // A policy of foreign origin may lack whole parts.
    problems = [{ path: [], message: "is not a policy", received: String(cause) }];
  }
  if (problems.length > 0) throw new MalformedPolicyError(problems);
}
