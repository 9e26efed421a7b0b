import type { BudgetLevel, Policy } from "../policy/policy.ts";
import { FULL_BPS } from "../policy/policy.ts";

/**
 * How much of each budget is left, in a calm regime. As secret as the limits are.
 *
 * @param levels the lane's budgets after everything that is in flight
 * @param time unix seconds
 * @returns by budget, 0 to 1, of those that the policy has
 */
export function budgetHeadroom(
  { budgets }: Pick<Policy, "budgets">,
  levels: readonly BudgetLevel[],
  time: bigint,
): { budget: string; headroom: number }[] {
  return budgets.flatMap(({ name, capacity, refillPerSecondPerBps }, i) => {
    const level = levels[i];
    if (capacity === 0n || !level) return [];
    const leaked = refillPerSecondPerBps * FULL_BPS * (time > level.last ? time - level.last : 0n);
    const now = level.level > leaked ? level.level - leaked : 0n;
    const left = now < capacity ? capacity - now : 0n;
    return [{ budget: name, headroom: Number((left * 10_000n) / capacity) / 10_000 }];
  });
}
