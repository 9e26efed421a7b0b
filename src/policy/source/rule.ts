import { zeroAddress } from "viem";
import { NO_TIME_BOUND, type Regime, type Rule } from "../policy.ts";
import type { AmountPlace, CallFacts } from "./amount.ts";
import { isTokenCall } from "./approvals.ts";
import { type AbiNode, type Call, everyNode, parseCall } from "./call.ts";
import { type ChargeDraft, readCharges } from "./charges.ts";
import { type Constraint, placeConditions, readConstraint } from "./constraint.ts";
import type { SourcePath } from "./document.ts";
import { type Layout, layOut } from "./layout.ts";
import { readAmounts } from "./limits.ts";
import { type ParameterUses, readParameters } from "./parameters.ts";
import type { Rational } from "./rational.ts";
import { openChoices, tokenChoices, warnAboutRule } from "./ruleWarnings.ts";
import { readCooldown, readSchedule } from "./schedule.ts";
import type { Asset, Scope } from "./scope.ts";
import type { ParsedRule } from "./sections.ts";
import { readSlippage } from "./slippage.ts";
import { readTarget, type Target } from "./target.ts";
import { namedToken } from "./tokenParameter.ts";

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
  /** Free parameters that could redirect the call's output, by path. */
  openChoices: string[];
  /** What could make the amount another token than the policy says: free parameters, a target's range. */
  tokenChoices: string[];
  /** What only the policy says of the call's tokens: "dx counts USDC". */
  onTrust: string[];
  /** The target is one address. */
  exactTarget: boolean;
  /** `max: any` */
  unlimited: boolean;
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
    uses,
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
    const named = namedToken(facts, node);
    const token = isTokenCall(call.selector) ? facts.target : named.token;
    const list = readConstraint({ scope, node, token, doubt: named.doubt, path }, text);
    if (list) constraints.set(node.path, list);
  }
  return facts;
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

/** That a parameter counts its token, if nothing but the policy says so. */
function countedOnTrust(place: Partial<AmountPlace> | undefined): string[] {
  if (!place?.node || !place.token || place.tokenPinned) return [];
  return [`${place.node.path} counts ${place.token.symbol}`];
}

/** The word of a parameter, within what the circuits read. */
function wordOf(scope: Scope, layout: Layout, node: AbiNode, path: SourcePath): number | undefined {
  const word = layout.words.get(node.path);
  if (word !== undefined && word < CIRCUIT_WORDS) return word;
  const message = `${node.path} is word ${word}: the circuits read ${CIRCUIT_WORDS} words`;
  return scope.problems.add(path, message);
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
        uses,
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
        node === amounts?.place?.node ? { expected: "its bounds as min and max" } : {},
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
  const amountNode = amounts.place?.node;
  const constraints = new Map(facts.constraints);
  if (amountNode && amounts.least !== undefined) {
    // No lower bound alone, even on a narrow type: the limit bounds the same word from above.
    constraints.set(amountNode.path, [{ op: "ge", operand: amounts.least }]);
  }
  const conditions = placeConditions(scope, layout, constraints, [...path, "where"]);
  const readable = conditions?.every(({ word }) => word < CIRCUIT_WORDS);
  if (readable === false) {
    problems.add(
      [...path, "where"],
      `a parameter stands past word ${CIRCUIT_WORDS - 1}, which no circuit reads`,
    );
  }
  const amountWord = amountNode && wordOf(scope, layout, amountNode, [...path, "amount"]);
  const minOutWord = band && wordOf(scope, layout, band.node, [...slippagePath, "out"]);
  if (problems.list.length > before || !conditions) return undefined;

  const always = source.quorum === "always";
  const quorum = source.quorum
    ? { calm: always, elevated: always, stressed: always }
    : regimeQuorum;
  const feedName = source.slippage?.price;
  const exactTarget = target.lo === target.hi;
  const amountPinned = amounts.place?.tokenPinned !== false;
  const tokensPinned = amountPinned && band?.tokenPinned !== false;
  const draft: RuleDraft = {
    path,
    charges,
    amount: amounts.token,
    minimumOutput: band?.token,
    band: band && {
      slippage: band.slippage,
      deviation: feedName === undefined ? undefined : scope.feeds.get(feedName)?.deviation,
    },
    openChoices: openChoices(call, uses, tokensPinned),
    tokenChoices: amountPinned ? [] : tokenChoices(call, uses, exactTarget),
    onTrust: [{ ...amounts.place, token: amounts.token }, band].flatMap(countedOnTrust),
    exactTarget,
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
  warnAboutRule(scope, draft, call);
  return draft;
}
