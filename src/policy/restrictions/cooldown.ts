import type { Finding } from "../finding.ts";
import type { BudgetLevel } from "../policy.ts";
import type { Subject } from "../subject.ts";

/** Enough time has passed since charge slot 0's budget was last charged. */
export function cooldown({ rule, levels, time }: Subject): Finding[] {
  const first = rule.charges[0];
  const last = first ? (levels[first.budget] as BudgetLevel).last : 0n;
  return [
    {
      restriction: "cooldown",
      ok: time - last >= rule.cooldown,
      requirement: "time since the last charge is at least",
      limit: rule.cooldown,
      observed: time - last,
      unit: "seconds",
    },
  ];
}
