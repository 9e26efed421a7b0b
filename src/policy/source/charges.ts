import { CHARGES } from "../policy.ts";
import type { SourcePath } from "./document.ts";
import { baseUnit, product, type Rational, rational, sum } from "./rational.ts";
import { type Asset, CALLS, checkUnit, findPriceFeed, isUnit, type Scope } from "./scope.ts";
import { closest } from "./suggest.ts";
import { parseDecimal, parseQuantity } from "./units.ts";

const ZERO = rational(0n);

/** A charge in whole units of its budget (USD, WETH, calls), exact. */
export interface ChargeDraft {
  budget: string;
  path: SourcePath;
  givesBack: boolean;
  /** Per base unit of the amount. */
  perAmount: Rational;
  /** Per base unit of the amount and unit of the feed's answer. */
  perNotional: Rational;
  /** Whatever the amount. */
  perCall: Rational;
  /** The feed it reads. */
  feed: string | undefined;
}
type Term = Pick<ChargeDraft, "perAmount" | "perNotional" | "perCall" | "feed">;

const noTerm: Term = { perAmount: ZERO, perNotional: ZERO, perCall: ZERO, feed: undefined };

interface TermReading {
  scope: Scope;
  unit: string;
  /** The token that the rule's amount counts; undefined if the rule has no amount. */
  token: Asset | undefined;
  /** The amount is invalid, which is a problem already: nothing more is said about it. */
  amountInvalid: boolean;
  path: SourcePath;
}

function forms(unit: string, token: Asset | undefined): string {
  if (unit === CALLS) return "a number of calls, such as 1";
  const amount = token?.symbol ?? "WETH";
  return `a feed, amount, worth, <number> ${unit} per ${amount}, or <number> ${unit} per call`;
}

/** Terms that follow the amount need to know what it counts. */
function amountToken(reading: TermReading, text: string): Asset | undefined {
  const { scope, unit, token, path } = reading;
  if (unit === CALLS) {
    const message = "the budget counts calls, not amounts";
    return scope.problems.add(path, message, { expected: forms(unit, token), received: text });
  }
  if (token || reading.amountInvalid) return token;
  return scope.problems.add(path, "the rule has no amount to charge", {
    expected: `amount and max in the rule, or <number> ${unit} per call`,
    received: text,
  });
}

function wrongUnit(reading: TermReading, received: string, gives: string): undefined {
  const { scope, unit, path } = reading;
  const expected = `a charge in ${unit}`;
  return scope.problems.add(path, `the budget counts ${unit}, not ${gives}`, {
    expected,
    received,
  });
}

function readFixed(reading: TermReading, text: string): Term | undefined {
  const { scope, unit, token, path } = reading;
  const { problems } = scope;
  const [quantityText = "", per, ...rest] = text.split(/\s+per\s+/);
  const count = parseDecimal(quantityText);
  if (unit === CALLS) {
    const calls = count ?? parseQuantity(quantityText.replace(/\bcall$/, CALLS))?.value;
    const isCalls = count !== undefined || /^\S+\s+calls?$/.test(quantityText);
    if (calls && isCalls && per === undefined && calls.denominator === 1n) {
      return { ...noTerm, perCall: calls };
    }
    return problems.add(path, "the budget counts calls", {
      expected: forms(unit, token),
      received: text,
    });
  }
  const quantity = parseQuantity(quantityText);
  if (!quantity || per === undefined || rest.length > 0) {
    const message = quantity || count ? "does not say what it is charged for" : "cannot be read";
    return problems.add(path, message, { expected: forms(unit, token), received: text });
  }
  if (!checkUnit(scope, quantity.unit, path)) return undefined;
  if (quantity.unit !== unit) return wrongUnit(reading, text, quantity.unit);
  if (per === "call") return { ...noTerm, perCall: quantity.value };
  const asset = amountToken(reading, text);
  if (!asset) return undefined;
  if (per !== asset.symbol) {
    const message = `the amount counts ${asset.symbol}, not ${per}`;
    return problems.add(path, message, {
      expected: `<number> ${unit} per ${asset.symbol}`,
      received: text,
    });
  }
  return { ...noTerm, perAmount: product(quantity.value, baseUnit(asset.decimals)) };
}

