import { PolicyError, type PolicyProblem } from "../../src/errors/policy.ts";
import { compilePolicy } from "../../src/policy/compile.ts";
import type { PolicySource, RuleDefinition } from "../../src/policy/source/policySource.ts";

export const USDC = "0x1000000000000000000000000000000000000001";
export const WETH = "0x1000000000000000000000000000000000000002";
export const ROUTER = "0x3000000000000000000000000000000000000001";
export const SOMEONE = "0x4000000000000000000000000000000000000001";
export const ETHUSD = "0x2000000000000000000000000000000000000001";
export const SWAP =
  "exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient, uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96) params)";

/** A rule that pays out tokens; fields can be replaced. */
export const transferRule = (changes: Partial<RuleDefinition> = {}): RuleDefinition => ({
  name: "pay",
  target: "USDC",
  call: "transfer(address to, uint256 amount)",
  where: { to: SOMEONE },
  amount: "amount",
  max: "100 USDC",
  charge: { velocity: 1 },
  ...changes,
});

/** A rule that sells WETH under a price band. */
export const swapRule = (changes: Partial<RuleDefinition> = {}): RuleDefinition => ({
  name: "sell",
  target: ROUTER,
  call: SWAP,
  where: { tokenIn: "WETH", tokenOut: "USDC", recipient: "self" },
  free: ["fee", "deadline", "sqrtPriceLimitX96"],
  amount: "amountIn",
  max: "100 WETH",
  charge: { hedging: "ETHUSD", velocity: 1 },
  slippage: { out: "amountOutMinimum", price: "ETHUSD", max: "50 bps" },
  ...changes,
});

/** A small policy around the given rules. */
export const deskPolicy = (
  rules: readonly RuleDefinition[],
  changes: Partial<PolicySource> = {},
): PolicySource => ({
  name: "desk",
  chain: 31337,
  assets: {
    USDC: { address: USDC, decimals: 6, worth: "1 USD" },
    WETH: { address: WETH, decimals: 18 },
  },
  feeds: {
    ETHUSD: { address: ETHUSD, decimals: 8, base: ["WETH", "ETH"], quote: "USD", maxAge: "1h" },
    VOL: {
      address: "0x2000000000000000000000000000000000000002",
      decimals: 8,
      unit: "fraction",
      maxAge: "1h",
    },
  },
  budgets: {
    hedging: { capacity: "2_000_000 USD", refill: "24h" },
    velocity: { capacity: "20 calls", refill: "10m" },
  },
  rules,
  ...changes,
});

/** What the compiler refuses about a policy; empty if it compiles. */
export function problemsOf(source: string | PolicySource): readonly PolicyProblem[] {
  try {
    compilePolicy(source);
    return [];
  } catch (error) {
    if (error instanceof PolicyError) return error.problems;
    throw error;
  }
}

/** The refusal as a desk reads it. */
export function refusalOf(source: string | PolicySource): string {
  try {
    compilePolicy(source);
    return "compiled";
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
}

/** The codes of the warnings a policy compiles with. */
export function warningsOf(source: PolicySource, now?: bigint): string[] {
  return compilePolicy(source, { now }).warnings.map(({ code }) => code);
}
