import { type Rational, rational } from "./rational.ts";

/** A number with its unit, exact: `100 WETH`, `40_000 USD`. */
export interface Quantity {
  value: Rational;
  unit: string;
}

/** What names of assets, feeds and budgets look like. */
export const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,31}$/;
const DECIMAL = /^\d+(?:_\d+)*(?:\.\d+(?:_\d+)*)?$/;

/**
 * An exact decimal number that is not negative; underscores may group digits.
 *
 * @returns undefined if the text is something else
 *
 * @example
 * parseDecimal("2_000_000.5"); // { numerator: 4000001n, denominator: 2n }
 */
export function parseDecimal(text: string): Rational | undefined {
  if (text.length > 100 || !DECIMAL.test(text)) return undefined;
  const [whole = "", fraction = ""] = text.replaceAll("_", "").split(".");
  return rational(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
}

/** A decimal number and a unit's name, separated by a space. */
export function parseQuantity(text: string): Quantity | undefined {
  const [number = "", unit = "", ...rest] = text.trim().split(/\s+/);
  const value = parseDecimal(number);
  return value && NAME.test(unit) && rest.length === 0 ? { value, unit } : undefined;
}

/** `50%`, `0.5 %` or `50 bps` as a fraction of one. */
export function parsePercent(text: string): Rational | undefined {
  const match = /^([\d_.]+)\s*(%|bps)$/.exec(text.trim());
  const value = match && parseDecimal(match[1] ?? "");
  if (!value) return undefined;
  return rational(value.numerator, value.denominator * (match[2] === "%" ? 100n : 10_000n));
}
