import { type AmountPlace, type CallFacts, readAmountParameter, readLimit } from "./amount.ts";
import { isTokenCall } from "./approvals.ts";
import { everyNode } from "./call.ts";
import type { SourcePath } from "./document.ts";
import type { Asset } from "./scope.ts";
import type { ParsedRule } from "./sections.ts";
import { tokenDoubt } from "./tokenParameter.ts";

/** The amount and its limits, as far as the rule has them. */
export interface Amounts {
  place: AmountPlace | undefined;
  token: Asset | undefined;
  limitAgent: bigint;
  limitQuorum: bigint;
  unlimited: boolean;
}

/**
 * Reads `amount`, `max` and `quorumAbove`. A rule without amount moves nothing: its limit is 0.
 *
 * @returns undefined, and a problem unless there is one already, if the amount stays unclear
 */
export function readAmounts(
  facts: CallFacts,
  { source: rule, invalid }: ParsedRule,
  path: SourcePath,
): Amounts | undefined {
  const { scope, call, target } = facts;
  const { problems } = scope;
  if (invalid.has("amount")) return undefined;
  const none = {
    place: undefined,
    token: undefined,
    limitAgent: 0n,
    limitQuorum: 0n,
    unlimited: false,
  };
  if (rule.amount === undefined) {
    for (const field of ["max", "quorumAbove", "slippage"] as const) {
      if (rule[field] !== undefined) {
        const expected = "amount: <parameter>, or amount: msg.value";
        problems.add([...path, field], `the rule has ${field} but no amount`, { expected });
      }
    }
    return rule.max === undefined && rule.slippage === undefined ? none : undefined;
  }
  const at = [...path, "amount"];
  const takesValue = everyNode(call?.parameters ?? []).some(({ name }) => name === "value");
  if (rule.amount === "value" && !takesValue) {
    const expected = "msg.value for the ETH sent with the call, or a parameter";
    return problems.add(at, "is no parameter of the call", { expected, received: "value" });
  }
  // On a declared token the amount counts that token, unless the rule says otherwise.
  const place =
    rule.amount === "msg.value"
      ? { node: undefined, token: scope.native, tokenPinned: true }
      : readAmountParameter(facts, rule.amount, at, target);
  if (rule.max === undefined && !invalid.has("max")) {
    const expected = "the largest amount and its unit, such as 100 WETH, or any";
    problems.add([...path, "max"], "is missing", { expected });
  }
  if (!place || rule.max === undefined) return undefined;
  if (place.node && call && isTokenCall(call.selector)) {
    if (facts.targetInvalid) return undefined;
    if (!target) {
      const expected = "the token under assets, and its name as the target";
      const message = `${call.name} moves the target's tokens, but the target is not a declared asset`;
      return problems.add([...path, "target"], message, { expected });
    }
    if (place.token !== target) {
      const message = `${call.name} moves ${target.symbol}, the target's tokens`;
      return problems.add(at, message, { expected: place.node.path, received: rule.amount });
    }
  }
  const max = readLimit(scope, rule.max, place, [...path, "max"]);
  if (!max) return undefined;
  const onTrust = place.tokenPinned ? undefined : place.node;
  const doubt = onTrust && tokenDoubt(facts, onTrust, max.token);
  if (doubt) {
    return problems.add(at, doubt.message, { expected: doubt.expected, received: rule.amount });
  }
  const amounts = {
    place,
    token: max.token,
    limitAgent: max.limit,
    limitQuorum: max.limit,
    unlimited: rule.max === "any",
  };
  if (rule.quorumAbove === undefined) return amounts;
  const above = [...path, "quorumAbove"];
  const alone = readLimit(scope, rule.quorumAbove, { ...place, token: max.token }, above);
  if (!alone) return undefined;
  if (alone.limit <= max.limit) return { ...amounts, limitAgent: alone.limit };
  const expected = `at most max, ${rule.max}`;
  return problems.add(above, "is above max", { expected, received: rule.quorumAbove });
}
