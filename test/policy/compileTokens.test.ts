import { describe, expect, test } from "vitest";
import { compilePolicy } from "../../src/policy/compile.ts";
import { formatReport } from "../../src/policy/report.ts";
import type { PolicySource, RuleDefinition } from "../../src/policy/source/policySource.ts";
import { deskPolicy, problemsOf, ROUTER, refusalOf, SOMEONE, swapRule } from "./compileFixture.ts";

// A limit in a token's units has to be a limit on that token: whoever can choose the token turns
// 1,000 USDC into 10^9 base units of anything.

const NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE";
const band = { out: "amountOutMinimum", price: "ETHUSD", max: "50 bps" } as const;

/** A router's swap of five plain parameters; whatever `where` leaves out is free. */
function swap(
  where: Record<string, string>,
  changes: Partial<RuleDefinition> = {},
  call = "swap(address tokenIn, address tokenOut, uint256 amountIn, uint256 amountOutMinimum, address recipient)",
): PolicySource {
  const rule: RuleDefinition = {
    name: "swap",
    target: ROUTER,
    call,
    amount: "amountIn",
    max: "1_000 USDC",
    charge: { hedging: "worth" },
    ...changes,
  };
  const taken = [rule.amount, changes.slippage?.out].map((text) => text?.split(" ")[0]);
  const names = [...call.matchAll(/(\w+)[,)]/g)].map(([, name = ""]) => name);
  const free = names.filter((name) => !(name in where) && !taken.includes(name));
  return deskPolicy([{ ...rule, where, free }]);
}

/** The only problem of a policy, with where it stands and what it says. */
function refuses(source: PolicySource, at: string, says: RegExp) {
  const text = refusalOf(source);
  expect(text).toContain(at);
  expect(text).toMatch(says);
  expect(problemsOf(source), text).toHaveLength(1);
}

