import { readFileSync } from "node:fs";
import { type Address, encodeFunctionData, parseAbi } from "viem";
import { describe, expect, test } from "vitest";
import { compilePolicy, withSalt } from "../../src/policy/compile.ts";
import { decide, failedRestrictions, type Verdict } from "../../src/policy/evaluate.ts";
import type { BudgetLevel, Policy } from "../../src/policy/policy.ts";
import { ETHUSD, ROUTER, SOMEONE, SWAP, USDC, WETH } from "./compileFixture.ts";

// What a desk wrote, held against real calldata by the reference evaluator.

const GATE: Address = "0x5000000000000000000000000000000000000001";
const NOON = 1_796_126_400n; // Tuesday, 2026-12-01 12:00 UTC
const example = readFileSync(new URL("../../examples/eth-basis.yaml", import.meta.url), "utf8");
const compiled = compilePolicy(example);
const policy = withSalt(compiled.policy, 1n);
const empty: BudgetLevel[] = policy.budgets.map(() => ({ level: 0n, last: NOON - 100_000n }));

const swapAbi = parseAbi([
  "struct Params { address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn; uint256 amountOutMinimum; uint160 sqrtPriceLimitX96; }",
  "function exactInputSingle(Params params)",
  "function transfer(address to, uint256 amount)",
]);

interface Swap {
  tokenIn?: Address;
  tokenOut?: Address;
  recipient?: Address;
  amountIn: bigint;
  amountOutMinimum: bigint;
  /** USD, 8 decimals */
  price?: bigint;
  risk?: bigint;
  levels?: readonly BudgetLevel[];
  time?: bigint;
  policy?: Policy;
}

function swap(input: Swap): Verdict {
  const { amountIn, amountOutMinimum, price = 2_000n * 10n ** 8n, risk = 30_000_000n } = input;
  const { levels = empty, time = NOON } = input;
  const params = {
    tokenIn: input.tokenIn ?? WETH,
    tokenOut: input.tokenOut ?? USDC,
    fee: 500,
    recipient: input.recipient ?? GATE,
    deadline: time,
    amountIn,
    amountOutMinimum,
    sqrtPriceLimitX96: 0n,
  } as const;
  const data = encodeFunctionData({
    abi: swapAbi,
    functionName: "exactInputSingle",
    args: [params],
  });
  return decide(input.policy ?? policy, {
    action: { chainId: 31337, gate: GATE, target: ROUTER, value: 0n, data },
    time,
    levels,
    tier: "gate",
    prices: [{ priceFeed: ETHUSD, priceAnswer: price, priceUpdatedAt: time - 60n }],
    riskAnswer: risk,
  });
}

/** The restrictions that the rule of this name fails. */
function failures(verdict: Verdict, name: string) {
  if (verdict.allowed) return [];
  const judged = verdict.rules.find(({ rule }) => rule.name === name);
  return judged ? failedRestrictions(judged.findings) : ["no such rule"];
}

const ether = 10n ** 18n;

test("the fixture's call is the example's call", () => {
  expect(SWAP).toContain("exactInputSingle((address tokenIn, address tokenOut, uint24 fee");
});

describe("sell-eth", () => {
  test("allows 100 WETH at the price less 50 bps, and not a unit less", () => {
    expect(swap({ amountIn: 100n * ether, amountOutMinimum: 199_000_000_000n }).allowed).toBe(true);
    const cheap = swap({ amountIn: 100n * ether, amountOutMinimum: 198_999_999_999n });
    expect(failures(cheap, "sell-eth")).toEqual(["priceBand"]);
  });

  test("denies a wei over 100 WETH", () => {
    const over = swap({ amountIn: 100n * ether + 1n, amountOutMinimum: 200_000_000_000n });
    expect(failures(over, "sell-eth")).toEqual(["amount"]);
  });

  test("denies another recipient, and a token that is not USDC", () => {
    const sale = { amountIn: ether, amountOutMinimum: 2_000_000_000n };
    expect(failures(swap({ ...sale, recipient: SOMEONE }), "sell-eth")).toEqual(["conditions"]);
    expect(failures(swap({ ...sale, tokenOut: SOMEONE }), "sell-eth")).toEqual(["conditions"]);
  });

  test("halves the limit when volatility reaches 60%", () => {
    const sale = { amountIn: 60n * ether, amountOutMinimum: 120_000_000_000n };
    expect(swap({ ...sale, risk: 59_999_999n }).allowed).toBe(true);
    expect(failures(swap({ ...sale, risk: 60_000_000n }), "sell-eth")).toEqual(["amount"]);
  });

  test("fills 2,000,000 USD to the cent, and refills it in 24 h", () => {
    const sale = {
      amountIn: 100n * ether,
      amountOutMinimum: 10n ** 15n,
      price: 20_000n * 10n ** 8n,
    };
    const first = swap(sale);
    if (!first.allowed) throw new Error("the first sale is denied");
    expect(first.levels[0]?.level).toBe(policy.budgets[0]?.capacity);
    const small = { ...sale, amountIn: 1_000_000n, levels: first.levels };
    expect(failures(swap(small), "sell-eth")).toEqual(["charges"]);
    expect(swap({ ...sale, levels: first.levels, time: NOON + 86_400n }).allowed).toBe(true);
    expect(
      failures(swap({ ...sale, levels: first.levels, time: NOON + 86_399n }), "sell-eth"),
    ).toEqual(["charges"]);
  });
});

