import { isAddress } from "viem";
import type { PolicyProblem } from "../errors/policy.ts";
import {
  BUDGETS,
  CHARGES,
  type Charge,
  CONDITIONS,
  NO_TIME_BOUND,
  ORDERED_CONDITIONS,
  type Policy,
  type Rule,
} from "./policy.ts";

/** A policy before its salt is drawn. */
export type UnsaltedPolicy = Omit<Policy, "salt">;

type Path = readonly (string | number)[];
const SELECTOR_BYTES = 4;
const WORD_BYTES = 32;
const WORDS = 32;
const DAY_SECONDS = 86_400;

/** Collects what is wrong; every check is written so that a value of the wrong type fails it. */
export function createChecks() {
  const problems: PolicyProblem[] = [];
  const fail = (path: Path, expected: string, received: unknown) => {
    const message = "is outside the bounds that the circuit relies on";
    problems.push({ path, message, expected, received: String(received) });
  };
  return {
    problems,
    fail,
    /** A bigint in [0, bound). */
    below(path: Path, value: unknown, bound: bigint, boundText: string): value is bigint {
      const ok = typeof value === "bigint" && value >= 0n && value < bound;
      if (!ok) fail(path, `an integer, 0 ≤ value < ${boundText}`, value);
      return ok;
    },
    /** A number in [low, high], whole. */
    whole(path: Path, value: unknown, low: number, high: number): value is number {
      const ok =
        Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
      if (!ok) fail(path, `a whole number from ${low} to ${high}`, value);
      return ok;
    },
    boolean(path: Path, value: unknown) {
      if (typeof value !== "boolean") fail(path, "true or false", value);
    },
    that(path: Path, ok: boolean, expected: string, received: unknown) {
      if (!ok) fail(path, expected, received);
    },
  };
}
export type Checks = ReturnType<typeof createChecks>;

function adds(charge: Charge | undefined): charge is Charge {
  return charge !== undefined && charge.givesBack === false;
}

/**
 * Whether one charge adds something whenever another gives something back. A call of amount 0 still
 * gives back per call, so then the adding one has to have a part per call; the price is never 0.
 */
function addsWhenever(adding: Charge, givingBack: Charge): boolean {
  if (adding.perCall > 0n) return true;
  return givingBack.perCall === 0n && (adding.perAmount > 0n || adding.perNotional > 0n);
}

/** The budgets that some rule gives back to: their level bounds no turnover. */
function budgetsGivenBack(rules: readonly Rule[]): Set<number> {
  const charges = rules.flatMap((rule) => rule.charges);
  return new Set(
    charges.filter((charge) => charge?.givesBack).map((charge) => charge?.budget ?? -1),
  );
}

function checkCalldata(checks: Checks, path: Path, rule: Rule) {
  const { dataLengthMin: min, dataLengthMax: max } = rule;
  const bound = 2 ** 20 - 1;
  const bounded =
    checks.whole([...path, "dataLengthMin"], min, 0, bound) &&
    checks.whole([...path, "dataLengthMax"], max, 0, bound);
  if (!bounded) return;
  const lengths = `${min} to ${max}`;
  if (min === 0) {
    checks.that([...path, "dataLengthMax"], max === 0, "both lengths 0, or at least 4", lengths);
    checks.that([...path, "selector"], rule.selector === 0n, "0 without calldata", rule.selector);
    return;
  }
  checks.that([...path, "dataLengthMin"], min >= SELECTOR_BYTES, "0, or at least 4", min);
  checks.that([...path, "dataLengthMax"], max >= min, "at least dataLengthMin", lengths);
}

/** A word that a restriction reads has to be within the shortest calldata that the rule allows. */
function checkWord(checks: Checks, path: Path, word: unknown, rule: Rule) {
  if (!checks.whole(path, word, 0, WORDS - 1)) return;
  const end = SELECTOR_BYTES + WORD_BYTES * (word + 1);
  const expected = `a word within the minimum calldata length of ${rule.dataLengthMin} bytes`;
  checks.that(path, end <= rule.dataLengthMin, expected, `word ${word}, which ends at byte ${end}`);
}

function checkAmount(checks: Checks, path: Path, rule: Rule) {
  if (rule.amount?.from === "word") {
    checkWord(checks, [...path, "amount", "word"], rule.amount.word, rule);
  } else {
    const received = rule.amount?.from;
    checks.that([...path, "amount"], received === "value", "from value or a word", received);
  }
  const limits =
    checks.below([...path, "limitAgent"], rule.limitAgent, 1n << 128n, "2^128") &&
    checks.below([...path, "limitQuorum"], rule.limitQuorum, 1n << 128n, "2^128");
  if (limits) {
    const ordered = rule.limitQuorum >= rule.limitAgent;
    checks.that([...path, "limitQuorum"], ordered, "at least limitAgent", rule.limitQuorum);
  }
  checks.boolean([...path, "scales"], rule.scales);
}

function checkConditions(checks: Checks, path: Path, rule: Rule) {
  const { conditions } = rule;
  if (!Array.isArray(conditions) || conditions.length > CONDITIONS) {
    checks.fail(path, `at most ${CONDITIONS} conditions`, conditions?.length);
    return;
  }
  for (const [index, condition] of conditions.entries()) {
    const at = [...path, index];
    checkWord(checks, [...at, "word"], condition.word, rule);
    switch (condition.op) {
      case "eq":
        checks.below([...at, "operand"], condition.operand, 1n << 256n, "2^256");
        break;
      case "self":
        checks.that([...at, "operand"], condition.operand === 0n, "0", condition.operand);
        break;
      case "le":
      case "ge": {
        const expected = `${condition.op} in the first ${ORDERED_CONDITIONS} conditions only`;
        checks.that([...at, "op"], index < ORDERED_CONDITIONS, expected, `condition ${index}`);
        checks.below([...at, "operand"], condition.operand, 1n << 128n, "2^128");
        break;
      }
      default:
        checks.fail([...at, "op"], "eq, self, le or ge", (condition as { op: unknown }).op);
    }
  }
}

