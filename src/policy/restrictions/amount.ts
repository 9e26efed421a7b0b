import type { Finding } from "../finding.ts";
import { FULL_BPS } from "../policy.ts";
import type { Subject } from "../subject.ts";

/**
 * The amount is at most the tier's limit, scaled by the regime if the rule scales, and ether moves
 * only where it is the amount.
 */
export function amount({ rule, action, amount, tier, limitBps }: Subject): Finding[] {
  const limit = tier === "quorum" ? rule.limitQuorum : rule.limitAgent;
  const bps = rule.scales ? limitBps : FULL_BPS;
  const findings: Finding[] = [
    {
      restriction: "amount",
      ok: FULL_BPS * amount <= limit * bps,
      requirement: "amount is at most",
      limit: (limit * bps) / FULL_BPS,
      observed: amount,
      unit: "amount",
    },
  ];
  if (rule.amount.from === "word") {
    findings.push({
      restriction: "amount",
      ok: action.value === 0n,
      requirement: "value is",
      limit: 0n,
      observed: action.value,
      unit: "wei",
    });
  }
  return findings;
}
