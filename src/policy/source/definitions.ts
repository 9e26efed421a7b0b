import type { BudgetPlan } from "./budgets.ts";
import type { SourcePath } from "./document.ts";
import type { RuleDraft } from "./rule.ts";
import type { RegimesSource } from "./schema.ts";
import { CALLS, checkUnit, findAsset, type Scope } from "./scope.ts";

/** Checks what assets and feeds say about each other. */
export function checkDefinitions(scope: Scope): void {
  const { problems } = scope;
  const checkValue = (unit: string, path: SourcePath) => {
    if (unit !== CALLS) return void checkUnit(scope, unit, path);
    problems.add(path, "calls are no unit of value", { expected: scope.currencies.join(", ") });
  };
  for (const [symbol, asset] of scope.assets) {
    if (!asset?.worth) continue;
    const path = ["assets", symbol, "worth"];
    checkValue(asset.worth.unit, path);
    if (asset.worth.value.numerator === 0n) problems.add(path, "an asset cannot be worth nothing");
    if (asset.worth.unit === symbol) problems.add(path, "an asset's worth is in another unit");
  }
  for (const [name, feed] of scope.feeds) {
    const path = ["feeds", name];
    for (const base of feed?.base ?? []) findAsset(scope, base, [...path, "base"]);
    if (feed?.quote !== undefined) checkValue(feed.quote, [...path, "quote"]);
    if ((feed?.base === undefined) !== (feed?.quote === undefined)) {
      problems.add(path, "a price feed has both base and quote");
    }
    if (feed?.base?.includes(feed.quote ?? "")) problems.add(path, "prices an asset in itself");
  }
}

/** Which budgets a rule may give back to, and beside which charge (docs/PROTOCOL.md §7). */
export function checkGivingBack(
  scope: Scope,
  drafts: readonly RuleDraft[],
  plans: readonly (BudgetPlan | undefined)[],
): void {
  const { problems } = scope;
  const givenBack = new Set(
    drafts
      .flatMap(({ charges }) => charges.filter((charge) => charge.givesBack))
      .map(({ budget }) => budget),
  );
  for (const { charges } of drafts) {
    for (const charge of charges.filter(({ givesBack }) => givesBack)) {
      const { path, budget } = charge;
      if (charge.feed !== undefined) {
        const expected = "amount, worth or a fixed price";
        problems.add(path, "what is given back cannot follow a feed's price", { expected });
      }
      if (plans.find((plan) => plan?.name === budget)?.refillSeconds !== undefined) {
        const message = `${budget} refills by itself, so nothing may give back to it`;
        problems.add(path, message, { expected: `refill: never in budgets.${budget}` });
      }
      const bounding = charges.find(
        ({ givesBack, budget: other, perAmount, perNotional, perCall }) =>
          !givesBack &&
          !givenBack.has(other) &&
          [perAmount, perNotional, perCall].some(({ numerator }) => numerator > 0n),
      );
      if (!bounding) {
        const message = "without a second charge, opening and closing in turns has no limit";
        const expected = "a second charge that adds to a budget nothing gives back to";
        problems.add(path, message, { expected });
      } else if (charge.perCall.numerator > 0n && bounding.perCall.numerator === 0n) {
        const other = bounding.budget;
        const unit = plans.find((plan) => plan?.name === other)?.unit ?? "USD";
        const message = `a call of amount 0 would give back to ${budget} without adding to ${other}`;
        problems.add(path, message, {
          expected: `a second charge that adds per call too, such as ${other}: … + <number> ${unit} per call`,
          received: `${other}, which adds nothing to a call of amount 0`,
        });
      }
    }
  }
}

/** Warns of budgets and feeds that nothing uses, and of rules that need what is not there. */
export function warnAboutUse(
  scope: Scope,
  drafts: readonly RuleDraft[],
  regimes: RegimesSource | undefined,
  hasApprovers: boolean,
): void {
  const { problems } = scope;
  const charged = new Set(drafts.flatMap(({ charges }) => charges.map(({ budget }) => budget)));
  for (const name of scope.budgets.keys()) {
    if (!charged.has(name))
      problems.warn("unused-budget", ["budgets", name], "no rule charges this budget");
  }
  const feeds = new Set(drafts.map(({ rule }) => rule.priceFeed));
  for (const [name, feed] of scope.feeds) {
    if (feed && !feeds.has(feed.address) && regimes?.feed !== name) {
      problems.warn("unused-feed", ["feeds", name], "no rule reads this feed");
    }
  }
  const needsApproval = drafts.find(
    ({ rule }) =>
      rule.limitAgent < rule.limitQuorum ||
      rule.quorum.calm ||
      rule.quorum.elevated ||
      rule.quorum.stressed,
  );
  if (needsApproval && !hasApprovers) {
    const message = "the policy names no approvers, so whatever needs an approval is refused";
    problems.warn("no-approvers", needsApproval.path, message);
  }
}

/** Warns of times that undo themselves. */
export function warnAboutTime(
  scope: Scope,
  drafts: readonly RuleDraft[],
  now: bigint | undefined,
  maxDelaySeconds: bigint,
): void {
  for (const { path, rule } of drafts) {
    if (now !== undefined && rule.validUntil <= now) {
      scope.problems.warn("past-validity", [...path, "validUntil"], "the rule has expired already");
    }
    if (rule.cooldown > 0n && rule.cooldown <= maxDelaySeconds) {
      const message = `claimed times may lag by ${maxDelaySeconds} s, so the real spacing is the cooldown less that: nothing here`;
      scope.problems.warn("short-cooldown", [...path, "cooldown"], message);
    }
  }
}
