import fc from "fast-check";
import { type Address, numberToHex, zeroAddress } from "viem";
import {
  type Budget,
  type BudgetLevel,
  type Charge,
  type Condition,
  FULL_BPS,
  NO_THRESHOLD,
  NO_TIME_BOUND,
  type Policy,
  type PriceBand,
  type Rule,
} from "../../src/policy/policy.ts";
import type { Situation } from "../../src/policy/subject.ts";
import { baseAction, baseRule, CHAIN_ID, calldata, GATE, NOON, TOKEN } from "./mandate.ts";

const FEED: Address = "0xfeed000000000000000000000000000000000001";
const LIMB = 1n << 128n;
const DAY = 86_400n;
const WORDS = 4;
const SELECTOR = 0x1234_5678n;

/** Values around an edge: below, at, above. */
export function near(edge: bigint, spread = 2n): fc.Arbitrary<bigint> {
  return fc.bigInt(-spread, spread).map((offset) => {
    const value = edge + offset;
    return value < 0n ? 0n : value;
  });
}

const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const limit = fc.oneof(fc.bigInt(0n, 10n), fc.bigInt(900n, 1_100n), oneOf(LIMB - 1n));
const rarely = fc.integer({ min: 0, max: 19 }).map((n) => n === 0);
/** Mostly the value that restricts nothing: one restriction at a time is what an edge is about. */
const mostly = <T>(usual: T, other: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const sometimes = fc.integer({ min: 0, max: 2 }).map((n) => n === 0);

const ordered: fc.Arbitrary<Condition> = fc.record({
  word: fc.integer({ min: 0, max: WORDS - 1 }),
  op: oneOf<Condition["op"]>("eq", "self", "le", "ge"),
  operand: fc.oneof(fc.bigInt(0n, 3n), oneOf(1_000n, LIMB - 1n)),
});
const equality: fc.Arbitrary<Condition> = fc.record({
  word: fc.integer({ min: 0, max: WORDS - 1 }),
  op: oneOf<Condition["op"]>("eq", "self"),
  operand: fc.oneof(fc.bigInt(0n, 3n), oneOf(1_000n, LIMB - 1n, LIMB, 2n ** 256n - 1n)),
});
const conditions = fc
  .tuple(
    fc.array(ordered, { maxLength: 2 }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant<Condition[]>([]) },
      fc.array(equality, { maxLength: 2 }),
    ),
  )
  .map(([first, rest]) => (first.length === 2 ? [...first, ...rest] : first))
  .map((all) => all.map((c) => (c.op === "self" ? { ...c, operand: 0n } : c)));

const band: fc.Arbitrary<PriceBand> = fc.record({
  direction: oneOf<PriceBand["direction"]>("sell", "buy"),
  minOutWord: fc.integer({ min: 0, max: WORDS - 1 }),
  pricedFactor: fc.oneof(fc.bigInt(1n, 20n), oneOf((1n << 32n) - 1n)),
  unpricedFactor: fc.oneof(fc.bigInt(1n, 20n), oneOf((1n << 112n) - 1n)),
});

const charge = (budget: number, priced: boolean): fc.Arbitrary<Charge> =>
  fc.record({
    budget: fc.constant(budget),
    givesBack: fc.constant(false),
    perAmount: fc.bigInt(0n, 3n),
    perNotional: priced ? fc.bigInt(0n, 3n) : fc.constant(0n),
    perCall: fc.bigInt(1n, 10n),
  });

/** No charge, one in either slot, two, or one that gives back beside one that adds. */
const charges = (priced: boolean): fc.Arbitrary<(Charge | undefined)[]> =>
  fc
    .tuple(charge(0, priced), charge(1, priced), charge(2, false), fc.integer({ min: 0, max: 5 }))
    .map(([first, second, third, shape]) => {
      if (shape === 0) return [];
      if (shape === 1) return [first];
      if (shape === 2) return [undefined, second];
      if (shape === 3) return [{ ...third, givesBack: true }, second];
      return [first, second];
    });

