import { describe, expect, test } from "vitest";
import { compilePolicy } from "../../src/policy/compile.ts";
import { formatReport } from "../../src/policy/report.ts";
import { deskPolicy, ETHUSD, swapRule, transferRule } from "./compileFixture.ts";

const report = (...args: Parameters<typeof deskPolicy>) =>
  compilePolicy(deskPolicy(...args)).report;
const feeds = {
  ETHUSD: {
    address: ETHUSD,
    decimals: 8,
    base: "WETH",
    quote: "USD",
    maxAge: "1h",
    deviation: "0.5%",
  },
} as const;

describe("a day", () => {
  test("2,000,000 USD with a refill of 24 h allow twice that, and what the delay adds", () => {
    const [hedging] = report([swapRule()]).budgets;
    expect(hedging).toMatchObject({
      capacity: "2,000,000 USD",
      refill: "1d",
      day: "4,006,944.45 USD",
    });
  });

  test("a budget that never refills allows its capacity", () => {
    const budgets = { out: { capacity: "500 USDC", refill: "never" as const } };
    const [out] = report([transferRule({ charge: { out: "amount" } })], { budgets }).budgets;
    expect(out).toMatchObject({ day: "500 USDC", refill: "never", worstCase: "500 USDC" });
  });

  test("a capacity is shown as it was written", () => {
    const budgets = { out: { capacity: "7.654321 USDC", refill: "never" as const } };
    const [out] = report([transferRule({ charge: { out: "amount" } })], { budgets }).budgets;
    expect(out).toMatchObject({ capacity: "7.654321 USDC", day: "7.66 USDC" });
  });

  test("lanes share it", () => {
    const { report: shared } = compilePolicy(deskPolicy([swapRule()]), { lanes: 2 });
    expect(shared.budgets[0]).toMatchObject({
      capacity: "2,000,000 USD",
      capacityPerLane: "1,000,000 USD",
      day: "4,006,944.45 USD",
      dayPerLane: "2,003,472.23 USD",
    });
    expect(formatReport(shared)).toContain("capacity 2,000,000 USD (1,000,000 USD a lane)");
  });
});

describe("the worst case", () => {
  test("under a price band is the slippage and the feed's deviation of the day", () => {
    const { budgets, rules } = report([swapRule()], { feeds });
    expect(budgets[0]?.worstCase).toBe("40,069.45 USD");
    expect(rules[0]?.bounds[0]).toBe(
      "40,069.45 USD through hedging (slippage and feed deviation, 1%)",
    );
  });

  test("says so when the feed's error is unknown", () => {
    const [rule] = report([swapRule()]).rules;
    expect(rule?.bounds[0]).toBe(
      "20,034.73 USD through hedging (slippage 0.5%, plus the feed's error)",
    );
  });

  test("is the whole day without a band", () => {
    const { slippage: _, ...open } = swapRule({
      free: ["fee", "deadline", "sqrtPriceLimitX96", "amountOutMinimum"],
    });
    expect(report([open]).budgets[0]?.worstCase).toBe("4,006,944.45 USD");
  });

  test("is the whole day if the output may go elsewhere", () => {
    const open = swapRule({
      where: { tokenIn: "WETH", tokenOut: "USDC" },
      free: ["fee", "deadline", "sqrtPriceLimitX96", "recipient"],
    });
    expect(report([open], { feeds }).budgets[0]?.worstCase).toBe("4,006,944.45 USD");
  });

  test("is that of the worst rule on the budget", () => {
    const rules = [swapRule(), transferRule({ charge: { hedging: "worth" } })];
    expect(report(rules, { feeds }).budgets[0]?.worstCase).toBe("4,006,944.45 USD");
  });

  test("through a count of calls is so many of the largest", () => {
    const [rule] = report([transferRule()]).rules;
    expect(rule?.bounds).toEqual(["2,910 calls of at most 100 USDC, through velocity"]);
  });

  test("of a budget that rules give back to is no bound", () => {
    const budgets = {
      open: { capacity: "10 USDC", refill: "never" as const },
      turnover: { capacity: "30 USDC", refill: "never" as const },
    };
    const rules = [
      transferRule({ charge: { open: "amount", turnover: "amount" } }),
      transferRule({ name: "close", charge: { open: "gives back amount", turnover: "amount" } }),
    ];
    const result = report(rules, { budgets });
    expect(result.budgets.map(({ worstCase }) => worstCase)).toEqual([undefined, "30 USDC"]);
    expect(result.rules[0]?.bounds).toEqual(["30 USDC, all of turnover"]);
  });

  test("of a rule without a budget has no bound, and a warning", () => {
    const compiled = compilePolicy(
      deskPolicy([transferRule({ charge: {} })], { budgets: {}, feeds: {} }),
    );
    expect(formatReport(compiled.report)).toContain("no budget bounds it");
    expect(compiled.warnings[0]?.message).toMatch(/repeat it without end/);
  });
});
