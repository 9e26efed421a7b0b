import { describe, expect, test } from "vitest";
import { compilePolicy } from "../../src/policy/compile.ts";
import type { PolicySource, RuleDefinition } from "../../src/policy/source/policySource.ts";
import {
  deskPolicy,
  problemsOf,
  ROUTER,
  refusalOf,
  SOMEONE,
  swapRule,
  transferRule,
  USDC,
  warningsOf,
} from "./compileFixture.ts";

type Case = [what: string, source: string | PolicySource, at: string, says: RegExp];
const rule = (changes: Partial<RuleDefinition>) => deskPolicy([transferRule(changes)]);
const swap = (changes: Partial<RuleDefinition>) => deskPolicy([swapRule(changes)]);
const without = (from: RuleDefinition, ...keys: (keyof RuleDefinition)[]): PolicySource =>
  deskPolicy([
    Object.fromEntries(
      Object.entries(from).filter(([key]) => !keys.includes(key as never)),
    ) as never,
  ]);
const feeds = deskPolicy([]).feeds ?? {};
const vol = feeds.VOL as NonNullable<typeof feeds.VOL>;

/** Each case has exactly one problem, at this path, whose text says this. */
function refuses(cases: readonly Case[]) {
  test.each(cases)("%s", (_, source, at, says) => {
    const text = refusalOf(source);
    expect(text).toContain(at);
    expect(text).toMatch(says);
    expect(problemsOf(source), text).toHaveLength(1);
  });
}