describe("a token that the caller may choose", () => {
  const free = /amountIn counts tokenIn, which is free.*expected: tokenIn under where/s;

  test("cannot give a limit its unit", () => {
    refuses(swap({ recipient: "self" }), "rules[0].amount", free);
    refuses(swap({ recipient: "self" }, { amount: "amountIn of USDC" }), "rules[0].amount", free);
    refuses(swap({ recipient: "self" }, { max: "any" }), "rules[0].amount", free);
  });

  test("cannot give a minimum output its unit", () => {
    const changes = { slippage: { ...band, out: "amountOutMinimum of WETH" } };
    const says = /amountOutMinimum counts tokenOut, which is free/;
    refuses(swap({ tokenIn: "USDC", recipient: "self" }, changes), "rules[0].slippage.out", says);
  });

  test("cannot give a bound under where its unit", () => {
    const rule = swap({ tokenIn: "USDC", amountOutMinimum: ">= 5 WETH" });
    refuses(rule, "rules[0].where.amountOutMinimum", /tokenOut, which is free/);
  });

  test("cannot be the gate itself", () => {
    const rule = swap({ tokenIn: "self", recipient: "self" });
    refuses(rule, "rules[0].amount", /amountIn counts tokenIn, which is the gate itself/);
  });

  test.each([
    ["supply(address asset, uint256 amount, address onBehalfOf)", "amount", "asset"],
    [
      "approve(address token, address spender, uint160 amount, uint48 expiration)",
      "amount",
      "token",
    ],
    ["swap((address srcToken, address dstToken, uint256 amount) desc)", "amount", "desc.srcToken"],
    [
      "swap((address token_in, address token_out) route, uint256 amount_in)",
      "amount_in",
      "route.token_in",
    ],
    ["sell(address _sellToken, uint256 _sellAmount)", "_sellAmount", "_sellToken"],
    ["f(uint256 tokenIn, uint256 amountIn)", "amountIn", "tokenIn"],
  ])("is found in %s", (call, amount, token) => {
    const free = [...call.matchAll(/(\w+)[,)]/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !["desc", "route", amount].includes(name));
    const rule = { ...swapRule(), call, free, amount, max: "5 USDC", charge: { velocity: 1 } };
    const { where: _w, slippage: _s, ...open } = rule;
    refuses(deskPolicy([open]), "rules[0].amount", new RegExp(`counts ${token}, which is free`));
  });

  test("is found at the ends of a path", () => {
    const v2 = (path: string[]): PolicySource => {
      const call =
        "swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to, uint256 deadline)";
      const rule = {
        ...swapRule({ call, where: { path }, max: "1 WETH", charge: { hedging: "ETHUSD" } }),
        slippage: { ...band, out: "amountOutMin of USDC" },
        free: ["to", "deadline"],
      };
      return deskPolicy([rule]);
    };
    refuses(v2(["any", "USDC"]), "rules[0].amount", /amountIn counts path\[0\], which is free/);
    refuses(v2(["WETH", "any"]), "rules[0].slippage.out", /counts path\[1\], which is free/);
    refuses(v2(["USDC", "WETH"]), "rules[0].max", /amountIn counts USDC/);
    expect(problemsOf(v2(["WETH", "USDC"]))).toEqual([]);
  });

  test("is found in a list of routes", () => {
    const call =
      "swap(uint256 amountIn, uint256 minOut, (address from, address to, bool stable)[] routes, address to)";
    const route = (from: string) => ({ from, to: "any", stable: "any" });
    const rule = (from: string) =>
      deskPolicy([
        {
          name: "swap",
          target: ROUTER,
          call,
          where: { routes: [route(from)] },
          free: ["to", "minOut"],
          amount: "amountIn",
          max: "1_000 USDC",
          charge: { hedging: "worth" },
        },
      ]);
    refuses(rule("any"), "rules[0].amount", /counts routes\[0\]\.from, which is free/);
    expect(problemsOf(rule("USDC"))).toEqual([]);
  });

  test("is the path's only where no parameter names it", () => {
    const call = "f(address tokenIn, uint256 amountIn, address[] path)";
    const rule: RuleDefinition = {
      name: "swap",
      target: ROUTER,
      call,
      where: { tokenIn: "USDC", path: ["any", "any"] },
      amount: "amountIn",
      max: "1_000 USDC",
      charge: { hedging: "worth" },
    };
    expect(problemsOf(deskPolicy([rule]))).toEqual([]);
  });

  test("is found in packed bytes", () => {
    const call =
      "exactInput((bytes path, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum) params)";
    const rule = swapRule({
      call,
      where: { path: "any 43 bytes", recipient: "self" },
      free: ["deadline"],
      slippage: { ...band, out: "amountOutMinimum of USDC" },
    });
    const problems = problemsOf(deskPolicy([rule])).map(({ path, message }) => [
      path.slice(2).join("."),
      message,
    ]);
    expect(problems).toEqual([
      ["amount", expect.stringMatching(/amountIn counts params\.path, whose content is free/)],
    ]);
  });
});

