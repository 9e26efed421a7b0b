import { isAddressEqual, zeroAddress } from "viem";
import { type CircuitName, circuits } from "../action/circuits.ts";
import { assertActionBounds, type FeedReadings } from "../action/context.ts";
import type { Finding, Restriction } from "./finding.ts";
import type { BudgetLevel, Policy, Regime, Rule } from "./policy.ts";
import { amount } from "./restrictions/amount.ts";
import { call } from "./restrictions/call.ts";
import { type ChargeOutcome, chargeOutcomes, charges } from "./restrictions/charges.ts";
import { conditions } from "./restrictions/conditions.ts";
import { cooldown } from "./restrictions/cooldown.ts";
import { priceBand } from "./restrictions/priceBand.ts";
import { priceFeed } from "./restrictions/priceFeed.ts";
import { quorum } from "./restrictions/quorum.ts";
import { schedule } from "./restrictions/schedule.ts";
import { target } from "./restrictions/target.ts";
import { type Situation, type Subject, subjectOf } from "./subject.ts";

const checks = [
  target,
  call,
  amount,
  conditions,
  priceFeed,
  priceBand,
  schedule,
  charges,
  cooldown,
  quorum,
];

/** One rule's requirements, each held against the action. */
export interface RuleFindings {
  rule: Rule;
  ruleIndex: number;
  findings: Finding[];
}

/** The policy allows the action under `rule`. */
export interface Allowed {
  allowed: true;
  rule: Rule;
  ruleIndex: number;
  /** The smallest circuit that reads every word that the rule reads. */
  circuit: CircuitName;
  /** The feeds that the action names. */
  feeds: FeedReadings;
  regime: Regime;
  /** wei or token units */
  amount: bigint;
  charges: ChargeOutcome[];
  /** The lane's four budgets after the action. */
  levels: BudgetLevel[];
}

/** No rule allows the action; the findings say why, rule by rule. */
export interface Denied {
  allowed: false;
  rules: RuleFindings[];
}

export type Verdict = Allowed | Denied;

/** Holds one rule against a situation: every requirement, met or not. */
export function judgeRule(policy: Policy, ruleIndex: number, situation: Situation): RuleFindings {
  const rule = policy.rules[ruleIndex] as Rule;
  const subject = subjectOf(policy, rule, situation);
  return { rule, ruleIndex, findings: checks.flatMap((check) => check(subject)) };
}

/** The highest calldata word that a rule reads, −1 for none. */
export function highestWord(rule: Rule): number {
  return Math.max(
    -1,
    rule.amount.from === "word" ? rule.amount.word : -1,
    rule.band?.minOutWord ?? -1,
    ...rule.conditions.map(({ word }) => word),
  );
}

/** The smallest circuit that reads every word that the rule reads. */
export function circuitFor(rule: Rule): CircuitName {
  return highestWord(rule) < circuits.gate.words ? "gate" : "wide";
}

/** The lane's four budgets after a rule's charges; the charged ones are dated with the action's time. */
export function levelsAfter(
  { levels, time }: Subject,
  outcomes: readonly ChargeOutcome[],
): BudgetLevel[] {
  return levels.map((before, budget) => {
    const charged = outcomes.find((outcome) => outcome.budget === budget);
    return charged ? { level: charged.level, last: time } : { ...before };
  });
}

function allow(policy: Policy, { rule, ruleIndex }: RuleFindings, situation: Situation): Allowed {
  const subject = subjectOf(policy, rule, situation);
  const outcomes = chargeOutcomes(subject);
  return {
    allowed: true,
    rule,
    ruleIndex,
    circuit: circuitFor(rule),
    feeds: situation.feeds,
    regime: subject.regime,
    amount: subject.amount,
    charges: outcomes,
    levels: levelsAfter(subject, outcomes),
  };
}

function firstAllowed(policy: Policy, situationOf: (rule: Rule) => Situation): Verdict {
  const rules: RuleFindings[] = [];
  for (const [ruleIndex, rule] of policy.rules.entries()) {
    const situation = situationOf(rule);
    const judged = judgeRule(policy, ruleIndex, situation);
    if (judged.findings.every(({ ok }) => ok)) return allow(policy, judged, situation);
    rules.push(judged);
  }
  return { allowed: false, rules };
}

/**
 * Decides whether a policy allows an action: the readable reference that the circuit agrees with.
 * Any number of rules may match; the first that allows is taken; without one the action is denied.
 *
 * @param policy a well-formed policy
 * @param situation the action, its time, the feeds it names and the lane's budgets
 * @throws {InvalidContextError} if the action or the feeds exceed the bounds that every gate enforces
 *
 * @example
 * const verdict = evaluate(policy, { action, time, feeds, levels, tier: "gate" });
 * if (!verdict.allowed) console.error(explainDenial(verdict.rules).join("\n"));
 */
export function evaluate(policy: Policy, situation: Situation): Verdict {
  assertActionBounds(situation);
  return firstAllowed(policy, () => situation);
}

/** What one price feed answered. */
export type PriceReading = Omit<FeedReadings, "riskAnswer">;

const NO_PRICE: PriceReading = { priceFeed: zeroAddress, priceAnswer: 0n, priceUpdatedAt: 0n };

/**
 * Decides like `evaluate`, naming for each rule the price feed that the rule asks for. A rule whose
 * feed has no reading is denied.
 *
 * @param prices readings of the feeds that could be read
 * @param riskAnswer the gate's risk feed; 0 = none
 * @throws {InvalidContextError} as `evaluate`
 */
export function decide(
  policy: Policy,
  input: Omit<Situation, "feeds"> & { prices: readonly PriceReading[]; riskAnswer: bigint },
): Verdict {
  const { prices, riskAnswer, ...situation } = input;
  for (const price of [NO_PRICE, ...prices]) {
    assertActionBounds({ ...situation, feeds: { ...price, riskAnswer } });
  }
  return firstAllowed(policy, ({ priceFeed }) => {
    const price = prices.find((reading) => isAddressEqual(reading.priceFeed, priceFeed));
    return { ...situation, feeds: { ...(price ?? NO_PRICE), riskAnswer } };
  });
}

/** The restrictions that a rule's findings fail, each once. */
export function failedRestrictions(findings: readonly Finding[]): Restriction[] {
  return [...new Set(findings.filter(({ ok }) => !ok).map(({ restriction }) => restriction))];
}
