import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "../../src/policy/compile.ts";
import type { Charge, Rule } from "../../src/policy/policy.ts";
import type { PolicySource } from "../../src/policy/source/policySource.ts";
import { deskPolicy, SOMEONE, swapRule, transferRule } from "./compileFixture.ts";

const BPS = 10_000n;
const priceOf = (usd: bigint) => usd * 10n ** 8n;

/** What a charge adds for an amount at a price, in the budget's units. */
function charged({ perAmount, perNotional, perCall }: Charge, amount: bigint, price: bigint) {
  return amount * perAmount + amount * price * perNotional + perCall;
}

function compile(...args: Parameters<typeof deskPolicy>) {
  const { policy, labels } = compilePolicy(deskPolicy(...args));
  const rule = (index: number) => policy.rules[index] as Rule;
  const charge = (index: number, slot: number) => rule(index).charges[slot] as Charge;
  return { policy, labels, charge };
}

describe("units of account", () => {
  test("tokens of other decimals charge one budget alike", () => {
    const rules = [swapRule(), transferRule({ charge: { hedging: "1 USD per USDC" } })];
    const { policy, charge } = compile(rules);
    const oneEther = charged(charge(0, 0), 10n ** 18n, priceOf(2_500n));
    const asDollars = charged(charge(1, 0), 2_500n * 10n ** 6n, 0n);
    expect(oneEther).toBe(asDollars);
    expect(policy.budgets[0]?.capacity).toBe((asDollars / 2_500n) * 2_000_000n);
  });

  test("20 calls that refill in 10 minutes leak exactly", () => {
    const { policy, charge } = compile([transferRule()]);
    const budget = policy.budgets[1];
    expect(budget?.capacity).toBe(20n * charge(0, 0).perCall);
    expect((budget?.refillPerSecondPerBps ?? 0n) * BPS * 600n).toBe(budget?.capacity);
  });

  test("one call in 600 s is counted in 6,000,000ths", () => {
    const budgets = { velocity: { capacity: "1 calls", refill: "600s" } };
    const { policy, charge } = compile([transferRule()], { budgets });
    expect(charge(0, 0).perCall).toBe(6_000_000n);
    expect(policy.budgets[0]?.refillPerSecondPerBps).toBe(1n);
  });

  test("a budget that never refills keeps the token's own units", () => {
    const budgets = { out: { capacity: "500 USDC", refill: "never" as const } };
    const { policy, labels, charge } = compile([transferRule({ charge: { out: "amount" } })], {
      budgets,
    });
    expect(policy.budgets[0]).toEqual({
      name: "out",
      capacity: 500_000_000n,
      refillPerSecondPerBps: 0n,
    });
    expect(labels.budgets[0]).toEqual({ symbol: "USDC", unitsPerWhole: 1_000_000n });
    expect(charge(0, 0)).toEqual({
      budget: 0,
      givesBack: false,
      perAmount: 1n,
      perNotional: 0n,
      perCall: 0n,
    });
  });

  test("terms add up", () => {
    const rule = transferRule({ charge: { hedging: "1.5 USD per USDC + 0.25 USD per call" } });
    const { labels, charge } = compile([rule]);
    const whole = labels.budgets[0]?.unitsPerWhole ?? 0n;
    expect(charged(charge(0, 0), 2_000_000n, 0n)).toBe(3n * whole + whole / 4n);
  });

  test("the charges keep the order of the text: the first one carries the cooldown", () => {
    const { policy } = compile([
      transferRule({ charge: { velocity: 1, hedging: "worth" }, cooldown: "1h" }),
    ]);
    expect(policy.rules[0]?.charges.map((charge) => charge?.budget)).toEqual([1, 0]);
  });

  test("giving back takes off what the amount added", () => {
    const budgets = {
      open: { capacity: "10 USDC", refill: "never" as const },
      turnover: { capacity: "10 USDC", refill: "24h" },
    };
    const rule = transferRule({ charge: { open: "gives back amount", turnover: "amount" } });
    const { charge } = compile([rule], { budgets });
    expect(charge(0, 0)).toMatchObject({ givesBack: true, perAmount: 1n });
    expect(charge(0, 1).givesBack).toBe(false);
  });
});

describe("lanes", () => {
  const source = deskPolicy([swapRule(), transferRule()]);
  test.each([1, 2, 3, 7, 16])("%i lanes together never exceed the policy", (lanes) => {
    const { policy, labels } = compilePolicy(source, { lanes });
    const wholes = [2_000_000n, 20n];
    const seconds = [86_400n, 600n];
    for (const [index, whole] of wholes.entries()) {
      const budget = policy.budgets[index];
      const units = whole * (labels.budgets[index]?.unitsPerWhole ?? 0n);
      const n = BigInt(lanes);
      expect((budget?.capacity ?? 0n) * n).toBeLessThanOrEqual(units);
      const refilled = (budget?.refillPerSecondPerBps ?? 0n) * BPS * (seconds[index] ?? 0n) * n;
      expect(refilled).toBeLessThanOrEqual(units);
      expect((units - refilled) * 1_000_000n).toBeLessThanOrEqual(units);
    }
  });

  test("limits of single transactions and cooldowns are not divided", () => {
    const [one, two] = [compilePolicy(source, { lanes: 1 }), compilePolicy(source, { lanes: 2 })];
    expect(two.policy.rules[0]?.limitQuorum).toBe(one.policy.rules[0]?.limitQuorum);
  });
});

