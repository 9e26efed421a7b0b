import { readFileSync } from "node:fs";
import { type Abi, encodeFunctionData, type Hex, parseAbi, size, toFunctionSelector } from "viem";
import { describe, expect, test } from "vitest";
import { calldataWords } from "../../src/action/context.ts";
import { compilePolicy, withSalt } from "../../src/policy/compile.ts";
import { assertWellFormed } from "../../src/policy/integrity.ts";
import type { Rule } from "../../src/policy/policy.ts";
import { NO_THRESHOLD, NO_TIME_BOUND } from "../../src/policy/policy.ts";
import {
  deskPolicy,
  ETHUSD,
  ROUTER,
  SOMEONE,
  SWAP,
  swapRule,
  transferRule,
  USDC,
  WETH,
} from "./compileFixture.ts";

const file = new URL("../../examples/eth-basis.yaml", import.meta.url);

/** Calldata as viem encodes it: the independent word on where words stand. */
function encode(signature: string, args: readonly unknown[]): Hex {
  const abi = parseAbi([`function ${signature}`] as readonly string[]) as Abi;
  return encodeFunctionData({ abi, functionName: signature.split("(")[0] ?? "", args });
}

function ruleOf(...args: Parameters<typeof deskPolicy>): Rule {
  return compilePolicy(deskPolicy(...args)).policy.rules[0] as Rule;
}

describe("the example policy", () => {
  const compiled = compilePolicy(readFileSync(file, "utf8"));

  test("compiles without a warning into a well-formed policy", () => {
    expect(compiled.warnings).toEqual([]);
    expect(() => assertWellFormed(withSalt(compiled.policy, 1n))).not.toThrow();
  });

  test("names what its integers stand for", () => {
    expect(compiled.labels.rules[0]).toEqual({
      amount: { symbol: "WETH", unitsPerWhole: 10n ** 18n },
      minimumOutput: { symbol: "USDC", unitsPerWhole: 10n ** 6n },
    });
    expect(compiled.labels.budgets[1]).toEqual({ symbol: "calls", unitsPerWhole: 300_000n });
    expect(compiled.labels.addresses[USDC]).toBe("USDC");
    expect(compiled.riskFeed).toMatchObject({ name: "VOL", decimals: 8, maxAge: 3_600n });
    expect(compiled.priceFeeds.map(({ name }) => name)).toEqual(["ETHUSD"]);
  });

  test("says the same as an object", () => {
    const rule = {
      ...swapRule({
        name: "sell-eth",
        where: { tokenIn: "WETH", tokenOut: "USDC", recipient: "self", sqrtPriceLimitX96: 0 },
        free: ["fee", "deadline"],
      }),
      charge: { hedging: "ETHUSD", velocity: 1 },
    };
    const fromObject = compilePolicy(deskPolicy([rule])).policy.rules[0];
    expect(fromObject).toEqual({ ...compiled.policy.rules[0] });
  });
});

