import { size } from "viem";
import type { Finding } from "../finding.ts";
import type { Subject } from "../subject.ts";

/** Selector exactly the rule's; calldata length within [dataLengthMin, dataLengthMax]. */
export function call({ rule, action, selector }: Subject): Finding[] {
  const length = size(action.data);
  const common = { restriction: "call", unit: "bytes", observed: BigInt(length) } as const;
  return [
    {
      restriction: "call",
      ok: selector === rule.selector,
      requirement: "selector is",
      limit: rule.selector,
      observed: selector,
      unit: "selector",
    },
    {
      ...common,
      ok: length >= rule.dataLengthMin,
      requirement: "calldata length is at least",
      limit: BigInt(rule.dataLengthMin),
    },
    {
      ...common,
      ok: length <= rule.dataLengthMax,
      requirement: "calldata length is at most",
      limit: BigInt(rule.dataLengthMax),
    },
  ];
}
