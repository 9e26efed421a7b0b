import type { Finding } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** Chain exactly the rule's; target within [targetLo, targetHi]. */
export function target({ rule, action }: Subject): Finding[] {
  const observed = BigInt(action.target);
  const common = { restriction: "target", unit: "address", observed } as const;
  const lo = BigInt(rule.targetLo);
  const hi = BigInt(rule.targetHi);
  const chain: Finding = {
    restriction: "target",
    ok: action.chainId === rule.chainId,
    requirement: "chain is",
    limit: BigInt(rule.chainId),
    observed: BigInt(action.chainId),
    unit: "chain",
  };
  if (lo === hi) {
    return [chain, { ...common, ok: observed === lo, requirement: "target is", limit: lo }];
  }
  return [
    chain,
    { ...common, ok: observed >= lo, requirement: "target is at least", limit: lo },
    { ...common, ok: observed <= hi, requirement: "target is at most", limit: hi },
  ];
}
