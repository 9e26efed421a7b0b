/** An exact fraction in lowest terms, denominator positive. */
export interface Rational {
  numerator: bigint;
  denominator: bigint;
}

/** Greatest common divisor of two integers that are not negative; gcd(0, b) = b. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Least common multiple of two positive integers. */
export function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}

/**
 * A fraction in lowest terms.
 *
 * @param numerator not negative
 * @param denominator positive
 */
export function rational(numerator: bigint, denominator = 1n): Rational {
  const divisor = gcd(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

/** The product of fractions. */
export function product(...factors: readonly Rational[]): Rational {
  return rational(
    factors.reduce((accumulated, { numerator }) => accumulated * numerator, 1n),
    factors.reduce((accumulated, { denominator }) => accumulated * denominator, 1n),
  );
}

/** a / b, for b > 0. */
export function quotient(a: Rational, b: Rational): Rational {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

/** a + b */
export function sum(a: Rational, b: Rational): Rational {
  return rational(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
  );
}

/** a − b, for b ≤ a. */
export function difference(a: Rational, b: Rational): Rational {
  return rational(
    a.numerator * b.denominator - b.numerator * a.denominator,
    a.denominator * b.denominator,
  );
}

/** Negative, 0 or positive as a is less than, equal to or greater than b. */
export function compare(a: Rational, b: Rational): number {
  const [left, right] = [a.numerator * b.denominator, b.numerator * a.denominator];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `10^-decimals`: one base unit of a token with that many decimals. */
export function baseUnit(decimals: number): Rational {
  return rational(1n, 10n ** BigInt(decimals));
}

/** The integer that `value` is, or undefined if it has a fraction. */
export function integerOf({ numerator, denominator }: Rational): bigint | undefined {
  return denominator === 1n ? numerator : undefined;
}

/**
 * Decimal text with thousands grouped, at most `decimals` places, rounded up so that "at most" holds.
 *
 * @example
 * formatRational(rational(2_000_000n)); // "2,000,000"
 */
export function formatRational({ numerator, denominator }: Rational, decimals = 6): string {
  const scale = 10n ** BigInt(decimals);
  const scaled = (numerator * scale + denominator - 1n) / denominator;
  const whole = (scaled / scale).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const fraction = (scaled % scale).toString().padStart(decimals, "0").replace(/0+$/, "");
  return fraction === "" || decimals === 0 ? whole : `${whole}.${fraction}`;
}
