import { getAddress, numberToHex } from "viem";
import type { CallFacts } from "./amount.ts";
import { isTokenCall } from "./approvals.ts";
import { type AbiNode, everyNode } from "./call.ts";
import { integerType } from "./constraint.ts";
import { type Asset, assetAt, type Scope } from "./scope.ts";

// Parameter names are compared in lower case and without underscores.
const TOKENS_IN = [
  "tokenin",
  "assetin",
  "currencyin",
  "inputtoken",
  "srctoken",
  "sourcetoken",
  "fromtoken",
  "tokenfrom",
  "selltoken",
];
const TOKENS_OUT = [
  "tokenout",
  "assetout",
  "currencyout",
  "outputtoken",
  "dsttoken",
  "desttoken",
  "totoken",
  "tokento",
  "buytoken",
];
const TOKENS = ["token", "asset", "currency"];
const PATHS = ["path", "route", "routes"];

/** Which parameters conventionally name the token that an amount counts. */
interface Convention {
  amount: RegExp;
  tokens: readonly string[];
  /** Which end of a path of tokens it counts, and what the end of a route is called there. */
  path?: { at: 0 | -1; part: string };
}

const INPUT: Convention = {
  amount: /^(?:amountin(?:max(?:imum)?)?|(?:input|src|from|sell)amount)$/,
  tokens: TOKENS_IN,
  path: { at: 0, part: "from" },
};
const OUTPUT: Convention = {
  amount:
    /^(?:amountout(?:min(?:imum)?)?|min(?:imum)?amountout|minout|minreturn(?:amount)?|(?:min)?(?:output|dst|to|buy)amount)$/,
  tokens: TOKENS_OUT,
  path: { at: -1, part: "to" },
};
const CONVENTIONS: readonly Convention[] = [
  INPUT,
  OUTPUT,
  { amount: /^(?:amount|value|assets)$/, tokens: [...TOKENS, "srctoken", "fromtoken"] },
];

/** Addresses that contracts take for the native coin. */
const NATIVE_PLACEHOLDERS = [0n, 0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeen];

/** What a call says about the token that one of its parameters counts. */
export interface NamedToken {
  /** The asset that the parameters which conventionally name it are pinned to. */
  token: Asset | undefined;
  /** The first of these parameters. */
  parameter: AbiNode | undefined;
  /** Why the parameter could count another token than any the policy says. */
  doubt: { message: string; expected: string } | undefined;
}

function plainName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function parentOf({ path, name }: AbiNode): string {
  return path.slice(0, path.length - name.length);
}

function conventionOf({ name }: AbiNode): Convention | undefined {
  return CONVENTIONS.find(({ amount }) => amount.test(plainName(name)));
}

/** The words of a parameter that name a token: itself, or the ends of a path. */
function tokenWords(token: AbiNode, { tokens, path }: Convention): AbiNode[] {
  if (token.kind === "word" || token.kind === "bytes") return [token];
  const end = token.kind === "tuple" ? undefined : token.children.at(path?.at ?? 0);
  if (!end || end.kind === "word") return end ? [end] : [];
  const parts = path ? [...tokens, path.part] : tokens;
  return end.children.filter(({ name }) => parts.includes(plainName(name)));
}

/**
 * The parameters that conventionally name the token of another: those beside it, else anywhere in the
 * call; a path of tokens only where no parameter names the token itself.
 */
function tokenParameters(
  { call }: CallFacts,
  node: AbiNode,
  convention: Convention | undefined,
): AbiNode[] {
  if (!call || !convention) return [];
  const { tokens, path } = convention;
  const called = (names: readonly string[]) => {
    const named = everyNode(call.parameters).filter(({ name }) => names.includes(plainName(name)));
    const words = (found: AbiNode[]) => found.flatMap((token) => tokenWords(token, convention));
    return {
      beside: words(named.filter((token) => parentOf(token) === parentOf(node))),
      anywhere: path ? words(named) : [],
    };
  };
  const [byName, byPath] = [called(tokens), called(path ? PATHS : [])];
  const candidates = [byName.beside, byPath.beside, byName.anywhere, byPath.anywhere];
  return candidates.find((found) => found.length > 0) ?? [];
}

/** The asset that an address stands for. */
function assetOf(scope: Scope, address: bigint): Asset | undefined {
  return (
    assetAt(scope, address) ?? (NATIVE_PLACEHOLDERS.includes(address) ? scope.native : undefined)
  );
}

