import fc from "fast-check";
import { type Address, numberToHex, zeroAddress } from "viem";
import { evaluate } from "../../src/policy/evaluate.ts";
import type { Budget, Charge, Policy, Rule } from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import type { Transition } from "../../src/witness/witness.ts";
import { mandateArbitrary } from "../support/arbitrary.ts";
import {
  baseAction,
  baseFeeds,
  basePolicy,
  baseRule,
  baseSituation,
  calldata,
  claimedTransition,
  GATE,
  NOON,
} from "../support/mandate.ts";

/** A transition that its policy allows. */
export interface Mandate {
  name: string;
  transition: Transition;
}

const FEED: Address = "0xfeed000000000000000000000000000000000001";
const DAY = 86_400n;
const SWAP = 0x1234_5678n;
const LIMB = 1n << 128n;
const regimes = {
  elevatedAbove: 60n,
  stressedAbove: 120n,
  elevatedBps: 5_000n,
  stressedBps: 1_000n,
};

const budgets: Budget[] = [
  { name: "volume", capacity: 10n ** 9n, refillPerSecondPerBps: 3n },
  { name: "position", capacity: (1n << 160n) - 1n, refillPerSecondPerBps: 0n },
  { name: "calls", capacity: 1_000n, refillPerSecondPerBps: 1n },
  { name: "turnover", capacity: 10n ** 30n, refillPerSecondPerBps: (1n << 112n) - 1n },
];
const levels = [
  { level: 10n ** 8n, last: NOON - 10n },
  { level: 123_456n, last: NOON - 5n * DAY },
  { level: 20n, last: NOON - 3_600n },
  { level: 10n ** 20n, last: NOON },
];

const charge = (budget: number, changes: Partial<Charge> = {}): Charge => ({
  budget,
  givesBack: false,
  perAmount: 1n,
  perNotional: 0n,
  perCall: 2n,
  ...changes,
});

/** Neighbours with other limits, so that no two children of a node are equal. */
function policyWith(rule: Rule, ruleIndex: number): Policy {
  const rules = Array.from({ length: ruleIndex + 1 }, (_, i) =>
    i === ruleIndex ? rule : { ...baseRule, limitAgent: BigInt(i), limitQuorum: BigInt(i + 1) },
  );
  return { ...basePolicy, rules, budgets, regimes };
}

interface Design {
  name: string;
  rule: Partial<Rule>;
  ruleIndex?: number;
  words?: readonly bigint[];
  situation?: Partial<Situation>;
}

/** A swap over WORDS words, the designs' common ground. */
function build({ name, rule, ruleIndex = 0, words, situation = {} }: Design): Mandate {
  const whole = {
    ...baseRule,
    ...(words && {
      selector: SWAP,
      dataLengthMin: 4 + 32 * words.length,
      dataLengthMax: 4 + 32 * words.length,
    }),
    ...rule,
  };
  const moment: Situation = {
    ...baseSituation,
    levels,
    feeds: { ...baseFeeds, riskAnswer: 10n },
    ...(words && { action: { ...baseAction, data: calldata(SWAP, words) } }),
    ...situation,
  };
  return { name, transition: claimedTransition(policyWith(whole, ruleIndex), moment, ruleIndex) };
}

const priced = { priceFeed: FEED, priceMaxAge: 60n };
const answer = (riskAnswer: bigint) => ({
  priceFeed: FEED,
  priceAnswer: 3_000n,
  priceUpdatedAt: NOON - 60n,
  riskAnswer,
});

/** Words whose limbs are all different and not small. */
const noise = (count: number) =>
  Array.from({ length: count }, (_, k) => (0xabcdn << 240n) + BigInt(7 * k + 1) * (LIMB + 12_345n));

/**
 * Together they take both branches of every selector: each amount source, band, condition, charge slot,
 * regime, day, and path bit, scaled and not, leaking empty and not.
 *
 * @param wordCount how many words the circuit reads
 */
