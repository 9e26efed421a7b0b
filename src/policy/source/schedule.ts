import { NO_TIME_BOUND, type Rule } from "../policy.ts";
import type { SourcePath } from "./document.ts";
import type { RuleSource } from "./schema.ts";
import type { Scope } from "./scope.ts";
import type { ParsedRule } from "./sections.ts";

const DAY_SECONDS = 86_400;
const EVERY_DAY = 127;

/** When a rule may be used. */
export type Schedule = Pick<Rule, "validFrom" | "validUntil" | "hoursStart" | "hoursEnd" | "days">;

/** Reads validity, hours and days; what is left out is always. */
export function readSchedule(scope: Scope, rule: RuleSource, path: SourcePath): Schedule {
  const { problems } = scope;
  const { hours = { start: 0, end: DAY_SECONDS }, days = EVERY_DAY } = rule;
  if (hours.start > hours.end) {
    const expected = "two rules, one up to 24:00 and one from 00:00";
    problems.add([...path, "hours"], "the hours run over midnight", { expected });
  } else if (hours.start === hours.end) {
    problems.add([...path, "hours"], "the hours are empty", { expected: "a start before the end" });
  }
  const validFrom = rule.validFrom ?? 0n;
  const validUntil = rule.validUntil ?? NO_TIME_BOUND;
  if (validFrom >= validUntil) {
    problems.add([...path, "validUntil"], "is not after validFrom");
  }
  return { validFrom, validUntil, hoursStart: hours.start, hoursEnd: hours.end, days };
}

/** Reads `cooldown`, which needs a charge to count from. */
export function readCooldown(
  scope: Scope,
  { source: rule, invalid }: ParsedRule,
  path: SourcePath,
): bigint {
  const { cooldown = 0n } = rule;
  if (cooldown > 0n && !invalid.has("charge") && Object.keys(rule.charge ?? {}).length === 0) {
    const expected = "a charge: the cooldown runs from the last charge of the first budget";
    scope.problems.add([...path, "cooldown"], "has no budget to count from", { expected });
  }
  return cooldown;
}
