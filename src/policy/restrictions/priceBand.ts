import type { Word } from "../../action/context.ts";
import type { Finding } from "../finding.ts";
import { type Subject, wordValue } from "../subject.ts";

/** Smallest integer that is at least numerator / denominator. */
function ceilDiv(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/**
 * The minimum output is worth at least the amount at the feed's price, less the hidden slippage:
 * sell: `minOut · unpriced ≥ amount · price · priced`; buy: `minOut · price · priced ≥ amount · unpriced`.
 */
export function priceBand({ rule, feeds, words, amount }: Subject): Finding[] {
  if (!rule.band) return [];
  const { direction, minOutWord, pricedFactor, unpricedFactor } = rule.band;
  const minOut = wordValue(words[minOutWord] as Word);
  const [perOutput, needed] =
    direction === "sell"
      ? [unpricedFactor, amount * feeds.priceAnswer * pricedFactor]
      : [feeds.priceAnswer * pricedFactor, amount * unpricedFactor];
  return [
    {
      restriction: "priceBand",
      ok: minOut < 1n << 128n && minOut * perOutput >= needed,
      requirement: "minimum output is below 2^128 and at least",
      limit: perOutput === 0n ? 0n : ceilDiv(needed, perOutput),
      observed: minOut,
      unit: "minimumOutput",
    },
  ];
}
