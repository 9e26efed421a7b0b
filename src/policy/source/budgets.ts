import { BUDGETS, type Budget, FULL_BPS } from "../policy.ts";
import type { ChargeDraft } from "./charges.ts";
import { integerOf, lcm, product, quotient, type Rational, rational } from "./rational.ts";
import type { BudgetSource } from "./schema.ts";
import { type Asset, CALLS, checkUnit, type Scope } from "./scope.ts";

/** A rounded-down refill may lose at most this part of itself. */
const MAX_ROUNDING = 1_000_000n;
const MAX_TIME = 1n << 34n;

/** A budget's source, valid so far. */
export interface BudgetPlan {
  name: string;
  /** USD, WETH, calls, … */
  unit: string;
  /** In whole units, over all lanes. */
  capacity: Rational;
  /** Seconds from empty to full; undefined = never. */
  refillSeconds: bigint | undefined;
}

/** A charge of some rule and the largest amount it can be multiplied with. */
export interface ChargeDemand extends ChargeDraft {
  limitQuorum: bigint;
}

/** A budget in the circuit's integers. */
export interface ScaledBudget extends Budget {
  unit: string;
  /** Internal units in one whole unit. */
  unitsPerWhole: bigint;
  plan: BudgetPlan;
}

/** Reads the budgets, in order; an invalid one is undefined and a problem. */
export function readBudgets(scope: Scope): (BudgetPlan | undefined)[] {
  const { problems, budgets } = scope;
  if (budgets.size > BUDGETS) {
    problems.add(["budgets"], `a policy has at most ${BUDGETS} budgets`, {
      received: `${budgets.size}`,
    });
  }
  return [...budgets].map(([name, source]) => source && readBudget(scope, name, source));
}

function readBudget(scope: Scope, name: string, source: BudgetSource): BudgetPlan | undefined {
  const { problems, assets } = scope;
  const path = ["budgets", name];
  const { value: capacity, unit } = source.capacity;
  const at = [...path, "capacity"];
  if (!checkUnit(scope, unit, at)) return undefined;
  const asset: Asset | undefined = assets.get(unit);
  if (assets.has(unit) && !asset) return undefined;
  if (unit === CALLS && integerOf(capacity) === undefined) {
    return problems.add(at, "a number of calls has no decimals");
  }
  if (asset && (capacity.numerator * 10n ** BigInt(asset.decimals)) % capacity.denominator !== 0n) {
    const expected = `at most ${asset.decimals} decimals, as ${unit} has`;
    return problems.add(at, "has too many decimals", { expected });
  }
  if (source.refill === 0n) {
    const expected = "a duration of at least 1s, or never";
    return problems.add([...path, "refill"], "an instant refill is no limit", { expected });
  }
  const refillSeconds = source.refill === "never" ? undefined : source.refill;
  return { name, unit, capacity, refillSeconds };
}

function denominatorOf(values: readonly Rational[], multiple = 1n): bigint {
  return values.reduce((accumulated, { denominator }) => lcm(accumulated, denominator), multiple);
}

function scaled(value: Rational, unitsPerWhole: bigint): bigint {
  return (value.numerator * unitsPerWhole) / value.denominator;
}

/** A charge in the budget's internal units; exact, since the scale divides by every denominator. */
export function scaleCharge(charge: ChargeDraft, unitsPerWhole: bigint) {
  return {
    perAmount: scaled(charge.perAmount, unitsPerWhole),
    perNotional: scaled(charge.perNotional, unitsPerWhole),
    perCall: scaled(charge.perCall, unitsPerWhole),
  };
}

function atScale(plan: BudgetPlan, lanes: bigint, unitsPerWhole: bigint): ScaledBudget {
  const perLane = product(plan.capacity, rational(1n, lanes));
  const refill =
    plan.refillSeconds === undefined
      ? rational(0n)
      : product(perLane, rational(1n, plan.refillSeconds * FULL_BPS));
  return {
    name: plan.name,
    unit: plan.unit,
    unitsPerWhole,
    capacity: scaled(perLane, unitsPerWhole),
    refillPerSecondPerBps: scaled(refill, unitsPerWhole),
    plan,
  };
}