describe("buy-eth", () => {
  const buy = { tokenIn: USDC, tokenOut: WETH } as const;

  test("allows 300,000 USDC at the price less 50 bps, and not a wei less", () => {
    const amountOutMinimum = (150n * ether * 9_950n) / 10_000n;
    const amountIn = 300_000_000_000n;
    expect(swap({ ...buy, amountIn, amountOutMinimum }).allowed).toBe(true);
    const cheap = swap({ ...buy, amountIn, amountOutMinimum: amountOutMinimum - 1n });
    expect(failures(cheap, "buy-eth")).toEqual(["priceBand"]);
  });

  test("shares the budget with sell-eth, dollar for dollar", () => {
    const sold = swap({
      amountIn: 100n * ether,
      amountOutMinimum: 10n ** 15n,
      price: 19_000n * 10n ** 8n,
    });
    if (!sold.allowed) throw new Error("the sale is denied");
    const rest = { ...buy, amountOutMinimum: 10n ** 30n, levels: sold.levels };
    expect(swap({ ...rest, amountIn: 100_000_000_000n }).allowed).toBe(true);
    expect(failures(swap({ ...rest, amountIn: 100_000_000_001n }), "buy-eth")).toEqual(["charges"]);
  });
});

describe("pay-custodian", () => {
  const pay = (time: bigint, levels = empty) =>
    decide(policy, {
      action: {
        chainId: 31337,
        gate: GATE,
        target: USDC,
        value: 0n,
        data: encodeFunctionData({
          abi: swapAbi,
          functionName: "transfer",
          args: [SOMEONE, 25_000_000_000n],
        }),
      },
      time,
      levels,
      tier: "gate",
      prices: [],
      riskAnswer: 1n,
    });

  test("pays on working days from 06:00 to before 22:00 UTC", () => {
    const midnight = NOON - 43_200n;
    expect(pay(midnight + 6n * 3_600n).allowed).toBe(true);
    expect(failures(pay(midnight + 6n * 3_600n - 1n), "pay-custodian")).toEqual(["schedule"]);
    expect(pay(midnight + 22n * 3_600n - 1n).allowed).toBe(true);
    expect(failures(pay(midnight + 22n * 3_600n), "pay-custodian")).toEqual(["schedule"]);
    expect(failures(pay(NOON + 4n * 86_400n), "pay-custodian")).toEqual(["schedule"]);
  });

  test("waits an hour between payments", () => {
    const first = pay(NOON);
    if (!first.allowed) throw new Error("the payment is denied");
    expect(failures(pay(NOON + 3_599n, [...first.levels]), "pay-custodian")).toEqual(["cooldown"]);
    expect(pay(NOON + 3_600n, [...first.levels]).allowed).toBe(true);
  });
});

describe("min", () => {
  // The price limit gives up its condition: a rule has four.
  const source = example
    .replace("recipient: self, sqrtPriceLimitX96: 0 }", "recipient: self }")
    .replace("free: [fee, deadline]", "free: [fee, deadline, sqrtPriceLimitX96]")
    .replace("max: 100 WETH", "min: 1 WETH\n    max: 100 WETH");
  const bounded = withSalt(compilePolicy(source).policy, 1n);

  test("denies 0, which some functions take for everything, and a wei below", () => {
    const sale = { amountOutMinimum: 2_000_000_000n, policy: bounded };
    expect(failures(swap({ ...sale, amountIn: 0n }), "sell-eth")).toEqual(["conditions"]);
    expect(failures(swap({ ...sale, amountIn: ether - 1n }), "sell-eth")).toEqual(["conditions"]);
    expect(swap({ ...sale, amountIn: ether }).allowed).toBe(true);
    expect(swap({ ...sale, amountIn: 0n, policy }).allowed).toBe(true);
  });
});
