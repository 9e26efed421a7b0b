import { type Address, getAddress, isAddress, zeroAddress } from "viem";
import { NO_TIME_BOUND, type PriceBand, type Regime, type Rule } from "../policy.ts";
import {
  type AmountPlace,
  type CallFacts,
  readAmountParameter,
  readLimit,
  tokenByConvention,
} from "./amount.ts";
import { isTokenCall, spenderIndex } from "./approvals.ts";
import { readBand } from "./band.ts";
import { type AbiNode, type Call, everyNode, parseCall } from "./call.ts";
import { type ChargeDraft, readCharges } from "./charges.ts";
import {
  type Constraint,
  dropsHighBits,
  integerType,
  placeConditions,
  readConstraint,
} from "./constraint.ts";
import type { SourcePath } from "./document.ts";
import { type Layout, layOut } from "./layout.ts";
import { type ParameterUses, readParameters } from "./parameters.ts";
import type { Rational } from "./rational.ts";
import type { RuleSource } from "./schema.ts";
import { type Asset, assetAt, findAsset, type Scope } from "./scope.ts";
import type { ParsedRule } from "./sections.ts";

const DAY_SECONDS = 86_400;
const EVERY_DAY = 127;
const CIRCUIT_WORDS = 32;

/** A rule whose charges still wait for the budgets' scales. */
export interface RuleDraft {
  path: SourcePath;
  rule: Omit<Rule, "charges">;
  charges: ChargeDraft[];
  amount: Asset | undefined;
  minimumOutput: Asset | undefined;
  /** Slippage under a price band, as a fraction; the feed's own deviation if declared. */
  band: { slippage: Rational; deviation: Rational | undefined } | undefined;
  /** Address parameters left free, by path. */
  freeAddresses: string[];
  /** The target is one address. */
  exactTarget: boolean;
  /** `max: any` */
  unlimited: boolean;
}

interface Target {
  lo: Address;
  hi: Address;
  asset: Asset | undefined;
}

function readTarget(
  scope: Scope,
  source: RuleSource["target"],
  path: SourcePath,
): Target | undefined {
  const { problems } = scope;
  if (Array.isArray(source)) {
    const [lo, hi] = source;
    if (BigInt(lo) <= BigInt(hi)) return { lo, hi, asset: undefined };
    return problems.add(path, "the range of addresses is empty", { expected: "first ≤ last" });
  }
  if (/^0x/i.test(source)) {
    if (
      isAddress(source) ||
      (isAddress(source, { strict: false }) && source === source.toLowerCase())
    ) {
      const address = getAddress(source);
      return { lo: address, hi: address, asset: assetAt(scope, BigInt(address)) };
    }
    const expected = "0x and 40 hexadecimal digits, with a valid checksum if mixed in case";
    return problems.add(path, "is not an address", { expected, received: source });
  }
  const asset = findAsset(scope, source, path);
  if (!asset) return undefined;
  if (asset.address) return { lo: asset.address, hi: asset.address, asset };
  const expected = "an address: a plain transfer names its recipient as the target";
  return problems.add(path, `${source} is the native coin and has no address`, { expected });
}

/** Reads every constraint under `where`, tokens first, since amounts take their units from them. */
function readConstraints(
  scope: Scope,
  call: Call,
  uses: ParameterUses,
  target: Target | undefined,
): CallFacts {
  const constraints = new Map<string, Constraint[]>();
  const facts = {
    scope,
    call,
    constraints,
    target: target?.asset,
    targetInvalid: !target,
  };
  const nodes = everyNode(call.parameters).filter((node) => uses.constraints.has(node.path));
  const addressesFirst = nodes.toSorted(
    (a, b) => Number(b.type === "address") - Number(a.type === "address"),
  );
  for (const node of addressesFirst) {
    const { text, path } = uses.constraints.get(node.path) ?? { text: "", path: [] };
    const token = tokenOf(facts, node);
    const list = readConstraint({ scope, node, token, path }, text);
    if (list) constraints.set(node.path, list);
  }
  return facts;
}

function tokenOf(facts: CallFacts, node: AbiNode): Asset | undefined {
  if (facts.call && facts.target && isTokenCall(facts.call.selector)) return facts.target;
  return tokenByConvention(facts, node);
}