const rule: fc.Arbitrary<Rule> = fc
  .record({
    priced: fc.boolean(),
    banded: sometimes,
    band,
    fromValue: sometimes,
    word: fc.integer({ min: 0, max: WORDS - 1 }),
    limits: fc.tuple(limit, limit),
    scales: fc.boolean(),
    conditions: mostly<Condition[]>([], conditions),
    range: fc.boolean(),
    longer: fc.boolean(),
    maxAge: oneOf(60n, 3_600n, 3_600n),
    validFrom: mostly(0n, near(NOON)),
    validUntil: mostly(NO_TIME_BOUND, near(NOON + 1n)),
    hours: mostly<readonly [number, number]>(
      [0, 86_400],
      fc.oneof(
        fc.integer({ min: 43_198, max: 43_201 }).map((start) => [start, 50_000] as const),
        fc.integer({ min: 43_199, max: 43_203 }).map((end) => [1_000, end] as const),
      ),
    ),
    days: mostly(127, fc.integer({ min: 0, max: 127 })),
    cooldown: mostly(0n, fc.constant(600n)),
    quorum: fc.record({ calm: rarely, elevated: rarely, stressed: rarely }),
  })
  .chain((shape) => {
    const { priced, banded, fromValue, word, limits, range, longer, hours, ...plain } = shape;
    const [a, b] = limits;
    return charges(priced).map((slots): Rule => {
      const bounded = slots.some((slot) => slot && slot.perNotional > 0n);
      const cap = bounded && a > b ? a : b;
      return {
        ...baseRule,
        targetHi: range ? numberToHex(BigInt(TOKEN) + 1n, { size: 20 }) : TOKEN,
        selector: SELECTOR,
        dataLengthMin: 4 + 32 * WORDS,
        dataLengthMax: 4 + 32 * WORDS + (longer ? 32 : 0),
        amount: fromValue ? { from: "value" } : { from: "word", word },
        limitAgent: a < cap ? a : cap,
        limitQuorum: a > cap ? a : cap,
        scales: plain.scales,
        conditions: plain.conditions,
        charges: slots,
        band: priced && banded ? plain.band : undefined,
        priceFeed: priced ? FEED : zeroAddress,
        priceMaxAge: priced ? plain.maxAge : NO_TIME_BOUND,
        validFrom: plain.validFrom,
        validUntil: plain.validUntil,
        hoursStart: hours[0],
        hoursEnd: hours[1],
        days: plain.days,
        cooldown: slots[0] ? plain.cooldown : 0n,
        quorum: plain.quorum,
      };
    });
  });

const budget = (i: number): fc.Arbitrary<Budget> =>
  fc.record({
    name: fc.constant(`budget ${i}`),
    capacity: fc.oneof(
      fc.bigInt(0n, 3_000n),
      fc.bigInt(10n ** 6n, 10n ** 8n),
      oneOf((1n << 160n) - 1n, (1n << 159n) - 1n),
    ),
    // A budget that is given back to does not refill.
    refillPerSecondPerBps: i === 2 ? fc.constant(0n) : oneOf(0n, 1n, 7n, 1n << 112n),
  });

const regimes = fc.oneof(
  fc.constant({
    elevatedAbove: NO_THRESHOLD,
    stressedAbove: NO_THRESHOLD,
    elevatedBps: FULL_BPS,
    stressedBps: FULL_BPS,
  }),
  fc.constant({
    elevatedAbove: 60n,
    stressedAbove: 120n,
    elevatedBps: 5_000n,
    stressedBps: 1_000n,
  }),
);

/** A well-formed policy of one to three rules. */
export const policyArbitrary: fc.Arbitrary<Policy> = fc.record({
  name: fc.constant("random"),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
  budgets: fc.tuple(budget(0), budget(1), budget(2), budget(3)),
  regimes,
  salt: fc.bigInt(1n, 2n ** 250n),
});

