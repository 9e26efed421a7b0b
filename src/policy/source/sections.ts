import type { z } from "zod";
import { isMapping, type SourcePath, type SourceTree } from "./document.ts";
import type { Problems } from "./problems.ts";
import {
  type ApproversSource,
  type AssetSource,
  type BudgetSource,
  describe,
  type FeedSource,
  keysAt,
  type RegimesSource,
  type RuleSource,
  schemas,
} from "./schema.ts";
import { closest } from "./suggest.ts";

/** Named definitions; a name whose definition is invalid maps to undefined. */
export type Section<T> = ReadonlyMap<string, T | undefined>;

/** A policy's sections, parsed but not yet related to each other. */
export interface Sections {
  name: string;
  chain: number;
  native: string;
  currencies: readonly string[];
  assets: Section<AssetSource>;
  feeds: Section<FeedSource>;
  budgets: Section<BudgetSource>;
  /** undefined if there are none, or if they are invalid (which is a problem already). */
  regimes: RegimesSource | undefined;
  approvers: ApproversSource | undefined;
  /** By index; undefined where nothing can be made of it. */
  rules: readonly (ParsedRule | undefined)[];
}

/** A rule as far as it can be read. */
export interface ParsedRule {
  source: RuleSource;
  /** Keys left out of `source` because they are invalid, which is a problem already. */
  invalid: ReadonlySet<string>;
}

function lookup(
  tree: SourceTree | undefined,
  path: readonly PropertyKey[],
): SourceTree | undefined {
  let current = tree;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)];
    else current = isMapping(current) ? current[String(part)] : undefined;
  }
  return current;
}

/** Parses one part of the source; reports what is wrong with it and returns undefined. */
function parse<T extends z.ZodType>(
  schema: T,
  tree: SourceTree | undefined,
  path: SourcePath,
  problems: Problems,
): z.output<T> | undefined {
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const inner = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
    const at = [...path, ...inner];
    if (issue.code === "unrecognized_keys") {
      const known = keysAt(schema, inner);
      for (const key of issue.keys) {
        const expected = known.join(", ");
        problems.add([...at, key], "unknown key", { expected, received: key, known, part: "key" });
      }
      continue;
    }
    const value = lookup(tree, inner);
    if (value === undefined) problems.add(at, "is missing", { expected: expectedOf(issue) });
    else
      problems.add(at, "cannot be read", {
        expected: expectedOf(issue),
        received: describe(value),
      });
  }
  return undefined;
}

function expectedOf(issue: z.core.$ZodIssue): string {
  return issue.code === "invalid_type" && issue.expected === "object" ? "a mapping" : issue.message;
}

function parseSection<T extends z.ZodType>(
  schema: T,
  tree: { [key: string]: SourceTree } | undefined,
  section: string,
  problems: Problems,
): Section<z.output<T>> {
  const entries = Object.entries(tree ?? {});
  return new Map(
    entries.map(([key, value]) => [key, parse(schema, value, [section, key], problems)]),
  );
}

/** Parses a rule; without its invalid parts if it has any, so that the rest is still checked. */
function parseRule(tree: SourceTree, index: number, problems: Problems): ParsedRule | undefined {
  const source = parse(schemas.rule, tree, ["rules", index], problems);
  if (source || !isMapping(tree)) return source && { source, invalid: new Set() };
  const known = keysAt(schemas.rule, []);
  const issues = schemas.rule.safeParse(tree).error?.issues ?? [];
  const invalid = issues.flatMap((issue) => {
    if (issue.path[0] !== undefined) return [String(issue.path[0])];
    const unknown = issue.code === "unrecognized_keys" ? issue.keys : [];
    return unknown.flatMap((key) => [key, closest(key, known) ?? key]);
  });
  const rest: { [key: string]: SourceTree } = {
    ...tree,
    name: invalid.includes("name") ? `rules[${index}]` : (tree.name ?? ""),
  };
  for (const key of invalid) if (key !== "name") delete rest[key];
  const partial = schemas.rule.safeParse(rest);
  return partial.success ? { source: partial.data, invalid: new Set(invalid) } : undefined;
}

/** Parses all sections of a policy; whatever is invalid is reported and left out. */
export function parseSections(tree: SourceTree, problems: Problems): Sections {
  const { shape } = schemas.policy;
  // The sections' own content is parsed below, so one bad section leaves the others readable.
  parse(schemas.policy, tree, [], problems);
  const field = <T extends z.ZodType>(schema: T, key: string): z.output<T> | undefined => {
    const result = schema.safeParse(lookup(tree, [key]));
    return result.success ? result.data : undefined;
  };
  const optional = <T extends z.ZodType>(schema: T, key: string): z.output<T> | undefined => {
    const value = lookup(tree, [key]);
    return value === undefined ? undefined : parse(schema, value, [key], problems);
  };
  const rules = field(shape.rules, "rules");
  if (rules?.length === 0) problems.add(["rules"], "a policy needs at least one rule");
  return {
    name: field(shape.name, "name") ?? "",
    chain: field(shape.chain, "chain") ?? 0,
    native: field(shape.native, "native") ?? "ETH",
    currencies: field(shape.currencies, "currencies") ?? ["USD"],
    assets: parseSection(schemas.asset, field(shape.assets, "assets"), "assets", problems),
    feeds: parseSection(schemas.feed, field(shape.feeds, "feeds"), "feeds", problems),
    budgets: parseSection(schemas.budget, field(shape.budgets, "budgets"), "budgets", problems),
    regimes: optional(schemas.regimes, "regimes"),
    approvers: optional(schemas.approvers, "approvers"),
    rules: (rules ?? []).map((rule, index) => parseRule(rule, index, problems)),
  };
}
