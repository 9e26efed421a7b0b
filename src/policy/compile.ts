import type { Address } from "viem";
import { PolicyError } from "../errors/policy.ts";
import { assertFieldElement } from "../field/field.ts";
import { integrityProblems, isGroupKey, type UnsaltedPolicy } from "./integrity.ts";
import type { PolicyLabels } from "./labels.ts";
import { BUDGETS, type Budget, CHARGES, MAX_RULES, type Policy, type Rule } from "./policy.ts";
import { MAX_DELAY_SECONDS, type PolicyReport, reportPolicy } from "./report.ts";
import { readBudgets, type ScaledBudget, scaleBudget, scaleCharge } from "./source/budgets.ts";
import {
  checkDefinitions,
  checkGivingBack,
  warnAboutTime,
  warnAboutUse,
} from "./source/definitions.ts";
import { readObject, readYaml } from "./source/document.ts";
import type { PolicySource } from "./source/policySource.ts";
import { createProblems, type PolicyWarning, type Problems } from "./source/problems.ts";
import { readRegimes } from "./source/regimes.ts";
import { type RuleDraft, readRule } from "./source/rule.ts";
import type { ApproversSource } from "./source/schema.ts";
import { createScope, type Scope } from "./source/scope.ts";
import { parseSections, type Sections } from "./source/sections.ts";

export interface CompileOptions {
  /** Name of the file, for errors. */
  file?: string | undefined;
  /** How many lanes share the policy's budgets: capacities and refills are divided. 1 to 65,536. */
  lanes?: number | undefined;
  /** unix seconds, to warn of rules that have expired; without it nothing is said of that */
  now?: bigint | undefined;
}

/** A feed that the policy names. */
export interface PolicyFeed {
  name: string;
  address: Address;
  decimals: number;
  /** seconds */
  maxAge: bigint;
}

/** A policy in the circuit's units, with what a person needs to read it. Secret. */
export interface CompiledPolicy {
  /** Without its salt, which is drawn for each gate, lane and rotation: see `withSalt`. */
  policy: UnsaltedPolicy;
  chainId: number;
  lanes: number;
  warnings: PolicyWarning[];
  report: PolicyReport;
  labels: PolicyLabels;
  /** What the gate has to be configured with, for a policy with regimes. */
  riskFeed: PolicyFeed | undefined;
  priceFeeds: PolicyFeed[];
}

const UNUSED_BUDGET: Budget = { name: "unused", capacity: 0n, refillPerSecondPerBps: 0n };
const MAX_LANES = 65_536;

function readApprovers(
  source: ApproversSource | undefined,
  problems: Problems,
): Policy["approvers"] {
  if (!source) return undefined;
  const { normal, stressed = normal } = source;
  for (const [name, key] of Object.entries(source)) {
    if (key && !isGroupKey(key)) {
      const expected = "a BabyJubJub point of prime order, not the identity";
      problems.add(["approvers", name], "is no group key", { expected });
    }
  }
  return { normal, stressed };
}

function readRules(
  scope: Scope,
  sections: Sections,
  quorum: Parameters<typeof readRule>[3],
): RuleDraft[] {
  const { problems } = scope;
  const { rules } = sections;
  if (rules.length > MAX_RULES) {
    problems.add(["rules"], `a policy has at most ${MAX_RULES} rules`, {
      received: `${rules.length}`,
    });
    return [];
  }
  const names = new Map<string, number>();
  return rules.flatMap((parsed, index) => {
    if (!parsed) return [];
    const { source } = parsed;
    const twin = names.get(source.name);
    if (twin !== undefined) {
      const message = `rules[${twin}] has this name too`;
      problems.add(["rules", index, "name"], message, { received: source.name });
    }
    names.set(source.name, index);
    const draft = readRule(scope, parsed, index, quorum);
    return draft ? [draft] : [];
  });
}

function finishRule(draft: RuleDraft, budgets: readonly ScaledBudget[]): Rule {
  const charges = draft.charges.map((charge) => {
    const budget = budgets.findIndex(({ name }) => name === charge.budget);
    const { unitsPerWhole } = budgets[budget] as ScaledBudget;
    return { budget, givesBack: charge.givesBack, ...scaleCharge(charge, unitsPerWhole) };
  });
  return { ...draft.rule, charges: Array.from({ length: CHARGES }, (_, slot) => charges[slot]) };
}

function labelsOf(
  scope: Scope,
  drafts: readonly RuleDraft[],
  budgets: readonly ScaledBudget[],
): PolicyLabels {
  const addresses: Record<string, string> = {};
  for (const [symbol, asset] of scope.assets) {
    if (asset?.address) addresses[asset.address.toLowerCase()] = symbol;
  }
  for (const [name, feed] of scope.feeds) {
    if (feed) addresses[feed.address.toLowerCase()] ??= name;
  }
  const label = (asset: RuleDraft["amount"]) =>
    asset && { symbol: asset.symbol, unitsPerWhole: 10n ** BigInt(asset.decimals) };
  return {
    rules: drafts.map((draft) => {
      const [amount, minimumOutput] = [label(draft.amount), label(draft.minimumOutput)];
      return { ...(amount ? { amount } : {}), ...(minimumOutput ? { minimumOutput } : {}) };
    }),
    budgets: Array.from({ length: BUDGETS }, (_, index) => {
      const budget = budgets[index];
      return { symbol: budget?.unit ?? "", unitsPerWhole: budget?.unitsPerWhole ?? 1n };
    }),
    addresses,
  };
}