const word = (edges: readonly bigint[]) =>
  fc.oneof(
    { weight: 6, arbitrary: oneOf(...edges).chain((edge) => near(edge, 1n)) },
    { weight: 2, arbitrary: oneOf(0n, 1n, 1_000n, BigInt(GATE), LIMB - 1n) },
    { weight: 1, arbitrary: oneOf(LIMB, LIMB + 500n, BigInt(GATE) + LIMB, 2n ** 256n - 1n) },
  );

const level = (edge: bigint): fc.Arbitrary<BudgetLevel> =>
  fc.record({
    level: fc
      .oneof(fc.constant(0n), near(edge), near(edge / 2n), fc.bigInt(0n, 5_000n))
      .map((value) => (value >= 1n << 160n ? (1n << 160n) - 1n : value)),
    last: fc.oneof(
      near(NOON - 600n),
      oneOf(NOON, NOON - 1n, NOON - DAY, 0n),
      rarely.map((late) => (late ? NOON + 1n : NOON)),
    ),
  });

/** A situation mostly near the edges of the policy's first rule. */
export function situationArbitrary(policy: Policy): fc.Arbitrary<Situation> {
  const [first] = policy.rules as [Rule, ...Rule[]];
  const scaled = [policy.regimes.elevatedBps, policy.regimes.stressedBps].map(
    (bps) => (first.limitAgent * bps) / FULL_BPS,
  );
  const operands = first.conditions.map(({ op, operand }) =>
    op === "self" ? BigInt(GATE) : operand,
  );
  const edges = [first.limitAgent, first.limitAgent, ...scaled, ...operands].map((edge) =>
    edge >= 2n ** 256n - 1n ? edge - 1n : edge,
  );
  return fc
    .record({
      chain: rarely,
      target: oneOf(0n, 0n, 0n, 0n, 0n, 0n, 1n, 2n),
      selector: rarely,
      words: fc.array(word(edges), { minLength: WORDS, maxLength: WORDS }),
      extra: sometimes,
      value: fc.oneof(
        { weight: first.amount.from === "value" ? 1 : 12, arbitrary: fc.constant(0n) },
        near(first.limitAgent).map((value) => (value >= LIMB ? LIMB - 1n : value)),
      ),
      feed: fc.oneof(
        { weight: 12, arbitrary: fc.constant(first.priceFeed) },
        oneOf<Address>(zeroAddress, FEED, "0xfeed000000000000000000000000000000000002"),
      ),
      answer: oneOf(1n, 2n, 3_000n, 2n ** 80n - 1n),
      age: oneOf(0n, 1n, 60n, 60n, 61n, 3_600n, 3_601n),
      risk: oneOf(0n, 1n, 1n, 59n, 60n, 119n, 120n, 2n ** 80n - 1n),
      levels: fc.tuple(...policy.budgets.map(({ capacity }) => level(capacity))),
    })
    .map((shape): Situation => {
      const used = shape.feed !== zeroAddress;
      const words = shape.extra ? [...shape.words, 0n] : shape.words;
      return {
        action: {
          ...baseAction,
          chainId: shape.chain ? CHAIN_ID + 1 : CHAIN_ID,
          target: numberToHex(BigInt(TOKEN) + shape.target, { size: 20 }),
          value: shape.value,
          data: calldata(shape.selector ? SELECTOR + 1n : SELECTOR, words),
        },
        time: NOON,
        feeds: {
          priceFeed: shape.feed,
          priceAnswer: used ? shape.answer : 0n,
          priceUpdatedAt: used ? NOON - shape.age : 0n,
          riskAnswer: shape.risk,
        },
        levels: shape.levels,
        tier: "gate",
      };
    });
}

/** A policy with a situation near its edges. */
export const mandateArbitrary = policyArbitrary.chain((policy) =>
  situationArbitrary(policy).map((situation) => ({ policy, situation })),
);
