import { type Address, isAddressEqual } from "viem";
import type { SourcePath } from "./document.ts";
import type { Problems } from "./problems.ts";
import type { Rational } from "./rational.ts";
import type { BudgetSource, FeedSource } from "./schema.ts";
import type { Section, Sections } from "./sections.ts";
import type { Quantity } from "./units.ts";
import { NAME } from "./units.ts";

/** A token, or the chain's native coin (which has no address). */
export interface Asset {
  symbol: string;
  address: Address | undefined;
  decimals: number;
  /** What one is taken to be worth, without a feed. */
  worth: Quantity | undefined;
}

/** What a policy's names stand for. */
export interface Scope {
  problems: Problems;
  chain: number;
  native: Asset;
  assets: ReadonlyMap<string, Asset | undefined>;
  feeds: Section<FeedSource>;
  budgets: Section<BudgetSource>;
  currencies: readonly string[];
}

export const CALLS = "calls";
const NATIVE_DECIMALS = 18;
const RESERVED = new Set([
  "self",
  "any",
  "none",
  CALLS,
  "call",
  "amount",
  "worth",
  "value",
  "true",
  "false",
]);

/** Gathers the names of a policy and reports those that clash. */
export function createScope(sections: Sections, problems: Problems): Scope {
  const native: Asset = {
    symbol: sections.native,
    address: undefined,
    decimals: NATIVE_DECIMALS,
    worth: undefined,
  };
  const assets = new Map<string, Asset | undefined>([[native.symbol, native]]);
  const taken = new Map<string, string>([
    [native.symbol, "the native coin, which needs no declaration"],
  ]);
  for (const currency of sections.currencies) {
    if (taken.has(currency)) problems.add(["currencies"], `${currency} is the native coin already`);
    taken.set(currency, "a currency");
  }
  const declare = (section: "assets" | "feeds" | "budgets", name: string) => {
    const path = [section, name];
    if (!NAME.test(name)) {
      const expected = "a letter, then letters, digits, '.', '_' or '-', at most 32";
      problems.add(path, "is not a name", { expected, received: name, part: "key" });
    } else if (RESERVED.has(name)) {
      problems.add(path, `${name} is a word of the policy language and cannot be a name`, {
        part: "key",
      });
    }
    if (section === "budgets") return;
    const other = taken.get(name);
    if (other) problems.add(path, `the name ${name} is taken: it is ${other}`, { part: "key" });
    taken.set(name, section === "assets" ? "an asset" : "a feed");
  };
  for (const [symbol, source] of sections.assets) {
    declare("assets", symbol);
    if (symbol === native.symbol) continue;
    const twin = [...assets].find(
      ([, asset]) => source && asset?.address && isAddressEqual(asset.address, source.address),
    );
    if (twin) problems.add(["assets", symbol, "address"], `is the address of ${twin[0]} too`);
    assets.set(symbol, source && { symbol, ...source, worth: source.worth });
  }
  for (const name of sections.feeds.keys()) declare("feeds", name);
  for (const name of sections.budgets.keys()) declare("budgets", name);
  const { chain, feeds, budgets, currencies } = sections;
  return { problems, chain, native, assets, feeds, budgets, currencies };
}

/** The asset of that name; a problem and undefined if there is none. */
export function findAsset(scope: Scope, symbol: string, path: SourcePath): Asset | undefined {
  if (scope.assets.has(symbol)) return scope.assets.get(symbol);
  const known = [...scope.assets.keys()];
  const message = `${symbol} is not an asset of this policy`;
  return scope.problems.add(path, message, { expected: known.join(", "), name: symbol, known });
}

/** The asset at an address, if the policy declares it. */
export function assetAt(scope: Scope, address: bigint): Asset | undefined {
  return [...scope.assets.values()].find(
    (asset) => asset?.address !== undefined && BigInt(asset.address) === address,
  );
}

/** The feed of that name, if it is a price feed; else a problem and undefined. */
export function findPriceFeed(
  scope: Scope,
  name: string,
  path: SourcePath,
): (FeedSource & { name: string; base: string[]; quote: string }) | undefined {
  const { problems, feeds } = scope;
  if (!feeds.has(name)) {
    const known = [...feeds.keys()];
    const expected = known.length > 0 ? known.join(", ") : "a feed declared under feeds";
    return problems.add(path, `${name} is not a feed of this policy`, { expected, name, known });
  }
  const feed = feeds.get(name);
  if (!feed) return undefined;
  const { base, quote } = feed;
  if (!base || !quote) {
    const message = `the feed ${name} does not say what it prices`;
    return problems.add(path, message, { expected: `base and quote in feeds.${name}` });
  }
  return { ...feed, name, base, quote };
}

/** Whether a name is a unit: an asset, a currency, or calls. */
export function isUnit(scope: Scope, unit: string): boolean {
  return unit === CALLS || scope.currencies.includes(unit) || scope.assets.has(unit);
}

/** Reports a name that is no unit; true if it is one. */
export function checkUnit(scope: Scope, unit: string, path: SourcePath): boolean {
  if (isUnit(scope, unit)) return true;
  const known = [...scope.assets.keys(), ...scope.currencies, CALLS];
  const message = `${unit} is not a unit of this policy`;
  scope.problems.add(path, message, { expected: known.join(", "), name: unit, known });
  return false;
}

/**
 * A quantity of an asset in the asset's base units.
 *
 * @returns undefined, and a problem, if it has more decimals than the asset
 */
export function baseUnits(
  scope: Scope,
  value: Rational,
  asset: Asset,
  path: SourcePath,
): bigint | undefined {
  const scaled = value.numerator * 10n ** BigInt(asset.decimals);
  if (scaled % value.denominator === 0n) return scaled / value.denominator;
  const expected = `at most ${asset.decimals} decimals, as ${asset.symbol} has`;
  return scope.problems.add(path, "has too many decimals", { expected });
}