function checkCharges(checks: Checks, path: Path, rule: Rule, policy: UnsaltedPolicy) {
  const { charges } = rule;
  if (!Array.isArray(charges) || charges.length > CHARGES) {
    checks.fail(path, `at most ${CHARGES} charges`, charges?.length);
    return;
  }
  const [first, second] = charges;
  if (first && second) {
    const expected = "charges of one rule on different budgets";
    checks.that(path, first.budget !== second.budget, expected, `budget ${first.budget} twice`);
  }
  const givenBack = budgetsGivenBack(policy.rules);
  for (const [slot, charge] of charges.entries()) {
    if (!charge) continue;
    const at = [...path, slot];
    checks.whole([...at, "budget"], charge.budget, 0, BUDGETS - 1);
    checks.boolean([...at, "givesBack"], charge.givesBack);
    checks.below([...at, "perAmount"], charge.perAmount, 1n << 96n, "2^96");
    checks.below([...at, "perCall"], charge.perCall, 1n << 128n, "2^128");
    if (checks.below([...at, "perNotional"], charge.perNotional, 1n << 159n, "2^159")) {
      const product = rule.limitQuorum * charge.perNotional;
      checks.that(
        [...at, "perNotional"],
        product < 1n << 159n,
        "limitQuorum · s₂ < 2^159",
        product,
      );
    }
    if (charge.givesBack) {
      const other = charges[1 - slot];
      const refill = policy.budgets[charge.budget]?.refillPerSecondPerBps;
      checks.that(
        [...at, "perNotional"],
        charge.perNotional === 0n,
        "0: it gives back",
        charge.perNotional,
      );
      checks.that(at, refill === 0n, "a budget without refill: the rule gives back to it", refill);
      const bounded = adds(other) && addsWhenever(other, charge) && !givenBack.has(other.budget);
      const expected =
        "a second charge that adds, per call if this one gives back per call, to a budget nothing gives back to";
      checks.that(at, bounded, expected, other ? `budget ${other.budget}` : "no second charge");
    }
  }
}

function checkFeed(checks: Checks, path: Path, rule: Rule) {
  const { priceFeed, priceMaxAge, band } = rule;
  checks.below([...path, "priceMaxAge"], priceMaxAge, 1n << 34n, "2^34");
  if (!isAddress(priceFeed, { strict: false })) {
    checks.fail([...path, "priceFeed"], "an address", priceFeed);
    return;
  }
  if (BigInt(priceFeed) === 0n) {
    const noBound = priceMaxAge === NO_TIME_BOUND;
    checks.that([...path, "priceMaxAge"], noBound, "2^34 − 1 without a price feed", priceMaxAge);
    checks.that([...path, "band"], !band, "no price band without a price feed", "a band");
    for (const [slot, charge] of (rule.charges ?? []).entries()) {
      const at = [...path, "charges", slot, "perNotional"];
      checks.that(at, !charge?.perNotional, "0 without a price feed", charge?.perNotional);
    }
  }
  if (!band) return;
  const { direction } = band;
  const known = direction === "sell" || direction === "buy";
  checks.that([...path, "band", "direction"], known, "sell or buy", direction);
  checkWord(checks, [...path, "band", "minOutWord"], band.minOutWord, rule);
  checks.below([...path, "band", "pricedFactor"], band.pricedFactor, 1n << 32n, "2^32");
  checks.below([...path, "band", "unpricedFactor"], band.unpricedFactor, 1n << 112n, "2^112");
}

function checkSchedule(checks: Checks, path: Path, rule: Rule) {
  for (const field of ["validFrom", "validUntil", "cooldown"] as const) {
    checks.below([...path, field], rule[field], 1n << 34n, "2^34");
  }
  for (const field of ["hoursStart", "hoursEnd"] as const) {
    checks.whole([...path, field], rule[field], 0, DAY_SECONDS);
  }
  checks.whole([...path, "days"], rule.days, 0, 127);
  if (rule.cooldown !== 0n) {
    const used = rule.charges?.[0] !== undefined;
    checks.that(
      [...path, "cooldown"],
      used,
      "a charge in slot 0, whose last charge it counts from",
      "none",
    );
  }
  for (const regime of ["calm", "elevated", "stressed"] as const) {
    checks.boolean([...path, "quorum", regime], rule.quorum?.[regime]);
  }
}

/** Holds one rule to docs/PROTOCOL.md §4 and the conditions on its charges of §7. */
export function checkRule(checks: Checks, path: Path, rule: Rule, policy: UnsaltedPolicy) {
  checks.whole([...path, "chainId"], rule.chainId, 1, Number.MAX_SAFE_INTEGER);
  checks.below([...path, "selector"], rule.selector, 1n << 32n, "2^32");
  const { targetLo, targetHi } = rule;
  if (isAddress(targetLo, { strict: false }) && isAddress(targetHi, { strict: false })) {
    const ordered = BigInt(targetLo) <= BigInt(targetHi);
    checks.that([...path, "targetHi"], ordered, `at least targetLo (${targetLo})`, targetHi);
  } else {
    checks.fail([...path, "targetLo"], "two addresses", `${targetLo}, ${targetHi}`);
  }
  checkCalldata(checks, path, rule);
  checkAmount(checks, path, rule);
  checkConditions(checks, [...path, "conditions"], rule);
  checkCharges(checks, [...path, "charges"], rule, policy);
  checkFeed(checks, path, rule);
  checkSchedule(checks, path, rule);
}
