import { type Address, concatHex, type Hex, numberToHex } from "viem";
import type { CircuitName } from "../../../src/action/circuits.ts";
import type { Action, FeedReadings } from "../../../src/action/context.ts";
import { commitPolicy } from "../../../src/policy/commitment.ts";
import { circuitFor } from "../../../src/policy/evaluate.ts";
import {
  type BudgetLevel,
  NO_THRESHOLD,
  NO_TIME_BOUND,
  type Policy,
  type Rule,
} from "../../../src/policy/policy.ts";
import { chargeOutcomes } from "../../../src/policy/restrictions/charges.ts";
import { subjectOf } from "../../../src/policy/subject.ts";
import { bindTransition, type CircuitInput, circuitInput } from "../../../src/witness/witness.ts";

export const GATE: Address = "0xabcdef0123456789abcdef0123456789abcdef01";
export const TOKEN: Address = "0x1111111111111111111111111111111111111111";
export const FEED: Address = "0x2222222222222222222222222222222222222222";
const NO_FEED: Address = "0x0000000000000000000000000000000000000000";
/** Wednesday, 18 November 2026, 12:00:00 UTC. */
export const NOON = 1_795_003_200n;
const SELECTOR = 0xa9059cbbn;

/** Calldata of a selector and whole words. */
export function calldata(words: readonly bigint[], selector = SELECTOR): Hex {
  return concatHex([
    numberToHex(selector, { size: 4 }),
    ...words.map((word) => numberToHex(word, { size: 32 })),
  ]);
}

/** A transfer-like rule that restricts nothing but its target, its call and the amount in word 1. */
export const plainRule: Rule = {
  name: "transfer",
  chainId: 31_337,
  targetLo: TOKEN,
  targetHi: TOKEN,
  selector: SELECTOR,
  dataLengthMin: 68,
  dataLengthMax: 68,
  amount: { from: "word", word: 1 },
  limitAgent: 1_000n,
  limitQuorum: 2_000n,
  scales: false,
  conditions: [],
  charges: [],
  priceFeed: NO_FEED,
  priceMaxAge: NO_TIME_BOUND,
  validFrom: 0n,
  validUntil: NO_TIME_BOUND,
  hoursStart: 0,
  hoursEnd: 86_400,
  days: 0b1111111,
  cooldown: 0n,
  quorum: { calm: false, elevated: false, stressed: false },
};

/** One action under one rule, in a lane's state. */
export interface Scenario {
  policy: Policy;
  ruleIndex: number;
  action: Action;
  time: bigint;
  feeds: FeedReadings;
  levels: BudgetLevel[];
}

type Changes = Partial<Omit<Scenario, "policy" | "action" | "feeds">> & {
  rule?: Partial<Rule>;
  policy?: Partial<Policy>;
  action?: Partial<Action>;
  feeds?: Partial<FeedReadings>;
};

/** A plain transfer of 1,000 at noon with budgets filled to different levels, and what a test changes of it. */
export function scenario(changes: Changes = {}): Scenario {
  return {
    policy: {
      name: "test",
      rules: [{ ...plainRule, ...changes.rule }],
      budgets: [
        { name: "volume", capacity: 10_000n, refillPerSecondPerBps: 0n },
        { name: "turnover", capacity: 5_000_000n, refillPerSecondPerBps: 3n },
        { name: "calls", capacity: 100n, refillPerSecondPerBps: 1n },
        { name: "position", capacity: (1n << 160n) - 1n, refillPerSecondPerBps: 0n },
      ],
      regimes: {
        elevatedAbove: NO_THRESHOLD,
        stressedAbove: NO_THRESHOLD,
        elevatedBps: 10_000n,
        stressedBps: 10_000n,
      },
      salt: 123_456_789n,
      ...changes.policy,
    },
    ruleIndex: changes.ruleIndex ?? 0,
    action: {
      chainId: 31_337,
      gate: GATE,
      target: TOKEN,
      value: 0n,
      data: calldata([0xbeefn, 1_000n]),
      ...changes.action,
    },
    time: changes.time ?? NOON,
    feeds: {
      priceFeed: NO_FEED,
      priceAnswer: 0n,
      priceUpdatedAt: 0n,
      riskAnswer: 0n,
      ...changes.feeds,
    },
    levels: changes.levels ?? [
      { level: 4_000n, last: NOON - 100n },
      { level: 4_500_000n, last: NOON - 100n },
      { level: 50n, last: NOON },
      { level: 7_777n, last: NOON - 1_000n },
    ],
  };
}

/** A circuit and its whole input. */
export interface Statement {
  circuit: CircuitName;
  input: CircuitInput;
}

/**
 * The circuit's input for a scenario whether or not the policy allows it: the new state is the one that
 * the charges lead to, so that only the restriction under test can fail.
 */
export function statementOf(
  { policy, ruleIndex, action, time, feeds, levels }: Scenario,
  circuit?: CircuitName,
): Statement {
  const rule = policy.rules[ruleIndex] as Rule;
  const outcomes = chargeOutcomes(
    subjectOf(policy, rule, { action, time, feeds, levels, tier: "gate" }),
  );
  const levelsAfter = levels.map((before, budget) => {
    const outcome = outcomes.find((charged) => charged.budget === budget);
    const level = outcome && outcome.level > 0n ? outcome.level : 0n;
    return outcome ? { level, last: time } : before;
  });
  const transition = {
    circuit: circuit ?? circuitFor(rule),
    action,
    time,
    feeds,
    committed: commitPolicy(policy),
    ruleIndex,
    stateOld: { levels, salt: 11n },
    stateNew: { levels: levelsAfter, salt: 22n },
  };
  const challenge = 0x1234567890abcdef1234567890abcdefn;
  return {
    circuit: transition.circuit,
    input: circuitInput(transition, bindTransition(transition), challenge),
  };
}