describe("a token that the call pins", () => {
  test("is the one that of may name", () => {
    const rule = swap({ tokenIn: "WETH", recipient: "self" }, { amount: "amountIn of USDC" });
    refuses(
      rule,
      "rules[0].amount",
      /amountIn counts tokenIn, which is WETH.*expected: amountIn.*received: amountIn of USDC/s,
    );
    const other = swap(
      { tokenIn: "WETH", tokenOut: "USDC", recipient: "self" },
      { amount: "amountIn of tokenOut" },
    );
    refuses(other, "rules[0].amount", /amountIn counts tokenIn, which is WETH/);
    const same = swap({ tokenIn: "USDC", recipient: "self" }, { amount: "amountIn of USDC" });
    expect(problemsOf(same)).toEqual([]);
  });

  test("is the one that a minimum output may name", () => {
    const selling = { max: "1 WETH", charge: { hedging: "ETHUSD" } };
    const rule = (out: string, tokenOut: string) =>
      swap(
        { tokenIn: "WETH", tokenOut, recipient: "self" },
        { ...selling, slippage: { ...band, out } },
      );
    refuses(
      rule("amountOutMinimum of USDC", SOMEONE),
      "rules[0].slippage.out",
      /counts tokenOut, which is 0x4000000000000000000000000000000000000001, no asset of this policy/,
    );
    refuses(
      rule("amountOutMinimum of USDC", "WETH"),
      "rules[0].slippage.out",
      /counts tokenOut, which is WETH/,
    );
    expect(problemsOf(rule("amountOutMinimum of USDC", "USDC"))).toEqual([]);
  });

  test("has to be declared", () => {
    const rule = swap({ tokenIn: SOMEONE, recipient: "self" });
    refuses(rule, "rules[0].amount", /no asset of this policy.*expected: the token under assets/s);
  });

  test("gives the limit its unit", () => {
    refuses(swap({ tokenIn: "WETH", recipient: "self" }), "rules[0].max", /amountIn counts WETH/);
  });

  test("may be the native coin under the address that contracts take for it", () => {
    for (const tokenOut of [NATIVE, `0x${"0".repeat(40)}`]) {
      const rule = (out: string) =>
        swap({ tokenIn: "USDC", tokenOut, recipient: "self" }, { slippage: { ...band, out } });
      expect(problemsOf(rule("amountOutMinimum"))).toEqual([]);
      expect(problemsOf(rule("amountOutMinimum of ETH"))).toEqual([]);
      refuses(rule("amountOutMinimum of WETH"), "rules[0].slippage.out", /tokenOut, which is ETH/);
    }
  });

  test("comes before the target, where both are assets", () => {
    const call = "deposit(address asset, uint256 amount)";
    const rule: RuleDefinition = {
      name: "deposit",
      target: "WETH",
      call,
      where: { asset: "USDC" },
      amount: "amount",
      max: "5 USDC",
      charge: { velocity: 1 },
    };
    expect(problemsOf(deskPolicy([rule]))).toEqual([]);
    refuses(deskPolicy([{ ...rule, max: "5 WETH" }]), "rules[0].max", /amount counts USDC/);
  });

  test("parameters that disagree about it are refused", () => {
    const call = "f(address tokenIn, address srcToken, uint256 amountIn)";
    const rule = swap({ tokenIn: "USDC", srcToken: "WETH" }, {}, call);
    refuses(rule, "rules[0].amount", /tokenIn is USDC, but srcToken is WETH/);
  });

  test("a name that misleads can be changed: only the types enter the selector", () => {
    const where = { tokenIn: "WETH", fee: "USDC" };
    const named = "f(address tokenIn, address fee, uint256 amountIn)";
    const renamed = "f(address tokenIn, address fee, uint256 charged)";
    const changes = { amount: "charged of fee", max: "5 USDC" };
    refuses(
      swap(where, { ...changes, amount: "amountIn of fee" }, named),
      "rules[0].amount",
      /tokenIn, which is WETH/,
    );
    const source = swap(where, changes, renamed);
    expect(problemsOf(source)).toEqual([]);
    const selector = compilePolicy(source).policy.rules[0]?.selector;
    const wrapped = compilePolicy(swap(where, { max: "5 WETH", charge: { velocity: 1 } }, named));
    expect(wrapped.policy.rules[0]?.selector).toBe(selector);
  });
});

describe("a parameter of another name", () => {
  const call = "f(address tokenIn, address tokenOut, uint256 quantity, uint256 least)";
  const rule = (where: Record<string, string>, changes: Partial<RuleDefinition> = {}) =>
    swap(where, { amount: "quantity of USDC", ...changes }, call);

  test("counts one of the tokens that stand beside it", () => {
    const says = /quantity is to count USDC, but the call moves what tokenIn and tokenOut names/;
    refuses(rule({}), "rules[0].amount", says);
    refuses(rule({}, { amount: "quantity" }), "rules[0].amount", says);
    refuses(rule({ tokenIn: "WETH", tokenOut: SOMEONE }), "rules[0].amount", says);
    expect(problemsOf(rule({ tokenIn: "USDC" }))).toEqual([]);
    expect(problemsOf(rule({ tokenOut: "USDC" }))).toEqual([]);
  });

  test("may count the target's own token", () => {
    const redeem: RuleDefinition = {
      name: "redeem",
      target: "WETH",
      call: "redeem(address token, uint256 shares)",
      where: { token: "USDC" },
      amount: "shares",
      max: "5 WETH",
      charge: { velocity: 1 },
    };
    expect(problemsOf(deskPolicy([redeem]))).toEqual([]);
  });

  test("counts what comes out if it is the minimum output", () => {
    const selling = (where: Record<string, string>, out = "least of USDC") =>
      rule(where, {
        amount: "quantity of WETH",
        max: "1 WETH",
        charge: { hedging: "ETHUSD" },
        slippage: { ...band, out },
      });
    const at = "rules[0].slippage.out";
    refuses(selling({ tokenIn: "WETH" }), at, /least counts tokenOut, which is free/);
    refuses(selling({ tokenIn: "WETH", tokenOut: SOMEONE }), at, /tokenOut, which is 0x40/);
    expect(problemsOf(selling({ tokenIn: "WETH", tokenOut: "USDC" }, "least"))).toEqual([]);
  });
});