function readTerm(reading: TermReading, text: string): Term | undefined {
  const { scope, unit, path } = reading;
  if (/^\d/.test(text)) return readFixed(reading, text);
  if (text === "amount") {
    const asset = amountToken(reading, text);
    if (!asset) return undefined;
    if (asset.symbol !== unit)
      return wrongUnit(reading, `amount, in ${asset.symbol}`, asset.symbol);
    return { ...noTerm, perAmount: baseUnit(asset.decimals) };
  }
  if (text === "worth") {
    const asset = amountToken(reading, text);
    if (!asset) return undefined;
    if (!asset.worth) {
      const expected = `worth in assets.${asset.symbol}, such as worth: 1 ${unit}`;
      return scope.problems.add(path, `${asset.symbol} has no declared worth`, { expected });
    }
    if (asset.worth.unit !== unit)
      return wrongUnit(reading, `worth, in ${asset.worth.unit}`, asset.worth.unit);
    return { ...noTerm, perAmount: product(asset.worth.value, baseUnit(asset.decimals)) };
  }
  if (!scope.feeds.has(text) && closest(text, ["amount", "worth"])) {
    const known = ["amount", "worth"];
    return scope.problems.add(path, "cannot be read", {
      expected: forms(unit, reading.token),
      name: text,
      known,
    });
  }
  const feed = findPriceFeed(scope, text, path);
  const asset = feed && amountToken(reading, text);
  if (!feed || !asset) return undefined;
  if (!feed.base.includes(asset.symbol)) {
    const expected = `a feed for ${asset.symbol}, which the amount counts`;
    const received = `${text}, which prices ${feed.base.join(", ")}`;
    return scope.problems.add(path, `${text} does not price ${asset.symbol}`, {
      expected,
      received,
    });
  }
  if (feed.quote !== unit) return wrongUnit(reading, `${text}, in ${feed.quote}`, feed.quote);
  const perNotional = product(baseUnit(asset.decimals), baseUnit(feed.decimals));
  return { ...noTerm, perNotional, feed: text };
}

const GIVES_BACK = /^gives back\s+/;

/** Reads a rule's `charge`: which budgets it adds to or gives back to, and how much. */
export function readCharges(
  scope: Scope,
  charge: Readonly<Record<string, string>>,
  amount: Pick<TermReading, "token" | "amountInvalid">,
  path: SourcePath,
): ChargeDraft[] {
  const { problems, budgets } = scope;
  const entries = Object.entries(charge);
  if (entries.length > CHARGES) {
    const received = entries.map(([budget]) => budget).join(", ");
    problems.add(path, `a rule charges at most ${CHARGES} budgets`, { received });
  }
  return entries.flatMap(([budget, text]): ChargeDraft[] => {
    const at = [...path, budget];
    if (!budgets.has(budget)) {
      const known = [...budgets.keys()];
      const expected = known.length > 0 ? known.join(", ") : "a budget declared under budgets";
      const message = `${budget} is not a budget of this policy`;
      problems.add(at, message, { expected, name: budget, known, part: "key" });
      return [];
    }
    const unit = budgets.get(budget)?.capacity.unit;
    if (unit === undefined || !isUnit(scope, unit)) return [];
    const givesBack = GIVES_BACK.test(text);
    const reading = { scope, unit, ...amount, path: at };
    const terms = text
      .replace(GIVES_BACK, "")
      .split(/\s+\+\s+/)
      .map((term) => readTerm(reading, term.trim()));
    const complete = terms.filter((term) => term !== undefined);
    if (complete.length < terms.length) return [];
    const feeds = complete.flatMap(({ feed }) => feed ?? []);
    const total = complete.reduce((left, right) => ({
      perAmount: sum(left.perAmount, right.perAmount),
      perNotional: sum(left.perNotional, right.perNotional),
      perCall: sum(left.perCall, right.perCall),
      feed: undefined,
    }));
    return [{ ...total, budget, path: at, givesBack, feed: feeds[0] }];
  });
}
