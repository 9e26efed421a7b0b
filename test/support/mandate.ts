import { type Address, concatHex, type Hex, keccak256, numberToHex, zeroAddress } from "viem";
import { circuits } from "../../src/action/circuits.ts";
import type { Action, FeedReadings } from "../../src/action/context.ts";
import { challenge, gatedActionDigest } from "../../src/action/digest.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { circuitFor } from "../../src/policy/evaluate.ts";
import {
  BUDGETS,
  type Budget,
  FULL_BPS,
  NO_THRESHOLD,
  NO_TIME_BOUND,
  type Policy,
  type Rule,
} from "../../src/policy/policy.ts";
import { chargeOutcomes } from "../../src/policy/restrictions/charges.ts";
import { type Situation, subjectOf } from "../../src/policy/subject.ts";
import {
  bindTransition,
  type CircuitInput,
  circuitInput,
  type Transition,
} from "../../src/witness/witness.ts";

export const CHAIN_ID = 31_337;
export const GATE: Address = "0x6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e";
export const TOKEN: Address = "0x70c3e00000000000000000000000000000000001";
export const RECIPIENT: Address = "0x9ec1000000000000000000000000000000000002";
const MAX_LEVEL = (1n << 160n) - 1n;
/** Monday 2029-01-01, 12:00 UTC */
export const NOON = 1_861_963_200n;
const TRANSFER = 0xa9059cbbn;

/** A rule for ERC-20 transfers of up to 1,000 (2,000 with an approval), and no other restriction. */
export const baseRule: Rule = {
  name: "transfer",
  chainId: CHAIN_ID,
  targetLo: TOKEN,
  targetHi: TOKEN,
  selector: TRANSFER,
  dataLengthMin: 68,
  dataLengthMax: 68,
  amount: { from: "word", word: 1 },
  limitAgent: 1_000n,
  limitQuorum: 2_000n,
  scales: false,
  conditions: [],
  charges: [],
  priceFeed: zeroAddress,
  priceMaxAge: NO_TIME_BOUND,
  validFrom: 0n,
  validUntil: NO_TIME_BOUND,
  hoursStart: 0,
  hoursEnd: 86_400,
  days: 0b1111111,
  cooldown: 0n,
  quorum: { calm: false, elevated: false, stressed: false },
};

const unusedBudget = (i: number): Budget => ({
  name: `budget ${i}`,
  capacity: 0n,
  refillPerSecondPerBps: 0n,
});

/** A policy without regimes and budgets. */
export const basePolicy: Policy = {
  name: "test",
  rules: [baseRule],
  budgets: Array.from({ length: BUDGETS }, (_, i) => unusedBudget(i)),
  regimes: {
    elevatedAbove: NO_THRESHOLD,
    stressedAbove: NO_THRESHOLD,
    elevatedBps: FULL_BPS,
    stressedBps: FULL_BPS,
  },
  salt: 0x5a17n,
};

/** Calldata from a selector and words. */
export function calldata(selector: bigint, words: readonly bigint[]): Hex {
  return concatHex([
    numberToHex(selector, { size: 4 }),
    ...words.map((word) => numberToHex(word, { size: 32 })),
  ]);
}

export const baseFeeds: FeedReadings = {
  priceFeed: zeroAddress,
  priceAnswer: 0n,
  priceUpdatedAt: 0n,
  riskAnswer: 0n,
};

export const baseAction: Action = {
  chainId: CHAIN_ID,
  gate: GATE,
  target: TOKEN,
  value: 0n,
  data: calldata(TRANSFER, [BigInt(RECIPIENT), 500n]),
};

/** A transfer of 500 on a Monday noon, with empty budgets. */
export const baseSituation: Situation = {
  action: baseAction,
  time: NOON,
  feeds: baseFeeds,
  levels: Array.from({ length: BUDGETS }, () => ({ level: 0n, last: NOON - 86_400n })),
  tier: "gate",
};

/**
 * The transition that a prover would claim under a rule, whether or not the rule allows it: budgets
 * are charged as the rule says, with levels cut to what a state can hold.
 */
export function claimedTransition(policy: Policy, situation: Situation, ruleIndex = 0): Transition {
  const rule = policy.rules[ruleIndex] as Rule;
  const outcomes = chargeOutcomes(subjectOf(policy, rule, situation));
  const levels = situation.levels.map((before, budget) => {
    const charged = outcomes.find((outcome) => outcome.budget === budget);
    if (!charged) return before;
    const level = [0n, charged.level, MAX_LEVEL].toSorted((a, b) => (a < b ? -1 : 1))[1] as bigint;
    return { level, last: situation.time };
  });
  return {
    circuit: circuitFor(rule),
    action: situation.action,
    time: situation.time,
    feeds: situation.feeds,
    committed: commitPolicy(policy),
    ruleIndex,
    stateOld: { levels: [...situation.levels], salt: 0x01dn },
    stateNew: { levels, salt: 0x2e3n },
  };
}

/** The circuit input of a transition, with the challenge of a digest as the gate would compute it. */
export function inputOf(transition: Transition): CircuitInput {
  const binding = bindTransition(transition);
  const digest = gatedActionDigest(transition.action.chainId, transition.action.gate, {
    circuit: circuits[transition.circuit].id,
    contextHash: binding.contextHash,
    lane: 0,
    epoch: 1,
    seq: 0n,
    dataHash: keccak256(transition.action.data),
    deadline: transition.time + 300n,
    submitter: zeroAddress,
    contextCommitment: binding.contextCommitment,
  });
  return circuitInput(transition, binding, challenge(digest));
}
