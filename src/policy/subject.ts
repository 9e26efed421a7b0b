import {
  type Action,
  calldataWords,
  type FeedReadings,
  selectorOf,
  type Word,
} from "../action/context.ts";
import {
  type BudgetLevel,
  FULL_BPS,
  type Policy,
  type Regime,
  type Rule,
  type Tier,
} from "./policy.ts";
import { regimeOf } from "./restrictions/regime.ts";

/** The most calldata words that any circuit reads. */
const MAX_WORDS = 32;

/** An action in the moment at which it is to be judged. */
export interface Situation {
  action: Action;
  /** unix seconds, of a recent block; never the wall clock */
  time: bigint;
  feeds: FeedReadings;
  /** The lane's four budgets before the action. */
  levels: readonly BudgetLevel[];
  /** gate: the agent alone. quorum: with an approval. */
  tier: Tier;
}

/** One rule held against one situation: all that a restriction may look at. */
export interface Subject extends Situation {
  policy: Policy;
  rule: Rule;
  selector: bigint;
  words: readonly Word[];
  /** wei or token units: `value` or the rule's calldata word (256 bits, so that overflow shows) */
  amount: bigint;
  regime: Regime;
  /** What the regime leaves of scaled limits, of 10,000. */
  limitBps: bigint;
}

/** The whole 256-bit value of a word. */
export function wordValue({ high, low }: Word): bigint {
  return (high << 128n) + low;
}

/** Prepares one rule and one situation for the restrictions. */
export function subjectOf(policy: Policy, rule: Rule, situation: Situation): Subject {
  const words = calldataWords(situation.action.data, MAX_WORDS);
  const regime = regimeOf(policy.regimes, situation.feeds.riskAnswer);
  const { elevatedBps, stressedBps } = policy.regimes;
  return {
    ...situation,
    policy,
    rule,
    selector: selectorOf(situation.action.data),
    words,
    amount:
      rule.amount.from === "value"
        ? situation.action.value
        : wordValue(words[rule.amount.word] as Word),
    regime,
    limitBps: { calm: FULL_BPS, elevated: elevatedBps, stressed: stressedBps }[regime],
  };
}