describe("calls", () => {
  test("a tuple's words, selector and length are those of the ABI", () => {
    const tuple = {
      tokenIn: WETH,
      tokenOut: USDC,
      fee: 500,
      recipient: SOMEONE,
      deadline: 5n,
      amountIn: 77n,
      amountOutMinimum: 88n,
      sqrtPriceLimitX96: 0n,
    };
    const data = encode(SWAP, [tuple]);
    const words = calldataWords(data, 8);
    const rule = ruleOf([swapRule()]);
    expect(rule.selector).toBe(BigInt(toFunctionSelector(`function ${SWAP}`)));
    expect([rule.dataLengthMin, rule.dataLengthMax]).toEqual([size(data), size(data)]);
    expect(rule.amount).toEqual({ from: "word", word: words.findIndex(({ low }) => low === 77n) });
    expect(rule.band?.minOutWord).toBe(words.findIndex(({ low }) => low === 88n));
    expect(rule.conditions).toEqual([
      { word: 0, op: "eq", operand: BigInt(WETH) },
      { word: 1, op: "eq", operand: BigInt(USDC) },
      { word: 3, op: "self", operand: 0n },
    ]);
  });

  test("a parameter can be named by its path", () => {
    const rule = swapRule({
      where: { "params.tokenIn": "WETH", params: { tokenOut: "USDC", recipient: "self" } },
    });
    expect(ruleOf([rule])).toEqual(ruleOf([swapRule()]));
  });

  test("any under where and free mean the same", () => {
    const written = swapRule({
      where: { ...swapRule().where, fee: "any", deadline: "any", sqrtPriceLimitX96: "any" },
    });
    delete written.free;
    expect(ruleOf([written])).toEqual(ruleOf([swapRule()]));
  });

  test("unnamed parameters are arg0, arg1, …", () => {
    const rule = transferRule({
      call: "transfer(address,uint256)",
      where: { arg0: SOMEONE },
      amount: "arg1",
    });
    expect(ruleOf([rule])).toEqual(ruleOf([transferRule()]));
  });

  test("a plain transfer has no calldata and moves its value", () => {
    const rule = transferRule({
      target: SOMEONE,
      call: "none",
      amount: "msg.value",
      max: "0.5 ETH",
    });
    const { where: _, ...plain } = rule;
    expect(ruleOf([plain])).toMatchObject({
      selector: 0n,
      dataLengthMin: 0,
      dataLengthMax: 0,
      amount: { from: "value" },
      limitAgent: 5n * 10n ** 17n,
      conditions: [],
    });
  });

  test("a call without amount moves nothing", () => {
    const {
      amount: _a,
      max: _m,
      ...rule
    } = transferRule({
      target: ROUTER,
      call: "claim(address to)",
    });
    expect(ruleOf([rule])).toMatchObject({
      amount: { from: "value" },
      limitAgent: 0n,
      limitQuorum: 0n,
    });
  });

  test("a range of targets", () => {
    const rule = transferRule({
      target: [ROUTER, SOMEONE],
      call: "deposit()",
      amount: "msg.value",
      max: "1 ETH",
    });
    const { where: _, ...ranged } = rule;
    expect(ruleOf([ranged])).toMatchObject({ targetLo: ROUTER, targetHi: SOMEONE });
  });

  test("a dynamic parameter is pinned by offset, length and content", () => {
    const call = "send(address to, uint256 amount, bytes data)";
    const rule = ruleOf([
      transferRule({ target: ROUTER, call, where: { to: SOMEONE, data: "0xdeadbeef" } }),
    ]);
    const data = encode(call, [SOMEONE, 1n, "0xdeadbeef"]);
    const words = calldataWords(data, 8).map(({ high, low }) => (high << 128n) + low);
    expect(rule.dataLengthMin).toBe(size(data));
    expect(rule.dataLengthMax).toBe(size(data));
    expect(rule.conditions).toHaveLength(4);
    for (const { word, op, operand } of rule.conditions) {
      expect(op).toBe("eq");
      expect(operand).toBe(words[word]);
    }
  });

  test("a dynamic parameter of free content keeps its place and length", () => {
    const call = "send(uint256 amount, bytes data)";
    const rule = ruleOf([transferRule({ target: ROUTER, call, where: { data: "any 40 bytes" } })]);
    expect(rule.dataLengthMin).toBe(4 + 32 * 5);
    expect(rule.conditions).toEqual([
      { word: 1, op: "eq", operand: 64n },
      { word: 2, op: "eq", operand: 40n },
    ]);
  });

  test("a list's elements can be pinned and be the amount", () => {
    const call = "pay(uint256[] amounts)";
    const rule = transferRule({
      target: ROUTER,
      call,
      where: { amounts: ["any", "<= 5"] },
      max: "1 USDC",
    });
    const data = encode(call, [[1n, 2n]]);
    const words = calldataWords(data, 8).map(({ low }) => low);
    expect(words.slice(0, 4)).toEqual([32n, 2n, 1n, 2n]);
    const { amount: _a, max: _m, ...without } = rule;
    expect(ruleOf([without]).conditions).toEqual([
      { word: 3, op: "le", operand: 5n },
      { word: 0, op: "eq", operand: 32n },
      { word: 1, op: "eq", operand: 2n },
    ]);
  });

  test("static arrays and nested tuples stand inline", () => {
    const call = "f((uint256 a, address[2] b) x, bool on, bytes4 tag, int256 tick)";
    const {
      amount: _a,
      max: _m,
      ...rule
    } = transferRule({
      target: ROUTER,
      call,
      where: { x: { a: "10..20", b: ["any", "any"] }, on: "true", tag: "any", tick: -5 },
    });
    expect(ruleOf([rule]).conditions).toEqual([
      { word: 0, op: "ge", operand: 10n },
      { word: 0, op: "le", operand: 20n },
      { word: 3, op: "eq", operand: 1n },
      { word: 5, op: "eq", operand: (1n << 256n) - 5n },
    ]);
  });

  test("ordered conditions take the first two places", () => {
    const call = "f(address a, uint256 b, address c, uint256 d)";
    const {
      amount: _a,
      max: _m,
      ...rule
    } = transferRule({
      target: ROUTER,
      call,
      where: { a: SOMEONE, b: "<= 1_000 USDC", c: "self", d: ">= 1" },
    });
    expect(ruleOf([rule]).conditions).toEqual([
      { word: 1, op: "le", operand: 1_000_000_000n },
      { word: 3, op: "ge", operand: 1n },
      { word: 0, op: "eq", operand: BigInt(SOMEONE) },
      { word: 2, op: "self", operand: 0n },
    ]);
  });

  test("fixed bytes stand at the left of their word", () => {
    const {
      amount: _a,
      max: _m,
      ...rule
    } = transferRule({
      target: ROUTER,
      call: "f(bytes4 tag)",
      where: { tag: "0xdeadbeef" },
    });
    expect(ruleOf([rule]).conditions[0]?.operand).toBe(0xdeadbeefn << 224n);
  });
});

