import type { PolicyLabels } from "./labels.ts";
import { BUDGETS, type Policy } from "./policy.ts";

/** What gives a state's levels their meaning: a compiled policy, or what was kept of one. */
export interface BudgetLayout {
  policy: Pick<Policy, "budgets">;
  labels: Pick<PolicyLabels, "budgets">;
}

/** Whether two layouts read a state alike; if not, the first difference, in words. */
export type LayoutComparison = { same: true } | { same: false; difference: string };

function grouped(integer: bigint): string {
  return integer.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/**
 * Whether two policies' budgets have the same names and units in the same order, so that a state of the
 * one can be kept under the other. A level is a bare number of internal units, which the compiler chooses
 * by refill, lanes and charges: under a policy of other units a full budget may read as nearly empty.
 * Capacities and refills may differ.
 *
 * @example
 * const layout = sameBudgetLayout(mandate, compilePolicy(source));
 * if (!layout.same) throw new Error(layout.difference); // "budget 1 is other instead of velocity"
 */
export function sameBudgetLayout(current: BudgetLayout, next: BudgetLayout): LayoutComparison {
  const at = ({ policy, labels }: BudgetLayout, index: number) => ({
    name: policy.budgets[index]?.name ?? "missing",
    symbol: labels.budgets[index]?.symbol ?? "nothing",
    unitsPerWhole: labels.budgets[index]?.unitsPerWhole ?? 0n,
  });
  for (let index = 0; index < BUDGETS; index++) {
    const [before, after] = [at(current, index), at(next, index)];
    const difference = (text: string): LayoutComparison => ({
      same: false,
      difference: `budget ${index}${text}`,
    });
    if (after.name !== before.name)
      return difference(` is ${after.name} instead of ${before.name}`);
    if (after.symbol !== before.symbol) {
      return difference(`, ${after.name}, counts ${after.symbol} instead of ${before.symbol}`);
    }
    if (after.unitsPerWhole !== before.unitsPerWhole) {
      const [fine, was] = [grouped(after.unitsPerWhole), grouped(before.unitsPerWhole)];
      return difference(
        `, ${after.name}, counts ${after.symbol} in parts of 1/${fine} instead of 1/${was}`,
      );
    }
  }
  return { same: true };
}