/** The asset that a parameter is pinned to. */
export function pinnedAsset({ scope, constraints }: CallFacts, path: string): Asset | undefined {
  const pinned = constraints.get(path)?.find(({ op }) => op === "eq");
  return pinned && assetOf(scope, pinned.operand);
}

type Finding = Asset | { is: string; expected: string } | undefined;

/** What one token parameter says: an asset, why it says none, or nothing that is not said elsewhere. */
function readToken(facts: CallFacts, token: AbiNode): Finding {
  const { constraints, uses } = facts;
  const { path, type } = token;
  const expected = `${path} under where, pinned to an asset`;
  if (token.kind === "bytes") {
    const shape = uses.shapes.get(path);
    const open = shape !== undefined && shape.content === undefined;
    return open ? { is: "whose content is free", expected: `the content of ${path}` } : undefined;
  }
  const pinned = constraints.get(path)?.[0];
  if (uses.free.has(path)) return { is: "which is free", expected };
  if (!pinned) {
    // An integer can be the amount itself; whatever else is missing is a problem already.
    const other = integerType(type) !== undefined && !uses.constraints.has(path);
    return other ? { is: "which is not pinned", expected } : undefined;
  }
  if (pinned.op === "self") return { is: "which is the gate itself", expected };
  if (pinned.op !== "eq") return { is: "which is not pinned to one value", expected };
  // An index or a packed address is pinned, but which token it means only the policy can say.
  if (type !== "address") return undefined;
  const asset = assetOf(facts.scope, pinned.operand);
  if (asset) return asset;
  const address = getAddress(numberToHex(pinned.operand, { size: 20 }));
  return {
    is: `which is ${address}, no asset of this policy`,
    expected: "the token under assets, and its name under where",
  };
}

/**
 * Finds the token that a parameter counts by convention: `tokenIn` for `amountIn`, the last of `path`
 * for `amountOutMin`. ERC-20's own functions move the target's token whatever their parameters are called.
 *
 * @param role a minimum output counts the token that comes out, whatever it is called
 */
export function namedToken(facts: CallFacts, node: AbiNode, role?: "output"): NamedToken {
  const none: NamedToken = { token: undefined, parameter: undefined, doubt: undefined };
  if (facts.call && isTokenCall(facts.call.selector)) return none;
  let found = none;
  const output = role ? tokenParameters(facts, node, OUTPUT) : [];
  const parameters = output.length > 0 ? output : tokenParameters(facts, node, conventionOf(node));
  for (const parameter of parameters) {
    const finding = readToken(facts, parameter);
    if (!finding) continue;
    if ("is" in finding) {
      const message = `${node.path} counts ${parameter.path}, ${finding.is}: the unit could be that of another token`;
      return { ...none, parameter, doubt: { message, expected: finding.expected } };
    }
    if (found.token && found.token !== finding) {
      const message = `nothing says which token ${node.path} counts: ${found.parameter?.path} is ${found.token.symbol}, but ${parameter.path} is ${finding.symbol}`;
      const expected = "one of them under another name in call: only the types enter the selector";
      return { ...none, parameter, doubt: { message, expected } };
    }
    found = found.token ? found : { token: finding, parameter, doubt: undefined };
  }
  return found;
}

/**
 * Holds the token that only the policy gives a parameter of no conventional name against the tokens
 * that the call names beside it: one of them has to be that token.
 */
export function tokenDoubt(facts: CallFacts, node: AbiNode, token: Asset): NamedToken["doubt"] {
  const { call, uses } = facts;
  if (!call || isTokenCall(call.selector) || conventionOf(node)) return undefined;
  const names = [...TOKENS_IN, ...TOKENS_OUT, ...TOKENS];
  const beside = everyNode(call.parameters).filter(
    (other) =>
      other.kind === "word" &&
      names.includes(plainName(other.name)) &&
      parentOf(other) === parentOf(node),
  );
  const agrees = ({ path, type }: AbiNode) =>
    pinnedAsset(facts, path) === token || (type !== "address" && uses.constraints.has(path));
  if (beside.length === 0 || beside.some(agrees)) return undefined;
  const paths = beside.map(({ path }) => path);
  return {
    message: `${node.path} is to count ${token.symbol}, but the call moves what ${paths.join(" and ")} names`,
    expected: `${paths.join(" or ")} under where, pinned to ${token.symbol}`,
  };
}
