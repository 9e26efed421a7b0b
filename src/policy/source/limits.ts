import { type AmountPlace, type CallFacts, readAmountParameter, readLimit } from "./amount.ts";
import { isTokenCall } from "./approvals.ts";
import { everyNode } from "./call.ts";
import type { SourcePath } from "./document.ts";
import type { Asset, Scope } from "./scope.ts";
import type { ParsedRule } from "./sections.ts";
import { tokenDoubt } from "./tokenParameter.ts";

/** The amount and its limits, as far as the rule has them. */
export interface Amounts {
  place: AmountPlace | undefined;
  token: Asset | undefined;
  /** The smallest amount, in base units; undefined if 0 is allowed. */
  least: bigint | undefined;
  limitAgent: bigint;
  limitQuorum: bigint;
  unlimited: boolean;
}

/** Reads `min`: more than 0, at most `max`, and on a word of the calldata, where a condition can hold it. */
function readMinimum(
  scope: Scope,
  text: string,
  place: AmountPlace,
  max: { text: string; limit: bigint },
  path: SourcePath,
): bigint | undefined {
  const { problems } = scope;
  if (!place.node) {
    const message = "msg.value stands in no word of the calldata, so no condition can bound it";
    return problems.add(path, message, { expected: "a parameter as the amount, or no min" });
  }
  const symbol = place.token?.symbol ?? "WETH";
  const expected = `more than 0, such as 1 ${symbol}`;
  if (text === "any") return problems.add(path, "is no minimum", { expected, received: text });
  const least = readLimit(scope, text, place, path)?.limit;
  if (least === undefined) return undefined;
  if (least === 0n) return problems.add(path, "is no minimum", { expected, received: text });
  if (least <= max.limit) return least;
  const atMost = `at most max, ${max.text}`;
  return problems.add(path, "is above max", { expected: atMost, received: text });
}

/**
 * Reads `amount`, `min`, `max` and `quorumAbove`. A rule without amount moves nothing: its limit is 0.
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
    least: undefined,
    limitAgent: 0n,
    limitQuorum: 0n,
    unlimited: false,
  };
  if (rule.amount === undefined) {
    for (const field of ["min", "max", "quorumAbove", "slippage"] as const) {
      if (rule[field] !== undefined) {
        const expected = "amount: <parameter>, or amount: msg.value";
        problems.add([...path, field], `the rule has ${field} but no amount`, { expected });
      }
    }
    const moves = [rule.min, rule.max, rule.slippage].some((field) => field !== undefined);
    return moves ? undefined : none;
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
  const counted = { ...place, token: max.token };
  const minimum = [...path, "min"];
  const least =
    rule.min === undefined
      ? undefined
      : readMinimum(scope, rule.min, counted, { text: rule.max, limit: max.limit }, minimum);
  const amounts = {
    place,
    token: max.token,
    least,
    limitAgent: max.limit,
    limitQuorum: max.limit,
    unlimited: rule.max === "any",
  };
  if (rule.quorumAbove === undefined) return amounts;
  const above = [...path, "quorumAbove"];
  const alone = readLimit(scope, rule.quorumAbove, counted, above);
  if (!alone) return undefined;
  if (alone.limit <= max.limit) return { ...amounts, limitAgent: alone.limit };
  const expected = `at most max, ${rule.max}`;
  return problems.add(above, "is above max", { expected, received: rule.quorumAbove });
}
