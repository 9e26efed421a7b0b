import type { Finding } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** The action names exactly the rule's price feed, and its answer is not too old. */
export function priceFeed({ rule, feeds, time }: Subject): Finding[] {
  const age = time - feeds.priceUpdatedAt;
  return [
    {
      restriction: "priceFeed",
      ok: BigInt(feeds.priceFeed) === BigInt(rule.priceFeed),
      requirement: "price feed is",
      limit: BigInt(rule.priceFeed),
      observed: BigInt(feeds.priceFeed),
      unit: "address",
    },
    {
      restriction: "priceFeed",
      ok: age <= rule.priceMaxAge,
      requirement: "price is no older than",
      limit: rule.priceMaxAge,
      observed: age,
      unit: "seconds",
    },
  ];
}
