import { FULL_BPS } from "./policy.ts";
import type { ScaledBudget } from "./source/budgets.ts";
import {
  compare,
  formatRational,
  product,
  type Rational,
  rational,
  sum,
} from "./source/rational.ts";
import type { RuleDraft } from "./source/rule.ts";
import type { Asset } from "./source/scope.ts";
import { formatDuration } from "./source/time.ts";

/** The longest that a gate lets a claimed time lag behind its block, in seconds. */
export const MAX_DELAY_SECONDS = 300n;
const PERIOD_SECONDS = 86_400n;
const ONE = rational(1n);

/** What one budget allows, in figures with their unit, over all lanes unless it says otherwise. */
export interface BudgetReport {
  name: string;
  capacity: string;
  capacityPerLane: string;
  /** "24h" or "never" */
  refill: string;
  /** The most that any 24 h can see: capacity + refill · (24 h + the longest delay). */
  day: string;
  dayPerLane: string;
  /** The most that a thief of key, policy and host could cost through it in 24 h. */
  worstCase: string | undefined;
  /** Rules that leave their token open, so that no figure bounds what they move through it. */
  openThrough: string[];
}

/** What one rule allows. */
export interface RuleReport {
  name: string;
  /** The largest single amount. */
  max: string | undefined;
  /** The largest amount without an approval, where it is lower. */
  maxAlone: string | undefined;
  /** What bounds a thief's gain in 24 h; empty if nothing does. */
  bounds: string[];
}

/** Totals and the worst case, as `policy compile` and `explain` print them. Reveals limits. */
export interface PolicyReport {
  name: string;
  lanes: number;
  budgets: BudgetReport[];
  rules: RuleReport[];
}

interface Day {
  budget: ScaledBudget;
  perLane: Rational;
  total: Rational;
}

function dayOf(budget: ScaledBudget, lanes: bigint): Day {
  const { capacity, refillPerSecondPerBps: refill, unitsPerWhole } = budget;
  const units = capacity + refill * FULL_BPS * (PERIOD_SECONDS + MAX_DELAY_SECONDS);
  const perLane = rational(units, unitsPerWhole);
  return { budget, perLane, total: product(perLane, rational(lanes)) };
}

/** The part of a charged value that a thief can keep: the slippage and the feed's error under a band. */
function lossShare({ band, openChoices, exactTarget }: RuleDraft): {
  share: Rational;
  note: string;
} {
  if (!band || openChoices.length > 0 || !exactTarget) return { share: ONE, note: "" };
  const share = sum(band.slippage, band.deviation ?? rational(0n));
  const percent = `${formatRational(product(share, rational(100n)))}%`;
  const note = band.deviation
    ? `slippage and feed deviation, ${percent}`
    : `slippage ${percent}, plus the feed's error`;
  return compare(share, ONE) < 0 ? { share, note } : { share: ONE, note: "" };
}

function isProportional({ perAmount, perNotional }: RuleDraft["charges"][number]): boolean {
  return perAmount.numerator > 0n || perNotional.numerator > 0n;
}

/** What the desk wrote itself is shown as it is, not rounded; only what no decimal is ends at 6 places. */
function exactText(value: Rational): string {
  return formatRational(value, 10n ** 18n % value.denominator === 0n ? 18 : 6);
}

function amountText(units: bigint, asset: Asset): string {
  return `${formatRational(rational(units, 10n ** BigInt(asset.decimals)), asset.decimals)} ${asset.symbol}`;
}

/** The largest single amount; in base units if nothing pins the token they belong to. */
function largestText({ rule, amount, tokenChoices }: RuleDraft): string | undefined {
  if (!amount || tokenChoices.length === 0) return amount && amountText(rule.limitQuorum, amount);
  return `${formatRational(rational(rule.limitQuorum), 0)} base units of any token`;
}

/** The charges of a rule that bound what it can move: they add, and nothing undoes them. */
function boundingCharges(draft: RuleDraft, givenBack: ReadonlySet<string>) {
  return draft.charges.filter(
    (charge) =>
      !charge.givesBack &&
      !givenBack.has(charge.budget) &&
      (isProportional(charge) || charge.perCall.numerator > 0n),
  );
}

