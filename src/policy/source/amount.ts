import type { AbiNode, Call } from "./call.ts";
import { type Constraint, integerBound, integerType } from "./constraint.ts";
import type { SourcePath } from "./document.ts";
import { findParameter, type ParameterUses } from "./parameters.ts";
import { type Asset, baseUnits, checkUnit, findAsset, type Scope } from "./scope.ts";
import { namedToken, pinnedAsset } from "./tokenParameter.ts";
import { parseDecimal, parseQuantity } from "./units.ts";

/** Where an amount stands and whose units it counts. */
export interface AmountPlace {
  /** undefined: the ETH sent with the call. */
  node: AbiNode | undefined;
  /** undefined if only the unit of a limit can say. */
  token: Asset | undefined;
  /** Whether the call itself says the token (target, ETH, a pinned parameter), not the policy alone. */
  tokenPinned: boolean;
}

/** What is known about a rule's call when its amounts are resolved. */
export interface CallFacts {
  scope: Scope;
  call: Call | undefined;
  /** What `where` and `free` say, and what of it has been read so far. */
  uses: ParameterUses;
  constraints: ReadonlyMap<string, readonly Constraint[]>;
  /** The declared asset that is the rule's only target. */
  target: Asset | undefined;
  /** The target is invalid, which is a problem already. */
  targetInvalid: boolean;
}

function readOf(facts: CallFacts, of: string, path: SourcePath): Asset | undefined {
  const { scope, call } = facts;
  if (scope.assets.has(of) || !call) return findAsset(scope, of, path);
  const token = findParameter(call, of, path, scope.problems);
  if (!token) return undefined;
  const asset = pinnedAsset(facts, token.path);
  if (asset) return asset;
  const expected = "an asset, or a parameter that where pins to one";
  return scope.problems.add(path, `${of} is not pinned to an asset`, { expected });
}

/**
 * Resolves `amountIn`, `amountIn of tokenIn`, `shares of VAULT`: an integer parameter and, where
 * something says so, its token.
 *
 * @param fallback the token if neither `of` nor convention names one
 * @param role whether it is a minimum output
 * @returns undefined, and a problem, also if the call lets its caller choose the token, or pins another
 */
export function readAmountParameter(
  facts: CallFacts,
  text: string,
  path: SourcePath,
  fallback: Asset | undefined,
  role?: "output",
): AmountPlace | undefined {
  const { scope, call } = facts;
  const { problems } = scope;
  const [parameter = "", keyword, of, ...rest] = text.split(/\s+/);
  if ((keyword !== undefined && keyword !== "of") || rest.length > 0 || (keyword && !of)) {
    const expected = "a parameter, or <parameter> of <asset or parameter>";
    return problems.add(path, "cannot be read", { expected, received: text });
  }
  if (!call) {
    const expected = "msg.value";
    return problems.add(path, "a plain transfer has no parameters", { expected, received: text });
  }
  const node = findParameter(call, parameter, path, problems);
  if (!node) return undefined;
  if (!integerType(node.type)) {
    const expected = "an integer parameter";
    return problems.add(path, `${node.path} is ${node.type}`, { expected, received: text });
  }
  const named = namedToken(facts, node, role);
  if (named.doubt) {
    const { message, expected } = named.doubt;
    return problems.add(path, message, { expected, received: text });
  }
  if (of === undefined) {
    const token = named.token ?? fallback;
    return { node, token, tokenPinned: token !== undefined };
  }
  const token = readOf(facts, of, path);
  if (!token) return undefined;
  if (named.token && named.token !== token) {
    const message = `${node.path} counts ${named.parameter?.path}, which is ${named.token.symbol}`;
    return problems.add(path, message, { expected: parameter, received: text });
  }
  const tokenPinned = named.token === token || fallback === token || !scope.assets.has(of);
  return { node, token, tokenPinned };
}

/** The largest amount a rule could ever read: below 2^128 and within the parameter's type. */
export function largestAmount(node: AbiNode | undefined): bigint {
  const type = node && integerType(node.type);
  const bound = type ? integerBound(type) : 1n << 128n;
  return (bound < 1n << 128n ? bound : 1n << 128n) - 1n;
}

/**
 * Reads a limit such as `100 WETH` into base units.
 *
 * @returns the limit and its token; undefined, and a problem, for the wrong unit, a missing one, too
 *   many decimals or a limit that the parameter's type cannot hold
 */
export function readLimit(
  scope: Scope,
  text: string,
  { node, token }: AmountPlace,
  path: SourcePath,
): { limit: bigint; token: Asset } | undefined {
  const { problems } = scope;
  const example = `100 ${token?.symbol ?? "WETH"}`;
  if (text === "any") {
    if (token) return { limit: largestAmount(node), token };
    const expected = `the token, as in amount: ${node?.path ?? "msg.value"} of WETH`;
    return problems.add(path, "any needs to know the token that the amount counts", { expected });
  }
  const quantity = parseQuantity(text);
  if (!quantity) {
    const message = parseDecimal(text) ? "has no unit" : "cannot be read";
    return problems.add(path, message, {
      expected: `a number and its unit, such as ${example}`,
      received: text,
    });
  }
  if (!checkUnit(scope, quantity.unit, path)) return undefined;
  if (token ? quantity.unit !== token.symbol : !scope.assets.has(quantity.unit)) {
    const what = node?.path ?? "msg.value";
    const message = token
      ? `has the wrong unit: ${what} counts ${token.symbol}`
      : `has the wrong unit: ${what} counts tokens`;
    const expected = token ? `a number of ${token.symbol}` : "a number of an asset";
    return problems.add(path, message, { expected, received: text });
  }
  const asset = scope.assets.get(quantity.unit);
  if (!asset) return undefined;
  const limit = baseUnits(scope, quantity.value, asset, path);
  if (limit === undefined) return undefined;
  const largest = largestAmount(node);
  if (limit <= largest) return { limit, token: asset };
  const type = node && integerType(node.type);
  const narrow = type && integerBound(type) < 1n << 128n;
  const expected = narrow ? `an amount that fits ${node.type}` : "an amount below 2^128 base units";
  return problems.add(path, "is too large", {
    expected,
    received: `${text} = ${limit} base units`,
  });
}