/** Every parameter has to be constrained, free, the amount or the minimum output. */
function checkOmitted(
  scope: Scope,
  call: Call,
  uses: ParameterUses,
  taken: readonly (AbiNode | undefined)[],
  path: SourcePath,
): boolean {
  const omitted = everyNode(call.parameters).filter((node) => {
    if (node.kind === "bytes" || node.kind === "list") return !uses.shapes.has(node.path);
    if (node.kind !== "word") return false;
    return !uses.constraints.has(node.path) && !uses.free.has(node.path) && !taken.includes(node);
  });
  for (const node of omitted) {
    const dynamic =
      node.kind === "word" ? "" : ` It is dynamic (${node.type}), so its length has to be pinned.`;
    scope.problems.add(path, `the parameter ${node.path} is not mentioned.${dynamic}`, {
      expected:
        node.kind === "word"
          ? `${node.path} under where, or under free`
          : `${node.path} under where`,
    });
  }
  return omitted.length === 0;
}

/** The word of a parameter, within what the circuits read. */
function wordOf(scope: Scope, layout: Layout, node: AbiNode, path: SourcePath): number | undefined {
  const word = layout.words.get(node.path);
  if (word !== undefined && word < CIRCUIT_WORDS) return word;
  const message = `${node.path} is word ${word}: the circuits read ${CIRCUIT_WORDS} words`;
  return scope.problems.add(path, message);
}

/** The amount and its limits, as far as the rule has them. */
interface Amounts {
  place: AmountPlace | undefined;
  token: Asset | undefined;
  limitAgent: bigint;
  limitQuorum: bigint;
  unlimited: boolean;
}

function readAmounts(
  facts: CallFacts,
  { source: rule, invalid }: ParsedRule,
  path: SourcePath,
): Amounts | undefined {
  const { scope, call, target } = facts;
  const { problems } = scope;
  if (invalid.has("amount")) return undefined;
  const none = {
    place: undefined,
    token: undefined,
    limitAgent: 0n,
    limitQuorum: 0n,
    unlimited: false,
  };
  if (rule.amount === undefined) {
    for (const field of ["max", "quorumAbove", "slippage"] as const) {
      if (rule[field] !== undefined) {
        const expected = "amount: <parameter>, or amount: msg.value";
        problems.add([...path, field], `the rule has ${field} but no amount`, { expected });
      }
    }
    return rule.max === undefined && rule.slippage === undefined ? none : undefined;
  }
  const at = [...path, "amount"];
  const takesValue = everyNode(call?.parameters ?? []).some(({ name }) => name === "value");
  if (rule.amount === "value" && !takesValue) {
    const expected = "msg.value for the ETH sent with the call, or a parameter";
    return problems.add(at, "is no parameter of the call", { expected, received: "value" });
  }
  // On a declared token the amount counts that token, unless the rule says otherwise.
  const place =
    rule.amount === "msg.value"
      ? { node: undefined, token: scope.native }
      : readAmountParameter(facts, rule.amount, at, target);
  if (rule.max === undefined && !invalid.has("max")) {
    const expected = "the largest amount and its unit, such as 100 WETH, or any";
    problems.add([...path, "max"], "is missing", { expected });
  }
  if (!place || rule.max === undefined) return undefined;
  if (place.node && !place.token && call && isTokenCall(call.selector)) {
    if (facts.targetInvalid) return undefined;
    const expected = "the token under assets, and its name as the target";
    const message = `${call.name} moves the target's tokens, but the target is not a declared asset`;
    return problems.add([...path, "target"], message, { expected });
  }
  const max = readLimit(scope, rule.max, place, [...path, "max"]);
  if (!max) return undefined;
  const amounts = {
    place,
    token: max.token,
    limitAgent: max.limit,
    limitQuorum: max.limit,
    unlimited: rule.max === "any",
  };
  if (rule.quorumAbove === undefined) return amounts;
  const above = [...path, "quorumAbove"];
  const alone = readLimit(scope, rule.quorumAbove, { ...place, token: max.token }, above);
  if (!alone) return undefined;
  if (alone.limit <= max.limit) return { ...amounts, limitAgent: alone.limit };
  const expected = `at most max, ${rule.max}`;
  return problems.add(above, "is above max", { expected, received: rule.quorumAbove });
}

interface BandDraft {
  band: Omit<PriceBand, "minOutWord">;
  node: AbiNode;
  token: Asset;
  slippage: Rational;
}

