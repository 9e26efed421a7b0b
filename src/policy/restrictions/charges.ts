import type { Finding } from "../finding.ts";
import { type Budget, type BudgetLevel, type Charge, FULL_BPS } from "../policy.ts";
import type { Subject } from "../subject.ts";

/**
 * What is left of a budget's level after it has leaked until `time`.
 *
 * @param limitBps the regime's share of the refill, of 10,000
 * @returns units
 */
export function leakedLevel(
  budget: Budget,
  { level, last }: BudgetLevel,
  time: bigint,
  limitBps: bigint,
): bigint {
  const leak = budget.refillPerSecondPerBps * limitBps * (time - last);
  return leak >= level ? 0n : level - leak;
}

/** What one charge does to its budget. */
export interface ChargeOutcome {
  budget: number;
  /** Units charged, or given back. */
  charged: bigint;
  givesBack: boolean;
  /** Units before the charge, leaked until the action's time. */
  leaked: bigint;
  /** Units after the charge; negative if more is given back than there is. */
  level: bigint;
  /** Units that the regime allows in all. */
  capacity: bigint;
}

function outcome(subject: Subject, charge: Charge): ChargeOutcome {
  const { policy, levels, time, limitBps, amount, feeds } = subject;
  const budget = policy.budgets[charge.budget] as Budget;
  const leaked = leakedLevel(budget, levels[charge.budget] as BudgetLevel, time, limitBps);
  const charged =
    amount * charge.perAmount + amount * feeds.priceAnswer * charge.perNotional + charge.perCall;
  return {
    budget: charge.budget,
    charged,
    givesBack: charge.givesBack,
    leaked,
    level: charge.givesBack ? leaked - charged : leaked + charged,
    capacity: (budget.capacity * limitBps) / FULL_BPS,
  };
}

/** The outcomes of the rule's used charge slots, in slot order. */
export function chargeOutcomes(subject: Subject): ChargeOutcome[] {
  return subject.rule.charges.flatMap((charge) => (charge ? [outcome(subject, charge)] : []));
}

/**
 * Every charged budget stays within what the regime leaves of its capacity; what is given back is
 * there; and no budget was last charged after the action's time.
 */
export function charges(subject: Subject): Finding[] {
  return chargeOutcomes(subject).flatMap((outcome): Finding[] => {
    const { budget, charged, givesBack, leaked, level, capacity } = outcome;
    const { last } = subject.levels[budget] as BudgetLevel;
    const common = { restriction: "charges", unit: "budget", budget } as const;
    return [
      {
        restriction: "charges",
        ok: subject.time >= last,
        requirement: "time is at or after the budget's last charge at",
        limit: last,
        observed: subject.time,
        unit: "time",
      },
      givesBack
        ? {
            ...common,
            ok: level >= 0n,
            requirement: "budget gives back at most",
            limit: leaked,
            observed: charged,
          }
        : {
            ...common,
            ok: level <= capacity,
            requirement: "budget's level after the charge is at most",
            limit: capacity,
            observed: level,
          },
    ];
  });
}
