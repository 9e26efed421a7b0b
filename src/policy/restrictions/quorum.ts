import type { Finding } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** The agent alone may act in this regime. */
export function quorum({ rule, regime, tier }: Subject): Finding[] {
  if (tier === "quorum") return [];
  return [
    {
      restriction: "quorum",
      ok: !rule.quorum[regime],
      requirement: `approval needed in the ${regime} regime is`,
      limit: 0n,
      observed: BigInt(rule.quorum[regime]),
      unit: "none",
    },
  ];
}