function feedsOf(scope: Scope, names: Iterable<string>): PolicyFeed[] {
  return [...names].flatMap((name) => {
    const feed = scope.feeds.get(name);
    return feed
      ? [{ name, address: feed.address, decimals: feed.decimals, maxAge: feed.maxAge }]
      : [];
  });
}

/** What is still wrong with the compiled rules, told where the source has them. */
function addIntegrityProblems(policy: UnsaltedPolicy, problems: Problems) {
  for (const { path, message, expected, received } of integrityProblems(policy)) {
    const known = path[0] === "rules" ? path.slice(0, 2) : path.slice(0, 1);
    const detail = path.slice(known.length).join(".");
    problems.add(known, detail === "" ? message : `${detail} ${message}`, {
      ...(expected === undefined ? {} : { expected }),
      ...(received === undefined ? {} : { received }),
    });
  }
}

type Placed = { line?: number | undefined; column?: number | undefined };

/** In the order of the text; a policy that was an object keeps the order of the checks. */
function byPosition(a: Placed, b: Placed): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/**
 * Compiles a policy in human units into the integers that the circuit reads.
 *
 * @param source YAML text, or the same as an object
 * @throws {PolicyError} with every problem found: where, what was expected, what came
 * @see docs/POLICY.md for the language, docs/PROTOCOL.md §4 and §5 for what it compiles to
 *
 * @example
 * const { policy, report, warnings } = compilePolicy(readFileSync("desk.yaml", "utf8"), { lanes: 2 });
 */
export function compilePolicy(
  source: string | PolicySource,
  { file, lanes = 1, now }: CompileOptions = {},
): CompiledPolicy {
  const document = typeof source === "string" ? readYaml(source) : readObject(source);
  const problems = createProblems(document);
  const refuse = () => new PolicyError({ problems: problems.list.toSorted(byPosition), file });
  if (!Number.isSafeInteger(lanes) || lanes < 1 || lanes > MAX_LANES) {
    problems.add([], "the number of lanes cannot be used", {
      expected: `1 to ${MAX_LANES}`,
      received: String(lanes),
    });
  }
  if (document.tree === undefined || problems.list.length > 0) throw refuse();

  const sections = parseSections(document.tree, problems);
  const scope = createScope(sections, problems);
  checkDefinitions(scope);
  const { regimes, quorum } = readRegimes(scope, sections.regimes);
  const approvers = readApprovers(sections.approvers, problems);
  const plans = readBudgets(scope);
  const drafts = readRules(scope, sections, quorum);
  checkGivingBack(scope, drafts, plans);
  const budgets = plans.flatMap((plan): ScaledBudget[] => {
    if (!plan) return [];
    const demands = drafts.flatMap(({ charges, rule }) =>
      charges
        .filter(({ budget }) => budget === plan.name)
        .map((charge) => ({ ...charge, limitQuorum: rule.limitQuorum })),
    );
    const budget = scaleBudget(scope, plan, demands, BigInt(lanes));
    return budget ? [budget] : [];
  });
  if (problems.list.length > 0) throw refuse();

  const policy: UnsaltedPolicy = {
    name: sections.name,
    rules: drafts.map((draft) => finishRule(draft, budgets)),
    budgets: Array.from({ length: BUDGETS }, (_, index) => {
      const { name, capacity, refillPerSecondPerBps } = budgets[index] ?? UNUSED_BUDGET;
      return { name, capacity, refillPerSecondPerBps };
    }),
    regimes,
    ...(approvers ? { approvers } : {}),
  };
  addIntegrityProblems(policy, problems);
  if (problems.list.length > 0) throw refuse();

  const report = reportPolicy({ name: policy.name, lanes, drafts, budgets });
  warnAboutUse(scope, drafts, sections.regimes, approvers !== undefined);
  warnAboutTime(scope, drafts, now, MAX_DELAY_SECONDS);
  for (const [index, { bounds }] of report.rules.entries()) {
    if (bounds.length > 0) continue;
    const message =
      "no budget bounds this rule: a thief of key, policy and host can repeat it without end";
    problems.warn("unbounded-rule", ["rules", index], message);
  }
  const priced = new Set(policy.rules.map(({ priceFeed }) => priceFeed));
  const priceFeeds = [...scope.feeds].flatMap(([name, feed]) =>
    feed && priced.has(feed.address) ? [name] : [],
  );
  return {
    policy,
    chainId: sections.chain,
    lanes,
    warnings: problems.warnings.toSorted(byPosition),
    report,
    labels: labelsOf(scope, drafts, budgets),
    riskFeed: sections.regimes && feedsOf(scope, [sections.regimes.feed])[0],
    priceFeeds: feedsOf(scope, priceFeeds),
  };
}

/**
 * Completes a policy with its salt.
 *
 * @param salt uniform field element, fresh for each gate, lane and rotation: it hides the policy
 * @throws {InvalidFieldElementError} if the salt is not below p
 */
export function withSalt(policy: UnsaltedPolicy, salt: bigint): Policy {
  return { ...policy, salt: assertFieldElement(salt, "policy salt") };
}
