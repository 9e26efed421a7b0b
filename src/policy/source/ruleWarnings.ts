import { spenderIndex } from "./approvals.ts";
import { type Call, everyNode } from "./call.ts";
import type { ParameterUses } from "./parameters.ts";
import type { RuleDraft } from "./rule.ts";
import type { Scope } from "./scope.ts";

/** Parameters that only say when or how often a call is good; left free, they choose no token. */
const TIME_PARAMETER = /deadline|expir|validuntil|nonce|timestamp/i;

/**
 * The free parameters that could send a call's output elsewhere or make it another token: addresses
 * always, and any other where the call does not name its tokens in pinned parameters.
 */
export function openChoices(
  call: Call | undefined,
  uses: ParameterUses,
  tokensPinned: boolean,
): string[] {
  return everyNode(call?.parameters ?? [])
    .filter(({ path }) => uses.free.has(path))
    .filter(({ type, name }) => type === "address" || (!tokensPinned && !TIME_PARAMETER.test(name)))
    .map(({ path }) => path);
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
  if (draft.unlimited) {
    problems.warn(
      "unlimited-amount",
      [...path, "max"],
      "one call may move any amount that the budgets allow",
    );
  }
}
