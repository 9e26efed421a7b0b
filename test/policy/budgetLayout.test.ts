import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sameBudgetLayout } from "../../src/policy/budgetLayout.ts";
import { type CompileOptions, compilePolicy } from "../../src/policy/compile.ts";
import { deskPolicy, swapRule, transferRule } from "./compileFixture.ts";

// A kept level is a bare number: under another unit, 20 calls that filled a budget read as 3.

const example = readFileSync(new URL("../../examples/eth-basis.yaml", import.meta.url), "utf8");
const current = compilePolicy(example);

/** The example's layout held against the same with changes. */
function changed(changes: readonly [from: string, to: string][], options: CompileOptions = {}) {
  const source = changes.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the example has no ${from}`);
    return text.replace(from, to);
  }, example);
  return sameBudgetLayout(current, compilePolicy(source, options));
}

describe("the same", () => {
  test("is a policy and itself", () => {
    expect(changed([])).toEqual({ same: true });
  });

  test.each([
    ["a lower limit", "max: 100 WETH", "max: 10 WETH"],
    ["another rule", "name: sell-eth", "name: sell"],
    ["other hours", "hours: 06:00-22:00", "hours: 08:00-18:00"],
  ])("is one with %s", (_, from, to) => {
    expect(changed([[from, to]])).toEqual({ same: true });
  });
});

describe("another", () => {
  test.each<[what: string, changes: [from: string, to: string][], says: RegExp]>([
    [
      "a slower refill, though it is tighter",
      [["refill: 10m", "refill: 1h"]],
      /^budget 1, velocity, counts calls in parts of 1\/1,800,000 instead of 1\/300,000$/,
    ],
    [
      "a refill of another length",
      [["refill: 24h", "refill: 23h"]],
      /^budget 0, hedging, counts USD in parts of/,
    ],
    [
      "a charge that needs finer units",
      [["payouts: 1 USD per USDC", "payouts: 1.00000001 USD per USDC"]],
      /^budget 2, payouts, counts USD in parts of/,
    ],
    [
      "a renamed budget",
      [
        ["payouts: { capacity", "other: { capacity"],
        ["payouts: 1 USD", "other: 1 USD"],
      ],
      /^budget 2 is other instead of payouts$/,
    ],
    [
      "a budget in another unit",
      [
        ["capacity: 50_000 USD", "capacity: 50_000 USDC"],
        ["payouts: 1 USD per USDC", "payouts: amount"],
      ],
      /^budget 2, payouts, counts USDC instead of USD$/,
    ],
  ])("is %s", (_, changes, says) => {
    expect(changed(changes)).toEqual({ same: false, difference: expect.stringMatching(says) });
  });

  test("is that of another number of lanes", () => {
    expect(changed([], { lanes: 3 })).toMatchObject({ same: false });
  });

  test("is the same budgets in another order", () => {
    const rules = [swapRule(), transferRule()];
    const { hedging, velocity } = deskPolicy([]).budgets ?? {};
    if (!hedging || !velocity) throw new Error("the fixture has both budgets");
    const inOrder = compilePolicy(deskPolicy(rules, { budgets: { hedging, velocity } }));
    const reversed = compilePolicy(deskPolicy(rules, { budgets: { velocity, hedging } }));
    expect(sameBudgetLayout(inOrder, reversed)).toEqual({
      same: false,
      difference: "budget 0 is velocity instead of hedging",
    });
  });

  test("is one budget more, or one less", () => {
    const budgets = deskPolicy([]).budgets ?? {};
    const more = { ...budgets, third: { capacity: "1 calls", refill: "1h" } };
    const [two, three] = [budgets, more].map((all) =>
      compilePolicy(deskPolicy([swapRule()], { budgets: all })),
    );
    if (!two || !three) throw new Error("both policies compile");
    const difference = (a: typeof two, b: typeof two) => sameBudgetLayout(a, b);
    expect(difference(two, three)).toEqual({
      same: false,
      difference: "budget 2 is third instead of unused",
    });
    expect(difference(three, two)).toEqual({
      same: false,
      difference: "budget 2 is unused instead of third",
    });
  });
});