function ruleReport(
  draft: RuleDraft,
  days: readonly Day[],
  givenBack: ReadonlySet<string>,
): RuleReport {
  const { rule, amount, tokenChoices, onTrust } = draft;
  const { share, note } = lossShare(draft);
  const max = largestText(draft);
  const provided = onTrust.length > 0 ? `, if ${onTrust.join(" and ")}` : "";
  const bounds = boundingCharges(draft, givenBack).flatMap((charge): string[] => {
    const day = days.find(({ budget }) => budget.name === charge.budget);
    if (!day) return [];
    const { unit } = day.budget;
    if (isProportional(charge)) {
      if (tokenChoices.length > 0) return [];
      const loss = `${formatRational(product(day.total, share), 2)} ${unit}`;
      const through = note ? ` through ${charge.budget} (${note})` : `, all of ${charge.budget}`;
      return [`${loss}${through}${provided}`];
    }
    const { numerator, denominator } = product(
      day.total,
      rational(charge.perCall.denominator, charge.perCall.numerator),
    );
    const calls = numerator / denominator;
    const each = max ? ` of at most ${max}` : "";
    return [`${formatRational(rational(calls), 0)} calls${each}, through ${charge.budget}`];
  });
  return {
    name: rule.name,
    max,
    maxAlone:
      amount && tokenChoices.length === 0 && rule.limitAgent < rule.limitQuorum
        ? amountText(rule.limitAgent, amount)
        : undefined,
    bounds,
  };
}

function budgetReport(
  day: Day,
  drafts: readonly RuleDraft[],
  givenBack: ReadonlySet<string>,
  lanes: bigint,
): BudgetReport {
  const { budget, perLane, total } = day;
  const { name, unit, plan, unitsPerWhole } = budget;
  const figure = (value: Rational) => `${formatRational(value, 2)} ${unit}`;
  const bounded = drafts.filter((draft) =>
    boundingCharges(draft, givenBack).some(
      (charge) => charge.budget === name && isProportional(charge),
    ),
  );
  const open = bounded.filter(({ tokenChoices }) => tokenChoices.length > 0);
  const worst = bounded
    .map((draft) => lossShare(draft).share)
    .sort(compare)
    .at(-1);
  const capacity = rational(budget.capacity, unitsPerWhole);
  return {
    name,
    capacity: `${exactText(product(capacity, rational(lanes)))} ${unit}`,
    capacityPerLane: `${exactText(capacity)} ${unit}`,
    refill: plan.refillSeconds === undefined ? "never" : formatDuration(plan.refillSeconds),
    day: figure(total),
    dayPerLane: figure(perLane),
    worstCase: worst && open.length === 0 ? figure(product(total, worst)) : undefined,
    openThrough: open.map(({ rule }) => rule.name),
  };
}

/** The budgets whose level bounds nothing, by name: some rule gives back to them. */
function namesGivenBack(drafts: readonly RuleDraft[]): Set<string> {
  const charges = drafts.flatMap((draft) => draft.charges);
  return new Set(charges.filter(({ givesBack }) => givesBack).map(({ budget }) => budget));
}

/** What a compiled policy allows in 24 h, and what it could cost at most. */
export function reportPolicy(input: {
  name: string;
  lanes: number;
  drafts: readonly RuleDraft[];
  budgets: readonly ScaledBudget[];
}): PolicyReport {
  const { name, drafts, budgets } = input;
  const lanes = BigInt(input.lanes);
  const givenBack = namesGivenBack(drafts);
  const days = budgets.map((budget) => dayOf(budget, lanes));
  return {
    name,
    lanes: input.lanes,
    budgets: days.map((day) => budgetReport(day, drafts, givenBack, lanes)),
    rules: drafts.map((draft) => ruleReport(draft, days, givenBack)),
  };
}

function boundText(bounds: readonly string[]): string {
  if (bounds.length === 0) return "no budget bounds it";
  return bounds.length === 1 ? `at most ${bounds[0]}` : `the least of ${bounds.join("; ")}`;
}

/**
 * Writes a report in lines for a person.
 *
 * @example
 * console.log(formatReport(compilePolicy(source).report));
 */
export function formatReport(report: PolicyReport): string {
  const lanes = report.lanes === 1 ? "1 lane" : `${report.lanes} lanes`;
  const perLane = (figure: string) => (report.lanes === 1 ? "" : ` (${figure} a lane)`);
  const budgets = report.budgets.flatMap((budget) => [
    `  ${budget.name}: capacity ${budget.capacity}${perLane(budget.capacityPerLane)}, refill ${budget.refill}`,
    `    any 24 h: at most ${budget.day}${perLane(budget.dayPerLane)}${budget.openThrough.length > 0 ? ", as charged" : ""}`,
    ...(budget.worstCase ? [`    worst case: ${budget.worstCase} in 24 h`] : []),
    ...budget.openThrough.map(
      (rule) => `    worst case: no figure, since ${rule} leaves its token open`,
    ),
  ]);
  const rules = report.rules.flatMap(({ name, max, maxAlone, bounds }) => [
    `  ${name}: ${max ? `at most ${max} a call` : "no amount"}${maxAlone ? `, ${maxAlone} without an approval` : ""}`,
    `    a thief of key, policy and host, in 24 h: ${boundText(bounds)}`,
  ]);
  return [`${report.name}, ${lanes}`, "budgets", ...budgets, "rules", ...rules].join("\n");
}