export function designedMandates(wordCount: number): Mandate[] {
  const last = wordCount - 1;
  const swapWords = (changes: Record<number, bigint>) =>
    noise(wordCount).map((word, k) => changes[k] ?? word);
  const wordIndices = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 21, 31].filter((word) => word < wordCount);
  return [
    build({ name: "transfer", rule: {} }),
    build({
      name: "ether",
      rule: {
        selector: 0n,
        dataLengthMin: 0,
        dataLengthMax: 0,
        amount: { from: "value" },
        scales: true,
        charges: [undefined, charge(0)],
        quorum: { calm: false, elevated: true, stressed: true },
      },
      situation: { action: { ...baseAction, value: 900n, data: "0x" } },
    }),
    ...wordIndices.map((word) => {
      const other = last - word;
      const words = swapWords({ [word]: 60n, [(word + 1) % wordCount]: BigInt(GATE) });
      return build({
        name: `amount from word ${word}`,
        ruleIndex: word === last ? 255 : (21 * word) % 64,
        rule: {
          amount: { from: "word", word },
          scales: word % 2 === 0,
          conditions: [
            { word: other, op: "eq", operand: words[other] as bigint },
            { word, op: "le", operand: 500n },
            { word: (word + 1) % wordCount, op: "self", operand: 0n },
          ],
          charges: [charge(word % 4), charge((word + 1) % 4)],
          days: 1 << (word % 7),
        },
        words,
        situation: {
          time: NOON + BigInt(word) * DAY - DAY,
          feeds: { ...baseFeeds, riskAnswer: 80n },
          levels: levels.map(({ level }) => ({ level, last: NOON - 2n * DAY })),
        },
      });
    }),
    build({
      name: "ordered and equal conditions",
      rule: {
        amount: { from: "word", word: 2 },
        conditions: [
          { word: 0, op: "ge", operand: 3n },
          { word: 1, op: "ge", operand: LIMB - 2n },
          { word: last, op: "eq", operand: (1n << 256n) - 1n },
          { word: 3, op: "self", operand: 0n },
        ],
        quorum: { calm: false, elevated: false, stressed: true },
      },
      words: swapWords({ 0: 3n, 1: LIMB - 1n, 2: 1n, 3: BigInt(GATE), [last]: (1n << 256n) - 1n }),
    }),
    build({
      name: "equality twice, self first",
      rule: {
        amount: { from: "word", word: 2 },
        conditions: [
          { word: 4, op: "self", operand: 0n },
          { word: 5, op: "self", operand: 0n },
          { word: 6, op: "self", operand: 0n },
          { word: 7, op: "eq", operand: 77n },
        ],
      },
      words: swapWords({ 2: 7n, 4: BigInt(GATE), 5: BigInt(GATE), 6: BigInt(GATE), 7: 77n }),
    }),
    build({
      name: "le first, eq second",
      rule: {
        amount: { from: "word", word: 2 },
        conditions: [
          { word: 0, op: "le", operand: LIMB - 1n },
          { word: 1, op: "eq", operand: 5n },
        ],
      },
      words: swapWords({ 0: 0n, 1: 5n, 2: 7n }),
    }),
    ...[0, wordCount / 2, last].map((word) =>
      build({
        name: `sell, minimum output in word ${word}`,
        rule: {
          ...priced,
          amount: { from: "word", word: (word + 1) % wordCount },
          band: { direction: "sell", minOutWord: word, pricedFactor: 9n, unpricedFactor: 10n },
          charges: [charge(3, { perNotional: 5n, perAmount: 0n })],
          quorum: { calm: true, elevated: false, stressed: true },
        },
        words: swapWords({ [word]: 10n ** 9n, [(word + 1) % wordCount]: 321n }),
        situation: { feeds: answer(60n) },
      }),
    ),
    build({
      name: "buy, stressed, both slots priced",
      rule: {
        ...priced,
        amount: { from: "word", word: 0 },
        scales: true,
        band: {
          direction: "buy",
          minOutWord: 1,
          pricedFactor: (1n << 32n) - 1n,
          unpricedFactor: 1n << 40n,
        },
        charges: [charge(1, { perNotional: 3n }), charge(3, { perNotional: 1n })],
        cooldown: 5n * DAY,
        quorum: { calm: true, elevated: true, stressed: false },
      },
      words: swapWords({ 0: 99n, 1: 10n ** 9n }),
      situation: { feeds: answer(120n) },
    }),
    build({
      name: "no risk feed, gives back in slot 0",
      rule: { charges: [charge(1, { givesBack: true }), charge(2, { perAmount: 0n })] },
      situation: { feeds: baseFeeds },
    }),
    build({
      name: "gives back in slot 1, hours and validity at their edges",
      rule: {
        charges: [charge(2, { perAmount: 0n }), charge(1, { givesBack: true, perCall: 123n })],
        validFrom: NOON + 86_399n,
        validUntil: NOON + 86_400n,
        hoursStart: 43_199,
        hoursEnd: 43_200,
      },
      situation: { time: NOON + 86_399n },
    }),
    build({
      name: "elevated, partly leaked",
      rule: { charges: [charge(0), charge(2, { perAmount: 0n })] },
      situation: { feeds: { ...baseFeeds, riskAnswer: 119n } },
    }),
    build({
      name: "first second of a day",
      rule: { hoursEnd: 1, charges: [charge(0)] },
      situation: { time: NOON + 43_200n },
    }),
    build({
      name: "target in a range",
      rule: {
        targetLo: zeroAddress,
        targetHi: numberToHex((1n << 160n) - 1n, { size: 20 }),
        dataLengthMin: 4,
        dataLengthMax: 2 ** 20 - 1,
        amount: { from: "value" },
      },
      situation: { action: { ...baseAction, value: 0n } },
    }),
  ];
}

/** Random mandates near the edges of their policies, of which the evaluator allows each. */
export function randomMandates(count: number, seed: number): Mandate[] {
  const allowed: Mandate[] = [];
  for (let round = 0; allowed.length < count; round++) {
    for (const { policy, situation } of fc.sample(mandateArbitrary, {
      seed: seed + round,
      numRuns: 100,
    })) {
      const verdict = evaluate(policy, situation);
      if (!verdict.allowed || allowed.length === count) continue;
      const name = `random ${seed + round}/${allowed.length}`;
      allowed.push({ name, transition: claimedTransition(policy, situation, verdict.ruleIndex) });
    }
  }
  return allowed;
}