function readSlippage(
  facts: CallFacts,
  slippage: NonNullable<RuleSource["slippage"]>,
  amount: Asset,
  path: SourcePath,
): BandDraft | undefined {
  const { problems } = facts.scope;
  const at = [...path, "out"];
  const place = readAmountParameter(facts, slippage.out, at, undefined);
  if (!place?.node) return undefined;
  const { node, token } = place;
  const type = integerType(node.type);
  if (type && dropsHighBits(type)) {
    const message = `${node.path} is ${node.type}: a contract that drops the word's high bits would read a smaller minimum`;
    return problems.add(at, message, { expected: "a minimum output of at least 128 bits" });
  }
  if (!token) {
    const expected = `${node.path} of <asset or parameter>`;
    return problems.add(at, `nothing says which token ${node.path} counts`, { expected });
  }
  const input = { feedName: slippage.price, slippage: slippage.max, amount, minimumOutput: token };
  const band = readBand(facts.scope, input, path);
  return band && { band, node, token, slippage: slippage.max };
}

/** The one price feed that a rule's charges and band read. */
function readFeed(
  scope: Scope,
  names: readonly string[],
  path: SourcePath,
): Pick<Rule, "priceFeed" | "priceMaxAge"> | undefined {
  const distinct = [...new Set(names)];
  if (distinct.length > 1) {
    const message = "a rule reads one price feed";
    return scope.problems.add(path, message, { received: distinct.join(", ") });
  }
  const feed = distinct[0] === undefined ? undefined : scope.feeds.get(distinct[0]);
  return feed
    ? { priceFeed: feed.address, priceMaxAge: feed.maxAge }
    : { priceFeed: zeroAddress, priceMaxAge: NO_TIME_BOUND };
}

function readSchedule(scope: Scope, rule: RuleSource, path: SourcePath) {
  const { problems } = scope;
  const { hours = { start: 0, end: DAY_SECONDS }, days = EVERY_DAY } = rule;
  if (hours.start > hours.end) {
    const expected = "two rules, one up to 24:00 and one from 00:00";
    problems.add([...path, "hours"], "the hours run over midnight", { expected });
  } else if (hours.start === hours.end) {
    problems.add([...path, "hours"], "the hours are empty", { expected: "a start before the end" });
  }
  const validFrom = rule.validFrom ?? 0n;
  const validUntil = rule.validUntil ?? NO_TIME_BOUND;
  if (validFrom >= validUntil) {
    problems.add([...path, "validUntil"], "is not after validFrom");
  }
  return { validFrom, validUntil, hoursStart: hours.start, hoursEnd: hours.end, days };
}

function readCooldown(
  scope: Scope,
  { source: rule, invalid }: ParsedRule,
  path: SourcePath,
): bigint {
  const { cooldown = 0n } = rule;
  if (cooldown > 0n && !invalid.has("charge") && Object.keys(rule.charge ?? {}).length === 0) {
    const expected = "a charge: the cooldown runs from the last charge of the first budget";
    scope.problems.add([...path, "cooldown"], "has no budget to count from", { expected });
  }
  return cooldown;
}

function warnAbout(scope: Scope, draft: RuleDraft, call: Call | undefined) {
  const { problems } = scope;
  const { path, freeAddresses, exactTarget } = draft;
  if (!exactTarget) {
    problems.warn("target-range", [...path, "target"], "every address in the range may be called");
  }
  const spender = call && spenderIndex(call.selector);
  const parameter = spender === undefined ? undefined : call?.parameters[spender];
  if (parameter && freeAddresses.includes(parameter.path)) {
    const message = `${parameter.path} is not pinned: whoever receives this allowance can use it outside the policy, and it outlives pause and rotation`;
    problems.warn("unpinned-spender", path, message);
  }
  if (draft.band && freeAddresses.length > 0) {
    const message = `${freeAddresses.join(", ")} is not pinned: the price band does not help if the output goes elsewhere`;
    problems.warn("open-band", path, message);
  }
  if (draft.unlimited) {
    problems.warn(
      "unlimited-amount",
      [...path, "max"],
      "one call may move any amount that the budgets allow",
    );
  }
}

/**
 * Compiles one rule, up to the scales of its charges.
 *
 * @param regimeQuorum in which regimes the policy asks for an approval
 * @returns undefined if the rule has a problem that leaves no rule
 */