describe("amounts", () => {
  test("have the decimals of their token", () => {
    expect(ruleOf([transferRule({ max: "0.000001 USDC" })]).limitQuorum).toBe(1n);
    expect(ruleOf([transferRule({ max: "40_000.5 USDC" })]).limitQuorum).toBe(40_000_500_000n);
    expect(ruleOf([swapRule({ max: "1.000000000000000001 WETH" })]).limitQuorum).toBe(
      10n ** 18n + 1n,
    );
  });

  test("any is the most that the circuit reads", () => {
    expect(ruleOf([transferRule({ max: "any" })]).limitQuorum).toBe((1n << 128n) - 1n);
  });

  test("any is the most that a narrow type holds", () => {
    const rule = transferRule({ call: "burn(address to, uint64 amount)", max: "any" });
    expect(ruleOf([rule]).limitQuorum).toBe((1n << 64n) - 1n);
  });

  test("min is a bound on the amount's word, so that 0 can be kept from meaning everything", () => {
    const rule = ruleOf([swapRule({ min: "0.000000000000000001 WETH" })]);
    expect(rule.conditions[0]).toEqual({ word: 5, op: "ge", operand: 1n });
    expect(rule.conditions).toHaveLength(4);
    expect(rule.limitQuorum).toBe(100n * 10n ** 18n);
  });

  test("min can equal max, and needs no wide type beside it", () => {
    const call = "burn(address to, uint64 amount)";
    const rule = ruleOf([transferRule({ call, min: "5 USDC", max: "5 USDC" })]);
    expect(rule.conditions[0]).toEqual({ word: 1, op: "ge", operand: 5_000_000n });
  });

  test("quorumAbove is what the agent may still move alone", () => {
    const rule = ruleOf([transferRule({ quorumAbove: "40 USDC" })]);
    expect([rule.limitAgent, rule.limitQuorum]).toEqual([40_000_000n, 100_000_000n]);
  });

  test("of names a token that nothing else says", () => {
    const rule = transferRule({
      target: ROUTER,
      call: "supply(uint256 quantity)",
      amount: "quantity of WETH",
      max: "any",
    });
    const { where: _, ...supply } = rule;
    const { labels } = compilePolicy(deskPolicy([supply]));
    expect(labels.rules[0]?.amount?.symbol).toBe("WETH");
  });

  test("of overrides that a declared target counts itself", () => {
    const rule = transferRule({
      target: "WETH",
      call: "deposit(uint256 assets, address receiver)",
      where: { receiver: "self" },
      amount: "assets of USDC",
      max: "5 USDC",
    });
    expect(ruleOf([rule]).limitQuorum).toBe(5_000_000n);
  });
});