/** What keeps a scale from fitting the circuit's bounds, if anything. */
function overflow(budget: ScaledBudget, demands: readonly ChargeDemand[]): string | undefined {
  if (budget.capacity >= 1n << 160n) return "its capacity would not stay below 2^160";
  if (budget.refillPerSecondPerBps * FULL_BPS * MAX_TIME >= 1n << 160n) {
    return "its refill would not stay below 2^160 over all time";
  }
  for (const demand of demands) {
    const { perAmount, perNotional, perCall } = scaleCharge(demand, budget.unitsPerWhole);
    const rule = `rules[${demand.path[1]}]`;
    if (perAmount >= 1n << 96n) return `the charge per amount of ${rule} would not stay below 2^96`;
    if (perCall >= 1n << 128n) return `the charge per call of ${rule} would not stay below 2^128`;
    if (demand.limitQuorum * perNotional >= 1n << 159n) {
      return `the largest notional of ${rule} would not stay below 2^159: lower its max`;
    }
  }
  return undefined;
}

/** Whether the refill is at most a millionth below what the policy says. */
function refillsWell({ plan, refillPerSecondPerBps, unitsPerWhole }: ScaledBudget, lanes: bigint) {
  if (plan.refillSeconds === undefined || plan.capacity.numerator === 0n) return true;
  const exact = product(
    plan.capacity,
    rational(unitsPerWhole, lanes * plan.refillSeconds * FULL_BPS),
  );
  const lost = exact.numerator - refillPerSecondPerBps * exact.denominator;
  return lost * MAX_ROUNDING <= exact.numerator;
}

/**
 * Chooses the internal unit of a budget so that every charge on it is a whole number, its refill per
 * second and basis point loses at most a millionth, and all bounds of the circuit hold.
 *
 * One call per 600 s, for instance, is counted in 6,000,000ths of a call.
 */
export function scaleBudget(
  scope: Scope,
  plan: BudgetPlan,
  demands: readonly ChargeDemand[],
  lanes: bigint,
): ScaledBudget | undefined {
  const asset = scope.assets.get(plan.unit);
  const charges = demands.flatMap(({ perAmount, perNotional, perCall }) => [
    perAmount,
    perNotional,
    perCall,
  ]);
  const whole = denominatorOf(
    [...charges, plan.capacity],
    asset ? 10n ** BigInt(asset.decimals) : 1n,
  );
  const perLane = quotient(plan.capacity, rational(lanes));
  const exactRefill =
    plan.refillSeconds === undefined
      ? []
      : [quotient(perLane, rational(plan.refillSeconds * FULL_BPS))];
  // First a scale at which nothing is rounded, then the smallest at which charges are whole, enlarged
  // until the refill is fine enough.
  const enlarged = () => {
    const { numerator, denominator } = exactRefill[0] ?? rational(1n);
    const perUnit = numerator * whole;
    const factor = perUnit === 0n ? 1n : (MAX_ROUNDING * denominator + perUnit - 1n) / perUnit;
    return whole * (factor > 1n ? factor : 1n);
  };
  const candidates = [denominatorOf([perLane, ...exactRefill], whole), enlarged(), whole];
  let reason = "";
  for (const unitsPerWhole of candidates) {
    const budget = atScale(plan, lanes, unitsPerWhole);
    const tooLarge = overflow(budget, demands);
    if (!tooLarge && refillsWell(budget, lanes)) return budget;
    // The smallest scale comes last: if even that is too large, this is why.
    reason = tooLarge ?? `a scale fine enough for its refill is too large: ${reason}`;
  }
  const message = `no unit of account fits the budget ${plan.name}: ${reason}`;
  return scope.problems.add(["budgets", plan.name], message);
}