describe("a token that nothing in the call pins", () => {
  const exchange = (changes: Partial<RuleDefinition> = {}): RuleDefinition => ({
    name: "exchange",
    target: ROUTER,
    call: "exchange(int128 i, int128 j, uint256 dx, uint256 min_dy, uint256 deadline)",
    free: ["i", "j", "min_dy", "deadline"],
    amount: "dx",
    max: "1_000 USDC",
    charge: { hedging: "worth" },
    ...changes,
  });

  test("is warned of, and no figure bounds it", () => {
    const { warnings, report } = compilePolicy(deskPolicy([exchange()]));
    expect(warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["open-token", "unbounded-rule"]),
    );
    const warning = warnings.find(({ code }) => code === "open-token");
    expect(warning?.message).toMatch(/dx counts USDC.*i, j, min_dy/);
    expect(report.rules[0]).toMatchObject({
      max: "1,000,000,000 base units of any token",
      bounds: [],
    });
    expect(report.budgets[0]).toMatchObject({ worstCase: undefined, openThrough: ["exchange"] });
    expect(formatReport(report)).toMatch(
      /worst case: no figure, since exchange leaves its token open/,
    );
    expect(formatReport(report)).toMatch(/at most 4,006,944\.45 USD, as charged/);
    expect(formatReport(report)).toMatch(/in 24 h: no budget bounds it/);
  });

  test("still leaves a count of calls to bound it", () => {
    const [rule] = compilePolicy(deskPolicy([exchange({ charge: { velocity: 1 } })])).report.rules;
    expect(rule?.bounds).toEqual([
      "2,910 calls of at most 1,000,000,000 base units of any token, through velocity",
    ]);
  });

  test("is open through free bytes and through a range of targets too", () => {
    const codes = (rule: RuleDefinition) =>
      compilePolicy(deskPolicy([rule])).warnings.map(({ code }) => code);
    const data = exchange({ call: "f(uint256 dx, bytes data)", where: { data: "any 40 bytes" } });
    expect(codes({ ...data, free: [] })).toContain("open-token");
    const { free: _, ...ranged } = exchange({ call: "f(uint256 dx)", target: [ROUTER, SOMEONE] });
    expect(codes(ranged)).toContain("open-token");
  });

  test("that no free parameter chooses is the policy's word, and the bound says so", () => {
    const where = { i: 0, j: 1, min_dy: 0 };
    const { warnings, report } = compilePolicy(
      deskPolicy([exchange({ where, free: ["deadline"] })]),
    );
    expect(warnings.map(({ code }) => code)).not.toContain("open-token");
    expect(report.rules[0]?.bounds).toEqual([
      "4,006,944.45 USD, all of hedging, if dx counts USDC",
    ]);
    const banded = exchange({
      where: { i: 0, j: 1 },
      free: ["deadline"],
      slippage: { out: "min_dy of WETH", price: "ETHUSD", max: "50 bps" },
    });
    expect(compilePolicy(deskPolicy([banded])).report.rules[0]?.bounds).toEqual([
      "20,034.73 USD through hedging (slippage 0.5%, plus the feed's error), if dx counts USDC and min_dy counts WETH",
    ]);
  });

  test("a minimum output of free content does not hold a price band", () => {
    const call =
      "f(address tokenIn, address tokenOut, uint256 amountIn, uint256 minOut, bytes data)";
    const rule = swapRule({
      call,
      where: { tokenIn: "WETH", tokenOut: "USDC", data: "any 64 bytes" },
      free: [],
      slippage: { ...band, out: "minOut" },
    });
    const { warnings, report } = compilePolicy(deskPolicy([rule]));
    expect(warnings.map(({ code }) => code)).toContain("open-band");
    expect(report.budgets[0]?.worstCase).toBe("4,006,944.45 USD");
  });
});