describe("units", () => {
  refuses([
    [
      "another token than the target",
      rule({ max: "100 WETH" }),
      "rules[0].max",
      /counts USDC.*received: 100 WETH/s,
    ],
    [
      "another token than tokenIn",
      swap({ max: "100 USDC" }),
      "rules[0].max",
      /amountIn counts WETH/,
    ],
    ["a currency for an amount", swap({ max: "100 USD" }), "rules[0].max", /counts WETH/],
    ["no unit", rule({ max: "100" }), "rules[0].max", /has no unit.*100 USDC/s],
    ["an unknown unit", rule({ max: "100 USDX" }), "rules[0].max", /did you mean USD/],
    [
      "too many decimals",
      rule({ max: "0.0000001 USDC" }),
      "rules[0].max",
      /at most 6 decimals, as USDC has/,
    ],
    [
      "a quorum threshold in another unit",
      rule({ quorumAbove: "1 WETH" }),
      "rules[0].quorumAbove",
      /counts USDC/,
    ],
    [
      "a quorum threshold above max",
      rule({ quorumAbove: "101 USDC" }),
      "rules[0].quorumAbove",
      /is above max/,
    ],
    [
      "2^128 or more",
      rule({ max: "340282366920938463463374607431769 USDC" + "", quorumAbove: "1 USDC" }),
      "rules[0].max",
      /below 2\^128/,
    ],
    [
      "more than the type holds",
      rule({ call: "burn(address to, uint32 amount)", max: "4295 USDC" }),
      "rules[0].max",
      /fits uint32/,
    ],
    ["a minimum above max", rule({ min: "101 USDC" }), "rules[0].min", /is above max.*100 USDC/s],
    ["a minimum of 0", rule({ min: "0 USDC" }), "rules[0].min", /no minimum.*more than 0/s],
    ["any as a minimum", rule({ min: "any" }), "rules[0].min", /no minimum.*such as 1 USDC/s],
    ["a minimum in another unit", rule({ min: "1 WETH" }), "rules[0].min", /counts USDC/],
    [
      "a minimum on ETH sent",
      rule({
        target: ROUTER,
        call: "deposit(address to)",
        amount: "msg.value",
        min: "1 ETH",
        max: "2 ETH",
      }),
      "rules[0].min",
      /msg\.value stands in no word of the calldata/,
    ],
    [
      "a minimum without amount",
      without({ ...transferRule({ min: "1 USDC" }), free: ["amount"] }, "amount", "max"),
      "rules[0].min",
      /min but no amount/,
    ],
    [
      "a minimum beside two other bounds",
      deskPolicy([
        swapRule({
          min: "1 WETH",
          where: { ...swapRule().where, fee: "1..2" },
          free: ["deadline", "sqrtPriceLimitX96"],
        }),
      ]),
      "rules[0].where",
      /compares at most 2 bounds.*amountIn \(ge\)/s,
    ],
    ["a negative amount", rule({ max: "-1 USDC" }), "rules[0].max", /cannot be read/],
    ["scientific notation", rule({ max: "1e3 USDC" }), "rules[0].max", /cannot be read/],
    ["a comma", rule({ max: "1,000 USDC" }), "rules[0].max", /cannot be read/],
    [
      "any without a token",
      rule({ target: ROUTER, call: "f(address to, uint256 q)", amount: "q", max: "any" }),
      "rules[0].max",
      /q of WETH/,
    ],
    ["a limit without max", without(transferRule(), "max"), "rules[0].max", /is missing/],
    [
      "max without amount",
      without({ ...transferRule(), free: ["amount"] }, "amount"),
      "rules[0].max",
      /no amount/,
    ],
    [
      "a budget in an unknown unit",
      deskPolicy([transferRule()], {
        budgets: { velocity: { capacity: "20 cals", refill: "10m" } },
      }),
      "budgets.velocity.capacity",
      /did you mean calls/,
    ],
    [
      "a fraction of a call",
      deskPolicy([transferRule()], {
        budgets: { velocity: { capacity: "0.5 calls", refill: "10m" } },
      }),
      "budgets.velocity.capacity",
      /no decimals/,
    ],
    [
      "a budget of too many decimals",
      deskPolicy([transferRule({ charge: { b: "amount" } })], {
        budgets: { b: { capacity: "1.0000001 USDC", refill: "10m" } },
      }),
      "budgets.b.capacity",
      /at most 6 decimals/,
    ],
    [
      "an instant refill",
      deskPolicy([transferRule()], {
        budgets: { velocity: { capacity: "1 calls", refill: "0s" } },
      }),
      "budgets.velocity.refill",
      /no limit/,
    ],
    [
      "a duration in words",
      deskPolicy([transferRule()], {
        budgets: { velocity: { capacity: "1 calls", refill: "1 day" } },
      }),
      "budgets.velocity.refill",
      /24h, or never/,
    ],
    [
      "asset decimals",
      deskPolicy([transferRule()], {
        assets: { ...deskPolicy([]).assets, USDC: { address: USDC, decimals: 37 } },
      }),
      "assets.USDC.decimals",
      /0 to 36/,
    ],
  ]);

  test("of cannot talk a token call into another token than its target", () => {
    const text = refusalOf(rule({ amount: "amount of WETH", max: "1 WETH" }));
    expect(text).toMatch(/transfer moves USDC, the target's tokens.*received: amount of WETH/s);
    const elsewhere = refusalOf(rule({ target: SOMEONE, amount: "amount of USDC" }));
    expect(elsewhere).toMatch(/the target is not a declared asset/);
  });

  test("a token call on an undeclared target", () => {
    const text = refusalOf(rule({ target: SOMEONE, max: "100 WETH" }));
    expect(text).toMatch(/transfer moves the target's tokens/);
  });
});

describe("names", () => {
  refuses([
    [
      "a misspelt parameter",
      swap({ where: { tokenln: "WETH", tokenOut: "USDC", recipient: "self" } }),
      "rules[0].where.tokenln",
      /did you mean tokenIn\?/,
    ],
    [
      "a misspelt free parameter",
      swap({ free: ["fe", "deadline", "sqrtPriceLimitX96"] }),
      "rules[0].free[0]",
      /did you mean fee\?/,
    ],
    [
      "a misspelt part of a tuple",
      swap({ where: { params: { tokenIn: "WETH", tokenOut: "USDC", recipent: "self" } } }),
      "rules[0].where.params.recipent",
      /did you mean recipient\?/,
    ],
    ["a misspelt amount", rule({ amount: "amuont" }), "rules[0].amount", /did you mean amount\?/],
    [
      "value without such a parameter",
      rule({ amount: "value" }),
      "rules[0].amount",
      /msg\.value for the ETH/,
    ],
    ["a missing asset", rule({ target: "DAI" }), "rules[0].target", /DAI is not an asset/],
    [
      "a misspelt asset",
      swap({ where: { tokenIn: "WETTH", tokenOut: "USDC", recipient: "self" } }),
      "rules[0].where.tokenIn",
      /did you mean WETH\?/,
    ],
    [
      "the native coin as an address",
      rule({ where: { to: "ETH" } }),
      "rules[0].where.to",
      /has no address/,
    ],
    [
      "the native coin as a target",
      rule({ target: "ETH" }),
      "rules[0].target",
      /recipient as the target/,
    ],
    [
      "a misspelt budget",
      rule({ charge: { velocty: 1 } }),
      "rules[0].charge.velocty",
      /did you mean velocity\?/,
    ],
    [
      "a misspelt feed",
      swap({ charge: { hedging: "ETHUSDD" } }),
      "rules[0].charge.hedging",
      /did you mean ETHUSD\?/,
    ],
    [
      "a misspelt key",
      { ...rule({}), rules: [{ ...transferRule(), cooldwn: "1h" } as never] },
      "rules[0].cooldwn",
      /did you mean cooldown\?/,
    ],
    [
      "a misspelt section",
      { ...rule({}), budgetz: {} } as never,
      "budgetz",
      /did you mean budgets\?/,
    ],
    [
      "two rules of one name",
      deskPolicy([transferRule(), transferRule()]),
      "rules[1].name",
      /rules\[0\] has this name/,
    ],
    [
      "an ambiguous parameter",
      rule({
        target: ROUTER,
        call: "f((uint256 x) a, (uint256 x) b)",
        where: { x: 1, "a.x": 1, "b.x": 1 },
        max: "1 ETH",
        amount: "msg.value",
      }),
      "rules[0].where.x",
      /one of a\.x, b\.x/,
    ],
    [
      "a parameter named twice",
      rule({ where: { to: SOMEONE }, free: ["to"] }),
      "rules[0].free[0]",
      /named twice/,
    ],
    [
      "the amount under where",
      rule({ where: { to: SOMEONE, amount: 5 } }),
      "rules[0]",
      /is the amount.*expected: its bounds as min and max/s,
    ],
    [
      "an omitted parameter",
      rule({ where: {} }),
      "rules[0].call",
      /parameter to is not mentioned.*under free/s,
    ],
    [
      "an asset that takes the native coin's name",
      deskPolicy([transferRule()], {
        assets: { ...deskPolicy([]).assets, ETH: { address: ROUTER, decimals: 18 } },
      }),
      "assets.ETH",
      /native coin/,
    ],
    [
      "a feed named like a currency",
      deskPolicy([transferRule()], { feeds: { ...feeds, USD: vol } }),
      "feeds.USD",
      /is taken/,
    ],
    [
      "a reserved name",
      deskPolicy([transferRule()], {
        assets: { ...deskPolicy([]).assets, self: { address: ROUTER, decimals: 18 } },
      }),
      "assets.self",
      /word of the policy language/,
    ],
    [
      "two assets at one address",
      deskPolicy([transferRule()], {
        assets: { ...deskPolicy([]).assets, USDX: { address: USDC, decimals: 6 } },
      }),
      "assets.USDX.address",
      /address of USDC too/,
    ],
    [
      "a regime's unknown feed",
      deskPolicy([transferRule()], {
        regimes: { feed: "VOLA", stressed: { above: "1%", limits: "1%" } },
      }),
      "regimes.feed",
      /did you mean VOL\?/,
    ],
  ]);
});

describe("addresses", () => {
  const mixed = "0x52908400098527886E0F7030069857D2E4169Ee7";
  refuses([
    ["a wrong checksum", rule({ target: mixed }), "rules[0].target", /checksum/],
    [
      "a wrong checksum under where",
      rule({ where: { to: mixed } }),
      "rules[0].where.to",
      /checksum/,
    ],
    [
      "too few digits",
      rule({ where: { to: "0x1234" } }),
      "rules[0].where.to",
      /40 hexadecimal digits/,
    ],
    [
      "the zero address for an asset",
      deskPolicy([transferRule()], {
        assets: {
          ...deskPolicy([]).assets,
          USDC: { address: "0x0000000000000000000000000000000000000000", decimals: 6 },
        },
      }),
      "assets.USDC.address",
      /not zero/,
    ],
    [
      "a range the wrong way round",
      without(
        transferRule({ target: [SOMEONE, ROUTER], call: "f()", amount: "msg.value", max: "1 ETH" }),
        "where",
      ),
      "rules[0].target",
      /range of addresses is empty/,
    ],
    [
      "self for a number",
      rule({
        target: ROUTER,
        call: "f(address to, uint256 x)",
        where: { to: "self", x: "self" },
        amount: "msg.value",
        max: "1 ETH",
      }),
      "rules[0].where.x",
      /self is an address/,
    ],
  ]);
});

describe("calls", () => {
  const call = (text: string, changes: Partial<RuleDefinition> = {}) =>
    without(transferRule({ target: ROUTER, call: text, ...changes }), "amount", "max");
  refuses([
    ["no signature", call("transfer"), "rules[0].call", /not a function signature/],
    ["an unknown type", call("f(uint257 to)"), "rules[0].call", /uint257/],
    ["an event", call("event X(uint256 to)"), "rules[0].call", /function/],
    ["an array of bytes", call("f(bytes[] to)"), "rules[0].call", /list of bytes/],
    [
      "an array of dynamic parts",
      call("f(string[] to)"),
      "rules[0].call",
      /array of dynamic parts/,
    ],
    [
      "an enormous array",
      call("f(uint256[1000000000] to)"),
      "rules[0].call",
      /more than 256 words/,
    ],
    [
      "an enormous array inside a list",
      call("f(uint256[1000000000][] to)"),
      "rules[0].call",
      /more than 256 words/,
    ],
    [
      "two parameters of one name",
      call("f(uint256 to, uint256 to)"),
      "rules[0].call",
      /two parameters named to/,
    ],
    [
      "a free dynamic parameter",
      call("f(address to, bytes data)", { free: ["data"] }),
      "rules[0].free[0]",
      /dynamic \(bytes\): it cannot be left free/,
    ],
    [
      "a dynamic parameter left any",
      call("f(address to, uint256[] xs)", { where: { to: "self", xs: "any" } }),
      "rules[0].where.xs",
      /dynamic \(uint256\[\]\)/,
    ],
    [
      "an omitted dynamic parameter",
      call("f(address to, bytes data)"),
      "rules[0].call",
      /data is not mentioned. It is dynamic/,
    ],
    [
      "a list of the wrong length",
      call("f(address[2] to)", { where: { to: ["self"] } }),
      "rules[0].where.to",
      /a list of 2 values/,
    ],
    [
      "odd hexadecimal digits",
      call("f(address to, bytes data)", { where: { to: "self", data: "0x123" } }),
      "rules[0].where.data",
      /hexadecimal bytes/,
    ],
    [
      "bytes of the wrong size",
      call("f(bytes4 to)", { where: { to: "0x1234" } }),
      "rules[0].where.to",
      /0x and 8 hexadecimal digits/,
    ],
    [
      "a bool that is none",
      call("f(bool to)", { where: { to: "yes" } }),
      "rules[0].where.to",
      /true or false/,
    ],
    [
      "a number past its type",
      call("f(uint8 to)", { where: { to: 256 } }),
      "rules[0].where.to",
      /range of uint8/,
    ],
    [
      "a negative unsigned number",
      call("f(uint8 to)", { where: { to: "-1" } }),
      "rules[0].where.to",
      /range of uint8/,
    ],
    [
      "a strict comparison",
      call("f(uint256 to)", { where: { to: "< 5" } }),
      "rules[0].where.to",
      /<=, >= or a range/,
    ],
    [
      "a bound of 2^128",
      call("f(uint256 to)", { where: { to: `<= ${1n << 128n}` } }),
      "rules[0].where.to",
      /below 2\^128/,
    ],
    [
      "an empty range",
      call("f(uint256 to)", { where: { to: "5..4" } }),
      "rules[0].where.to",
      /range is empty/,
    ],
    [
      "a lower bound alone on a narrow type",
      call("f(uint64 to)", { where: { to: ">= 5" } }),
      "rules[0].where.to",
      /drops the word's high bits/,
    ],
    [
      "three bounds",
      call("f(uint256 to, uint256 b)", { where: { to: "1..2", b: "<= 5" } }),
      "rules[0].where",
      /compares at most 2 bounds/,
    ],
    [
      "five conditions",
      call("f(address to, uint8 a, uint8 b, uint8 c, uint8 d)", {
        where: { to: "self", a: 1, b: 2, c: 3, d: 4 },
      }),
      "rules[0].where",
      /has 4 conditions.*received: 5/s,
    ],
    [
      "pins that do not fit",
      call("swap(uint256 a, uint256 b, address[] path, address to)", {
        where: { a: "any", b: "any", path: ["WETH", "USDC"], to: "self" },
      }),
      "rules[0].where",
      /offset, length and content word.*the offset of path; the length of path/s,
    ],
    [
      "content that does not fit",
      call("f(bytes to)", { where: { to: `0x${"00".repeat(97)}` } }),
      "rules[0].where",
      /to, bytes 96 to 97/,
    ],
    [
      "a word past the circuits",
      call("f(uint256[32] a, address to)", { where: { a: "any", to: "self" } }),
      "rules[0].where",
      /past word 31/,
    ],
    [
      "a unit that the parameter does not count",
      call("f(address tokenIn, uint256 amountIn)", {
        where: { tokenIn: "WETH", amountIn: "<= 5 USDC" },
      }),
      "rules[0].where.amountIn",
      /counts WETH, not USDC/,
    ],
    [
      "parameters of a plain transfer",
      without(transferRule({ target: SOMEONE, call: "none", amount: "msg.value", max: "1 ETH" })),
      "rules[0]",
      /plain transfer has no parameters/,
    ],
  ]);

  test.each([
    "multicall(bytes[] data)",
    "multicall(uint256 deadline, bytes[] data)",
    "execute(bytes commands, bytes[] inputs, uint256 deadline)",
    "aggregate((address target, bytes callData)[] calls)",
    "aggregate3((address target, bool allowFailure, bytes callData)[] calls)",
    "execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)",
    "execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation)",
    "handleOps((address sender, uint256 nonce, bytes initCode, bytes callData, bytes32 accountGasLimits, uint256 preVerificationGas, bytes32 gasFees, bytes paymasterAndData, bytes signature)[] ops, address beneficiary)",
    "multiSend(bytes transactions)",
    "executeBatch(address[] targets, uint256[] values, bytes[] datas)",
    "execute(bytes32 mode, bytes executionCalldata)",
    "upgradeToAndCall(address implementation, bytes data)",
    "forwardSomething(bytes payload)",
  ])("refuses %s, which carries calls", (text) => {
    expect(refusalOf(call(text, { where: {} }))).toMatch(
      /carries other calls would let them pass unread/,
    );
  });
});

describe("charges", () => {
  const budgets = {
    hedging: { capacity: "10 USD", refill: "24h" },
    open: { capacity: "10 USDC", refill: "never" },
    turnover: { capacity: "10 USDC", refill: "24h" },
    velocity: { capacity: "20 calls", refill: "10m" },
  } as const;
  const charges = (charge: RuleDefinition["charge"], changes: Partial<RuleDefinition> = {}) =>
    deskPolicy([transferRule({ charge: charge ?? {}, ...changes })], { budgets });
  refuses([
    [
      "three budgets",
      charges({ hedging: "worth", open: "amount", velocity: 1 }),
      "rules[0].charge",
      /at most 2 budgets/,
    ],
    [
      "a feed for another asset",
      charges({ hedging: "ETHUSD" }),
      "rules[0].charge.hedging",
      /does not price USDC/,
    ],
    [
      "a feed without base",
      charges({ hedging: "VOL" }),
      "rules[0].charge.hedging",
      /does not say what it prices/,
    ],
    [
      "amount in another unit",
      charges({ hedging: "amount" }),
      "rules[0].charge.hedging",
      /counts USD, not USDC/,
    ],
    [
      "amount on calls",
      charges({ velocity: "amount" }),
      "rules[0].charge.velocity",
      /counts calls, not amounts/,
    ],
    ["half a call", charges({ velocity: "0.5" }), "rules[0].charge.velocity", /number of calls/],
    [
      "a bare number of USD",
      charges({ hedging: "5 USD" }),
      "rules[0].charge.hedging",
      /what it is charged for/,
    ],
    [
      "a price for another asset",
      charges({ hedging: "1 USD per WETH" }),
      "rules[0].charge.hedging",
      /counts USDC, not WETH/,
    ],
    [
      "a price in another unit",
      charges({ hedging: "1 WETH per USDC" }),
      "rules[0].charge.hedging",
      /counts USD, not WETH/,
    ],
    [
      "worth of an asset that declares none",
      swap({ charge: { hedging: "worth" } }),
      "rules[0].charge.hedging",
      /no declared worth/,
    ],
    [
      "an amount that is not there",
      deskPolicy([{ name: "x", target: ROUTER, call: "f()", charge: { hedging: "worth" } }]),
      "rules[0].charge.hedging",
      /no amount to charge/,
    ],
    [
      "giving back to a budget that refills",
      charges({ turnover: "gives back amount", velocity: 1 }),
      "rules[0].charge.turnover",
      /refills by itself/,
    ],
    [
      "giving back alone",
      charges({ open: "gives back amount" }),
      "rules[0].charge.open",
      /opening and closing in turns/,
    ],
    [
      "giving back beside a charge of nothing",
      charges({ open: "gives back amount", velocity: 0 }),
      "rules[0].charge.open",
      /opening and closing in turns/,
    ],
    [
      "giving back per call beside a charge that an amount of 0 does not touch",
      charges({ open: "gives back 5 USDC per call", turnover: "amount" }),
      "rules[0].charge.open",
      /a call of amount 0 would give back.*turnover: … \+ <number> USDC per call.*received: turnover, which/s,
    ],
    [
      "cooldown without a charge",
      charges({}, { cooldown: "1h" }),
      "rules[0].cooldown",
      /no budget to count from/,
    ],
    [
      "two feeds in one rule",
      deskPolicy(
        [
          swapRule({
            charge: { hedging: "ETHUSD", velocity: 1 },
            slippage: { out: "amountOutMinimum", price: "OTHER", max: "1%" },
          }),
        ],
        { feeds: { ...feeds, OTHER: { ...(feeds.ETHUSD as typeof vol), address: SOMEONE } } },
      ),
      "rules[0]",
      /reads one price feed/,
    ],
    [
      "five budgets",
      deskPolicy([transferRule()], { budgets: { ...budgets, fifth: budgets.open } }),
      "budgets",
      /at most 4 budgets/,
    ],
    [
      "a scale past the bounds",
      deskPolicy(
        [
          swapRule({ max: "any" }),
          swapRule({
            name: "b",
            charge: { hedging: "FINE" },
            slippage: { out: "amountOutMinimum", price: "FINE", max: "1%" },
          }),
        ],
        { feeds: { ...feeds, FINE: { ...(feeds.ETHUSD as typeof vol), decimals: 18 } } },
      ),
      "budgets.hedging",
      /2\^159: lower its max/,
    ],
  ]);

  test("giving back follows no feed", () => {
    const policy = deskPolicy([swapRule({ charge: { open: "gives back ETHUSD", velocity: 1 } })], {
      budgets: { ...budgets, open: { capacity: "10 USD", refill: "never" } },
    });
    expect(refusalOf(policy)).toMatch(/cannot follow a feed's price/);
  });

  test("giving back is allowed beside a charge that bounds the turnover", () => {
    for (const charge of [
      { open: "gives back amount", turnover: "amount" },
      { open: "gives back amount", hedging: "worth" },
      { open: "gives back amount", velocity: 1 },
      { open: "gives back 5 USDC per call", velocity: 1 },
      { open: "gives back amount + 1 USDC per call", turnover: "amount + 1 USDC per call" },
    ]) {
      expect(problemsOf(charges(charge))).toEqual([]);
    }
  });

  test("giving back an amount is bounded by its worth at the feed", () => {
    const policy = deskPolicy(
      [swapRule({ charge: { eth: "gives back amount", hedging: "ETHUSD" } })],
      { budgets: { eth: { capacity: "10 WETH", refill: "never" }, hedging: budgets.hedging } },
    );
    expect(problemsOf(policy)).toEqual([]);
  });

  test("the bounding charge must not be given back to by another rule", () => {
    const policy = deskPolicy(
      [
        transferRule({ charge: { open: "gives back amount", other: "amount" } }),
        transferRule({ name: "b", charge: { other: "gives back amount", velocity: 1 } }),
      ],
      {
        budgets: {
          ...budgets,
          other: budgets.open,
          turnover: budgets.velocity,
          hedging: undefined as never,
        },
      },
    );
    expect(refusalOf(policy)).toMatch(/rules\[0\].charge.open: without a second charge/);
  });
});

describe("price bands", () => {
  const out = { out: "amountOutMinimum", price: "ETHUSD", max: "50 bps" } as const;
  const assets = deskPolicy([]).assets ?? {};
  refuses([
    [
      "no feed",
      swap({ slippage: { out: "amountOutMinimum", max: "50 bps" } as never }),
      "rules[0].slippage.price",
      /is missing/,
    ],
    [
      "an unknown feed",
      swap({ slippage: { ...out, price: "BTCUSD" } }),
      "rules[0].slippage.price",
      /not a feed/,
    ],
    [
      "a bare number",
      swap({ slippage: { ...out, max: "50" } }),
      "rules[0].slippage.max",
      /0\.5% or 50 bps/,
    ],
    [
      "the whole price",
      swap({ slippage: { ...out, max: "100%" } }),
      "rules[0].slippage.max",
      /below 100%/,
    ],
    [
      "an output that is no parameter",
      swap({ slippage: { ...out, out: "amountOutMin" } }),
      "rules[0].slippage.out",
      /did you mean amountOutMinimum\?/,
    ],
    [
      "both sides priced",
      deskPolicy([swapRule()], {
        feeds: { ...feeds, ETHUSD: { ...(feeds.ETHUSD as typeof vol), base: ["WETH", "USDC"] } },
      }),
      "rules[0].slippage.price",
      /prices both sides/,
    ],
    [
      "an unpriced side of unknown worth",
      deskPolicy([swapRule()], { assets: { ...assets, USDC: { address: USDC, decimals: 6 } } }),
      "rules[0].slippage.price",
      /what USDC is worth in USD/,
    ],
    [
      "a narrow minimum output",
      deskPolicy([
        transferRule({
          target: ROUTER,
          call: "f(address tokenIn, address tokenOut, uint256 amountIn, uint96 minOut)",
          where: { tokenIn: "WETH", tokenOut: "USDC" },
          amount: "amountIn",
          max: "1 WETH",
          slippage: { ...out, out: "minOut" },
        }),
      ]),
      "rules[0].slippage.out",
      /at least 128 bits/,
    ],
    [
      "an output of unknown token",
      deskPolicy([
        transferRule({
          target: ROUTER,
          call: "f(address tokenIn, uint256 amountIn, uint256 x)",
          where: { tokenIn: "WETH" },
          amount: "amountIn",
          max: "1 WETH",
          slippage: { ...out, out: "x" },
        }),
      ]),
      "rules[0].slippage.out",
      /which token x counts/,
    ],
  ]);

  test("slippage without an amount", () => {
    expect(
      refusalOf(
        without(
          swapRule({ free: ["fee", "deadline", "sqrtPriceLimitX96", "amountIn"] }),
          "amount",
          "max",
        ),
      ),
    ).toMatch(/slippage but no amount/);
  });
});

describe("schedule and regimes", () => {
  const regime = (changes: object) =>
    deskPolicy([transferRule()], {
      regimes: { feed: "VOL", stressed: { above: "100%", limits: "10%" }, ...changes } as never,
    });
  refuses([
    ["hours over midnight", rule({ hours: "22:00-06:00" }), "rules[0].hours", /two rules/],
    ["no hours", rule({ hours: "06:00-06:00" }), "rules[0].hours", /empty/],
    ["a time past the day", rule({ hours: "06:00-25:00" }), "rules[0].hours", /06:00-22:00/],
    ["an unknown day", rule({ days: "mon-fry" }), "rules[0].days", /mon-fri/],
    [
      "a day that is not in the month",
      rule({ validFrom: "2026-02-30" }),
      "rules[0].validFrom",
      /date/,
    ],
    [
      "a time without its offset",
      rule({ validFrom: "2026-02-20T10:00" }),
      "rules[0].validFrom",
      /2026-12-01T10:00:00Z/,
    ],
    [
      "an empty validity",
      rule({ validFrom: "2027-01-01", validUntil: "2027-01-01" }),
      "rules[0].validUntil",
      /not after validFrom/,
    ],
    [
      "a threshold without its feed's unit",
      deskPolicy([transferRule()], {
        regimes: { feed: "VOL", stressed: { above: "100%", limits: "10%" } },
        feeds: { VOL: { ...vol, unit: undefined as never } },
      }),
      "regimes.stressed.above",
      /unit: percent or unit: fraction/,
    ],
    [
      "stressed below elevated",
      regime({ elevated: { above: "101%", limits: "50%" } }),
      "regimes.stressed.above",
      /lies below elevated/,
    ],
    [
      "more than the whole limit",
      regime({ stressed: { above: "1%", limits: "101%" } }),
      "regimes.stressed.limits",
      /0% to 100%/,
    ],
    [
      "a part of a basis point",
      regime({ stressed: { above: "1%", limits: "10.001%" } }),
      "regimes.stressed.limits",
      /whole basis points/,
    ],
    [
      "a threshold of nothing",
      regime({ stressed: { above: "0%", limits: "10%" } }),
      "regimes.stressed.above",
      /more than 0/,
    ],
    [
      "a missing stressed regime",
      regime({ stressed: undefined }),
      "regimes.stressed",
      /is missing/,
    ],
    [
      "an approver's key off the curve",
      deskPolicy([transferRule()], { approvers: { normal: { x: 1, y: 2 } } }),
      "approvers.normal",
      /prime order/,
    ],
    [
      "the identity as a key",
      deskPolicy([transferRule()], { approvers: { normal: { x: 0, y: 1 } } }),
      "approvers.normal",
      /not the identity/,
    ],
  ]);
});

describe("the text", () => {
  const yaml = (rules: string) => `name: a\nchain: 1\nrules:\n${rules}`;
  const good = `  - { name: x, target: "${ROUTER}", call: f() }\n`;
  refuses([
    ["not YAML", "name: [", "1:", /not YAML/],
    ["an empty file", "", "policy", /cannot be read/],
    ["a list", "- a", "policy", /a mapping/],
    ["a duplicate key", yaml(`${good}name: b\n`), "policy", /unique/],
    [
      "an alias",
      yaml(`  - &a { name: x, target: "${ROUTER}", call: f() }\n`),
      "rules[0]",
      /anchors and aliases/,
    ],
    ["two documents", `${yaml(good)}---\nname: b\n`, "policy", /not YAML/],
    ["no rules", "name: a\nchain: 1\nrules: []\n", "rules", /at least one rule/],
    ["__proto__", yaml(`${good}__proto__: {}\n`), "policy", /__proto__/],
  ]);

  test("positions point at the value, or at the key where the key is wrong", () => {
    const source = yaml(
      `  - name: x\n    target: "${ROUTER}"\n    call: f(uint256 amount)\n    amonut: amount\n    max: 5 EUR\n`,
    );
    expect(problemsOf(source).map(({ line, column }) => [line, column])).toEqual([[7, 5]]);
    expect(refusalOf(source.replace("amonut", "amount"))).toContain("8:10 rules[0].max");
  });

  test("all problems are reported at once, in the order of the text", () => {
    const source = `name: a
chain: zero
assets:
  USDC: { address: "0x12", decimals: 6 }
budgets:
  velocity: { capacity: 20 cals, refill: 10m }
rules:
  - name: x
    target: DAI
    call: transfer(address to, uint256 amount)
    where: { tu: self }
    amount: amount
    max: 1 USDC
    hours: 22:00-06:00
    charge: { velocty: 1 }
`;
    expect(problemsOf(source).map(({ path }) => path.join("."))).toEqual([
      "chain",
      "assets.USDC.address",
      "budgets.velocity.capacity",
      "rules.0.target",
      "rules.0.where.tu",
      "rules.0.hours",
      "rules.0.charge.velocty",
    ]);
  });

  test("an address without quotes keeps its digits", () => {
    expect(refusalOf(yaml(good.replaceAll('"', "")))).toBe("compiled");
  });

  test.each([0, -1, 1.5, 65_537, Number.NaN])("%s is no number of lanes", (lanes) => {
    expect(() => compilePolicy(deskPolicy([transferRule()]), { lanes })).toThrow(/1 to 65536/);
  });

  test("a number too large to be exact", () => {
    expect(refusalOf(deskPolicy([transferRule()], { chain: 2 ** 60 }))).toMatch(/not exact/);
  });
});

describe("warnings", () => {
  const approve = transferRule({ call: "approve(address spender, uint256 amount)" });
  const { where: _, ...open } = approve;
  const quiet = {
    budgets: { velocity: { capacity: "20 calls", refill: "10m" } },
    feeds: {},
  } as const;
  const warnings = (changes: Partial<RuleDefinition>, more: Partial<PolicySource> = {}) =>
    warningsOf(deskPolicy([transferRule(changes)], { ...quiet, ...more }));

  test.each<[string, string[], string[]]>([
    ["a sound policy has none", warnings({}), []],
    [
      "an unpinned spender",
      warningsOf(deskPolicy([{ ...open, free: ["spender"] }], quiet)),
      ["unpinned-spender"],
    ],
    [
      "a pinned spender",
      warningsOf(deskPolicy([{ ...open, where: { spender: ROUTER } }], quiet)),
      [],
    ],
    [
      "a budget no rule charges",
      warnings({}, { budgets: { ...quiet.budgets, x: quiet.budgets.velocity } }),
      ["unused-budget"],
    ],
    ["a feed no rule reads", warnings({}, { feeds }), ["unused-feed", "unused-feed"]],
    [
      "no budget",
      warningsOf(deskPolicy([transferRule({ charge: {} })], { ...quiet, budgets: {} })),
      ["unbounded-rule"],
    ],
    ["a charge of nothing", warnings({ charge: { velocity: 0 } }), ["unbounded-rule"]],
    ["any amount", warnings({ max: "any" }), ["unlimited-amount"]],
    ["a quorum nobody can give", warnings({ quorum: "always" }), ["no-approvers"]],
    ["a cooldown that the delay undoes", warnings({ cooldown: "5m" }), ["short-cooldown"]],
    [
      "an open recipient under a band",
      warningsOf(
        deskPolicy(
          [
            swapRule({
              where: { tokenIn: "WETH", tokenOut: "USDC" },
              free: ["fee", "deadline", "sqrtPriceLimitX96", "recipient"],
            }),
          ],
          { feeds: { ETHUSD: feeds.ETHUSD as typeof vol } },
        ),
      ),
      ["open-band"],
    ],
    [
      "limits that grow with the stress",
      warnings(
        {},
        {
          feeds: { VOL: vol },
          regimes: {
            feed: "VOL",
            elevated: { above: "1%", limits: "1%" },
            stressed: { above: "2%", limits: "2%" },
          },
        },
      ),
      ["stressed-looser"],
    ],
  ])("%s", (_what, found, expected) => {
    expect(found).toEqual(expected);
  });

  test("a rule that has expired, if the time is known", () => {
    const policy = deskPolicy([transferRule({ validUntil: "2020-01-01" })], quiet);
    expect(warningsOf(policy)).toEqual([]);
    expect(warningsOf(policy, 1_800_000_000n)).toEqual(["past-validity"]);
  });

  test("under a band, free indexes that may choose another token", () => {
    const exchange = swapRule({
      call: "exchange(int128 i, int128 j, uint256 dx, uint256 min_dy, uint256 deadline)",
      where: {},
      free: ["i", "j", "deadline"],
      amount: "dx of WETH",
      slippage: { out: "min_dy of USDC", price: "ETHUSD", max: "1%" },
    });
    const banded = { feeds: { ETHUSD: feeds.ETHUSD as typeof vol } };
    const [warning] = compilePolicy(deskPolicy([exchange], banded)).warnings;
    expect(warning).toMatchObject({
      code: "open-band",
      message: expect.stringContaining("not pinned: i, j;"),
    });
    const pinned = { ...exchange, where: { i: 0, j: 1 }, free: ["deadline"] };
    expect(warningsOf(deskPolicy([pinned], banded))).toEqual([]);
  });

  test("a range of targets", () => {
    const ranged = transferRule({
      target: [ROUTER, SOMEONE],
      call: "f()",
      amount: "msg.value",
      max: "1 ETH",
    });
    const { where: _where, ...rest } = ranged;
    expect(warningsOf(deskPolicy([rest], quiet))).toEqual(["target-range"]);
  });
});
