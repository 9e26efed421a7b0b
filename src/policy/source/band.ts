import type { PriceBand } from "../policy.ts";
import type { SourcePath } from "./document.ts";
import {
  baseUnit,
  compare,
  difference,
  product,
  quotient,
  type Rational,
  rational,
} from "./rational.ts";
import { type Asset, findPriceFeed, type Scope } from "./scope.ts";

const PRICED_BOUND = 1n << 32n;
const UNPRICED_BOUND = 1n << 112n;
const ONE = rational(1n);
/** A factor may be rounded, against the agent, by at most this part. */
const MAX_ROUNDING = 1_000_000n;

/**
 * Two integers in a ratio, within the circuit's bounds; rounded against the agent where the exact
 * ones do not fit.
 *
 * sell: minOut·unpriced ≥ amount·price·priced, so a smaller ratio unpriced / priced is stricter.
 * buy: minOut·price·priced ≥ amount·unpriced, so a larger ratio is.
 *
 * @returns undefined if the bounds leave no pair within a millionth of the ratio
 */
export function bandFactors(
  ratio: Rational,
  direction: PriceBand["direction"],
): { pricedFactor: bigint; unpricedFactor: bigint } | undefined {
  const { numerator, denominator } = ratio;
  if (denominator < PRICED_BOUND && numerator < UNPRICED_BOUND) {
    return { pricedFactor: denominator, unpricedFactor: numerator };
  }
  const largest = ((UNPRICED_BOUND - 1n) * denominator) / numerator;
  const pricedFactor = largest < PRICED_BOUND ? largest : PRICED_BOUND - 1n;
  const exact = pricedFactor * numerator;
  const unpricedFactor =
    direction === "sell" ? exact / denominator : (exact + denominator - 1n) / denominator;
  const off = unpricedFactor * denominator - exact;
  const distance = off < 0n ? -off : off;
  const close = pricedFactor > 0n && distance * MAX_ROUNDING <= exact;
  return close && unpricedFactor > 0n && unpricedFactor < UNPRICED_BOUND
    ? { pricedFactor, unpricedFactor }
    : undefined;
}

/** The value of one whole asset in `quote` without a feed: 1 of itself, or its declared worth. */
function worthIn(asset: Asset, quote: string): Rational | undefined {
  if (asset.symbol === quote) return ONE;
  return asset.worth?.unit === quote ? asset.worth.value : undefined;
}

/** What a price band is made of. */
interface BandInput {
  feedName: string;
  /** As a fraction of one. */
  slippage: Rational;
  amount: Asset;
  minimumOutput: Asset;
}

/**
 * Derives a price band: which side the feed prices, and factors that hold the minimum output to the
 * feed's price less the slippage.
 *
 * @param path of the rule's `slippage`
 */
export function readBand(
  scope: Scope,
  { feedName, slippage, amount, minimumOutput }: BandInput,
  path: SourcePath,
): Omit<PriceBand, "minOutWord"> | undefined {
  const { problems } = scope;
  if (compare(slippage, ONE) >= 0) {
    return problems.add([...path, "max"], "is no bound at all", {
      expected: "a slippage below 100%",
    });
  }
  const at = [...path, "price"];
  const feed = findPriceFeed(scope, feedName, at);
  if (!feed) return undefined;
  const prices = (asset: Asset) => feed.base.includes(asset.symbol);
  if (prices(amount) === prices(minimumOutput)) {
    const which = prices(amount) ? "both sides" : "neither side";
    const expected = `a feed for exactly one of ${amount.symbol} and ${minimumOutput.symbol}`;
    return problems.add(at, `${feedName} prices ${which} of this call`, { expected });
  }
  const direction = prices(amount) ? "sell" : "buy";
  const [priced, unpriced] =
    direction === "sell" ? [amount, minimumOutput] : [minimumOutput, amount];
  const worth = worthIn(unpriced, feed.quote);
  if (!worth || worth.numerator === 0n) {
    const expected = `worth in assets.${unpriced.symbol}, such as worth: 1 ${feed.quote}`;
    return problems.add(at, `nothing says what ${unpriced.symbol} is worth in ${feed.quote}`, {
      expected,
    });
  }
  // Values per base unit, in the feed's quote: unpriced·U and priced·price·P, with U : P = `values`.
  const values = quotient(
    product(worth, baseUnit(unpriced.decimals)),
    product(baseUnit(priced.decimals), baseUnit(feed.decimals)),
  );
  const kept = difference(ONE, slippage);
  const ratio = direction === "sell" ? quotient(values, kept) : product(values, kept);
  const factors = bandFactors(ratio, direction);
  if (factors) return { direction, ...factors };
  const message = `the decimals of ${amount.symbol}, ${minimumOutput.symbol} and ${feedName} leave no factors within the circuit's bounds`;
  return problems.add(at, message);
}