describe("schedule and regimes", () => {
  test("defaults leave time alone", () => {
    expect(ruleOf([transferRule()])).toMatchObject({
      validFrom: 0n,
      validUntil: NO_TIME_BOUND,
      hoursStart: 0,
      hoursEnd: 86_400,
      days: 127,
      cooldown: 0n,
      scales: true,
      priceMaxAge: NO_TIME_BOUND,
    });
  });

  test("hours, days, dates and cooldown", () => {
    const rule = transferRule({
      hours: "06:00-24:00",
      days: "sat-mon, wed",
      validFrom: "2026-12-01",
      validUntil: "2026-12-01T12:00:00+02:00",
      cooldown: "1h30m",
      scales: false,
    });
    expect(ruleOf([rule])).toMatchObject({
      hoursStart: 21_600,
      hoursEnd: 86_400,
      days: 0b1001011,
      validFrom: 1_796_083_200n,
      validUntil: 1_796_119_200n,
      cooldown: 5_400n,
      scales: false,
    });
  });

  const regimes = {
    feed: "VOL",
    elevated: { above: "60%", limits: "50%" },
    stressed: { above: "120%", limits: "12.34%", quorum: "always" },
  } as const;

  test("thresholds follow the feed's unit and decimals", () => {
    const feeds = deskPolicy([]).feeds ?? {};
    const compile = (unit: "percent" | "fraction") =>
      compilePolicy(
        deskPolicy([transferRule()], {
          regimes,
          feeds: { ...feeds, VOL: { ...(feeds.VOL as NonNullable<typeof feeds.VOL>), unit } },
        }),
      ).policy.regimes;
    expect(compile("fraction")).toEqual({
      elevatedAbove: 60_000_000n,
      stressedAbove: 120_000_000n,
      elevatedBps: 5_000n,
      stressedBps: 1_234n,
    });
    expect(compile("percent").elevatedAbove).toBe(6_000_000_000n);
  });

  test("quorum follows the regimes unless the rule says otherwise", () => {
    const quorum = (rule: Rule) => rule.quorum;
    const always = { calm: true, elevated: true, stressed: true };
    const never = { calm: false, elevated: false, stressed: false };
    expect(quorum(ruleOf([transferRule()], { regimes }))).toEqual({ ...never, stressed: true });
    expect(quorum(ruleOf([transferRule({ quorum: "always" })], { regimes }))).toEqual(always);
    expect(quorum(ruleOf([transferRule({ quorum: "never" })], { regimes }))).toEqual(never);
  });

  test("without regimes no answer reaches a threshold", () => {
    expect(compilePolicy(deskPolicy([transferRule()])).policy.regimes).toEqual({
      elevatedAbove: NO_THRESHOLD,
      stressedAbove: NO_THRESHOLD,
      elevatedBps: 10_000n,
      stressedBps: 10_000n,
    });
  });

  test("without an elevated regime the policy goes from calm to stressed", () => {
    const { policy } = compilePolicy(
      deskPolicy([transferRule()], { regimes: { feed: "VOL", stressed: regimes.stressed } }),
    );
    expect(policy.regimes.elevatedAbove).toBe(policy.regimes.stressedAbove);
    expect(policy.regimes.elevatedBps).toBe(1_234n);
  });
});

describe("price feeds", () => {
  test("a rule that charges or bounds by a feed reads it, no older than it allows", () => {
    expect(ruleOf([swapRule()])).toMatchObject({ priceFeed: ETHUSD, priceMaxAge: 3_600n });
  });
});

describe("approvers", () => {
  const base = {
    x: "5299619240641551281634865583518297030282874472190772894086521144482721001553",
    y: "16950150798460657717958625567821834550301663161624707787222815936182638968203",
  };

  test("one key serves both regimes unless there are two", () => {
    const { policy } = compilePolicy(deskPolicy([transferRule()], { approvers: { normal: base } }));
    expect(policy.approvers?.stressed).toEqual({ x: BigInt(base.x), y: BigInt(base.y) });
  });
});