export function readRule(
  scope: Scope,
  parsed: ParsedRule,
  index: number,
  regimeQuorum: Record<Regime, boolean>,
): RuleDraft | undefined {
  const { problems } = scope;
  const { source, invalid } = parsed;
  const path = ["rules", index];
  const before = problems.list.length;
  const target = readTarget(scope, source.target, [...path, "target"]);
  const plain = source.call === "none";
  const call = plain ? undefined : parseCall(source.call, [...path, "call"], problems);
  const schedule = readSchedule(scope, source, path);
  const cooldown = readCooldown(scope, parsed, path);
  if (!call && !plain) return undefined;

  const beforeNames = problems.list.length;
  const uses: ParameterUses = call
    ? readParameters(call, source, path, problems)
    : { constraints: new Map(), free: new Set(), shapes: new Map() };
  if (plain && (source.where || source.free)) {
    problems.add(path, "a plain transfer has no parameters", {
      expected: "neither where nor free",
    });
  }
  const namesResolve = problems.list.length === beforeNames;
  const facts = call
    ? readConstraints(scope, call, uses, target)
    : {
        scope,
        call,
        constraints: new Map<string, Constraint[]>(),
        target: undefined,
        targetInvalid: !target,
      };
  const amounts = readAmounts(facts, parsed, path);
  const slippagePath = [...path, "slippage"];
  const band =
    source.slippage && amounts?.token
      ? readSlippage(facts, source.slippage, amounts.token, slippagePath)
      : undefined;
  const amountIsValid = amounts !== undefined;
  const charged = { token: amounts?.token, amountInvalid: !amountIsValid };
  const charges = readCharges(scope, source.charge ?? {}, charged, [...path, "charge"]);
  const feeds = charges.flatMap(({ feed }) => feed ?? []);
  const feed = readFeed(
    scope,
    band && source.slippage ? [...feeds, source.slippage.price] : feeds,
    path,
  );

  const taken = [amounts?.place?.node, band?.node];
  for (const node of taken) {
    if (node && (uses.constraints.has(node.path) || uses.free.has(node.path))) {
      problems.add(
        path,
        `${node.path} is the amount or the minimum output, and cannot stand under where or free`,
      );
    }
  }
  if (band && band.node === amounts?.place?.node) {
    problems.add(slippagePath, "the amount cannot be its own minimum output");
  }
  // Left unsaid while a name is in doubt: it may stand for the very parameter.
  const mentions = ["where", "free", "slippage"].every((key) => !invalid.has(key));
  const resolved =
    mentions && namesResolve && amountIsValid && (band !== undefined || !source.slippage);
  if (call && resolved && !checkOmitted(scope, call, uses, taken, [...path, "call"]))
    return undefined;
  if (problems.list.length > before || invalid.size > 0 || !target || !amounts || !feed)
    return undefined;

  const layout = call ? layOut(call, uses.shapes) : { words: new Map(), pins: [], dataLength: 0 };
  const conditions = placeConditions(scope, layout, facts.constraints, [...path, "where"]);
  const readable = conditions?.every(({ word }) => word < CIRCUIT_WORDS);
  if (readable === false) {
    problems.add(
      [...path, "where"],
      `a parameter stands past word ${CIRCUIT_WORDS - 1}, which no circuit reads`,
    );
  }
  const amountNode = amounts.place?.node;
  const amountWord = amountNode && wordOf(scope, layout, amountNode, [...path, "amount"]);
  const minOutWord = band && wordOf(scope, layout, band.node, [...slippagePath, "out"]);
  if (problems.list.length > before || !conditions) return undefined;

  const always = source.quorum === "always";
  const quorum = source.quorum
    ? { calm: always, elevated: always, stressed: always }
    : regimeQuorum;
  const feedName = source.slippage?.price;
  const draft: RuleDraft = {
    path,
    charges,
    amount: amounts.token,
    minimumOutput: band?.token,
    band: band && {
      slippage: band.slippage,
      deviation: feedName === undefined ? undefined : scope.feeds.get(feedName)?.deviation,
    },
    freeAddresses: everyNode(call?.parameters ?? [])
      .filter((node) => node.type === "address" && uses.free.has(node.path))
      .map((node) => node.path),
    exactTarget: target.lo === target.hi,
    unlimited: amounts.unlimited,
    rule: {
      name: source.name,
      chainId: scope.chain,
      targetLo: target.lo,
      targetHi: target.hi,
      selector: call?.selector ?? 0n,
      dataLengthMin: layout.dataLength,
      dataLengthMax: layout.dataLength,
      amount: amountWord === undefined ? { from: "value" } : { from: "word", word: amountWord },
      limitAgent: amounts.limitAgent,
      limitQuorum: amounts.limitQuorum,
      scales: source.scales ?? true,
      conditions,
      ...(band && minOutWord !== undefined ? { band: { ...band.band, minOutWord } } : {}),
      ...feed,
      ...schedule,
      cooldown,
      quorum: { ...quorum },
    },
  };
  warnAbout(scope, draft, call);
  return draft;
}
