import { spenderIndex } from "./approvals.ts";
import { type AbiNode, type Call, everyNode } from "./call.ts";
import type { ParameterUses } from "./parameters.ts";
import type { RuleDraft } from "./rule.ts";
import type { Scope } from "./scope.ts";

/** Parameters that only say when or how often a call is good; left free, they choose no token. */
const TIME_PARAMETER = /deadline|expir|validuntil|nonce|timestamp/i;

/** Parameters that say who receives; on their own these choose no token. */
const RECIPIENT_PARAMETER = /^_?(?:recipient|receiver|beneficiary|onbehalfof)_?$/i;

/** The parameters that the caller may fill in: free words, and bytes of free content. */
function freeParameters(call: Call | undefined, { free, shapes }: ParameterUses): AbiNode[] {
  return everyNode(call?.parameters ?? []).filter(({ kind, path }) => {
    const shape = shapes.get(path);
    return kind === "bytes"
      ? shape !== undefined && shape.content === undefined && shape.length > 0
      : free.has(path);
  });
}

/**
 * The free parameters that could send a call's output elsewhere or make it another token: addresses
 * and bytes always, and any other where the call does not name its tokens in pinned parameters.
 */
export function openChoices(
  call: Call | undefined,
  uses: ParameterUses,
  tokensPinned: boolean,
): string[] {
  return freeParameters(call, uses)
    .filter(
      ({ kind, type, name }) =>
        type === "address" || kind === "bytes" || (!tokensPinned && !TIME_PARAMETER.test(name)),
    )
    .map(({ path }) => path);
}

/** What could make the amount another token, where the call names it in no pinned parameter. */
export function tokenChoices(
  call: Call | undefined,
  uses: ParameterUses,
  exactTarget: boolean,
): string[] {
  const free = freeParameters(call, uses)
    .filter(({ name }) => !TIME_PARAMETER.test(name) && !RECIPIENT_PARAMETER.test(name))
    .map(({ path }) => path);
  return exactTarget ? free : ["target", ...free];
}

/** Warns of what a rule leaves open. */
export function warnAboutRule(scope: Scope, draft: RuleDraft, call: Call | undefined) {
  const { problems } = scope;
  const { path, openChoices, exactTarget } = draft;
  if (!exactTarget) {
    problems.warn("target-range", [...path, "target"], "every address in the range may be called");
  }
  const spender = call && spenderIndex(call.selector);
  const parameter = spender === undefined ? undefined : call?.parameters[spender];
  if (parameter && openChoices.includes(parameter.path)) {
    const message = `${parameter.path} is not pinned: whoever receives this allowance can use it outside the policy, and it outlives pause and rotation`;
    problems.warn("unpinned-spender", path, message);
  }
  if (draft.band && openChoices.length > 0) {
    const message = `not pinned: ${openChoices.join(", ")}; the price band does not help if the output goes elsewhere or is another token`;
    problems.warn("open-band", path, message);
  }
  if (draft.tokenChoices.length > 0) {
    const message = `only the policy says that ${draft.onTrust.join(" and ")}, and what is not pinned (${draft.tokenChoices.join(", ")}) may choose another token: max and charges would count that`;
    problems.warn("open-token", path, message);
  }
  if (draft.unlimited) {
    problems.warn(
      "unlimited-amount",
      [...path, "max"],
      "one call may move any amount that the budgets allow",
    );
  }
}