test("any budget fits the circuit, charges exactly and refills within a millionth", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 13n }),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 1, max: 30 * 86_400 }),
      fc.integer({ min: 1, max: 32 }),
      (digits, decimals, refill, lanes) => {
        const scale = 10n ** BigInt(decimals);
        // In 10^-26 USD, which these charges need, the circuit's bound is 2^126 · 10^-26 USD a second.
        fc.pre(digits < 850_000_000_000n * scale * BigInt(refill) * BigInt(lanes));
        const fraction = (digits % scale).toString().padStart(decimals, "0");
        const capacity = `${digits / scale}${decimals > 0 ? `.${fraction}` : ""} USD`;
        const rules = [swapRule(), transferRule({ charge: { hedging: "worth" } })];
        const budgets = {
          hedging: { capacity, refill: `${refill}s` },
          velocity: { capacity: "20 calls", refill: "10m" },
        };
        const { policy, labels } = compilePolicy(deskPolicy(rules, { budgets }), { lanes });
        const whole = labels.budgets[0]?.unitsPerWhole ?? 0n;
        const [{ perNotional }, { perAmount }] = policy.rules.map((rule) => rule.charges[0]) as [
          Charge,
          Charge,
        ];
        expect(perNotional * 10n ** 26n).toBe(whole);
        expect(perAmount * 10n ** 6n).toBe(whole);
        const exact = digits * whole;
        const refilled =
          (policy.budgets[0]?.refillPerSecondPerBps ?? 0n) *
          BPS *
          BigInt(refill) *
          BigInt(lanes) *
          scale;
        expect(refilled).toBeLessThanOrEqual(exact);
        expect((exact - refilled) * 1_000_000n).toBeLessThanOrEqual(exact);
      },
    ),
    { numRuns: 200 },
  );
});

describe("price bands", () => {
  const token = (decimals: number, worth?: string) => ({
    address: SOMEONE,
    decimals,
    ...(worth ? { worth } : {}),
  });
  const sides = (
    direction: "sell" | "buy",
    changes: Partial<PolicySource>,
    max: `${number} bps`,
  ) => {
    const where =
      direction === "sell"
        ? { tokenIn: "BASE", tokenOut: "CASH", recipient: "self" }
        : { tokenIn: "CASH", tokenOut: "BASE", recipient: "self" };
    const rule = swapRule({
      where,
      max: direction === "sell" ? "1 BASE" : "1 CASH",
      charge: { velocity: 1 },
      slippage: { out: "amountOutMinimum", price: "ETHUSD", max },
    });
    return compilePolicy(deskPolicy([rule], changes)).policy.rules[0]?.band;
  };

  test("hold exactly at the price less the slippage, for any decimals", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("sell" as const, "buy" as const),
        fc.integer({ min: 0, max: 24 }),
        fc.integer({ min: 0, max: 18 }),
        fc.integer({ min: 0, max: 18 }),
        fc.integer({ min: 0, max: 9_999 }),
        fc.bigInt({ min: 1n, max: 1n << 90n }),
        fc.bigInt({ min: 1n, max: 1n << 79n }),
        fc.constantFrom("1", "1.05", "0.333"),
        (direction, base, cash, feed, slippage, amount, price, worth) => {
          // Outside this the ratio of decimals cannot be said within the circuit's bounds.
          fc.pre(base + feed - cash >= 0 && base + feed - cash <= 27);
          const band = sides(
            direction,
            {
              assets: {
                BASE: token(base),
                CASH: {
                  ...token(cash, `${worth} USD`),
                  address: "0x4000000000000000000000000000000000000002",
                },
              },
              feeds: {
                ETHUSD: {
                  address: SOMEONE,
                  decimals: feed,
                  base: "BASE",
                  quote: "USD",
                  maxAge: "1h",
                },
              },
            },
            `${slippage} bps`,
          );
          if (!band) throw new Error("the rule has no band");
          const { pricedFactor, unpricedFactor } = band;
          const thousandths = BigInt(Math.round(Number(worth) * 1_000));
          const kept = 10_000n - BigInt(slippage);
          const tens = (exponent: number) => 10n ** BigInt(exponent);
          // The least minimum output that the words of the policy allow, from exact fractions.
          const [numerator, denominator] =
            direction === "sell"
              ? [
                  amount * price * kept * 1_000n * tens(cash),
                  thousandths * 10_000n * tens(base + feed),
                ]
              : [
                  amount * thousandths * kept * tens(base + feed),
                  price * 10_000n * 1_000n * tens(cash),
                ];
          const least = (numerator + denominator - 1n) / denominator;
          const passes = (minOut: bigint) =>
            direction === "sell"
              ? minOut * unpricedFactor >= amount * price * pricedFactor
              : minOut * price * pricedFactor >= amount * unpricedFactor;
          expect(passes(least)).toBe(true);
          expect(least === 0n || !passes(least - 1n)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
