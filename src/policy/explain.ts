import { numberToHex } from "viem";
import type { RuleFindings } from "./evaluate.ts";
import { failedRestrictions } from "./evaluate.ts";
import type { Finding } from "./finding.ts";
import type { PolicyLabels, UnitLabel } from "./labels.ts";

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const;
const SIGNIFICANT_DECIMALS = 6;

/** One finding in words. */
export interface ExplainedFinding {
  restriction: Finding["restriction"];
  ok: boolean;
  /** "amount is at most 40 WETH" */
  requirement: string;
  /** "52.5 WETH" */
  observed: string;
  /** How much more the limit would have allowed, where that has a meaning. */
  headroom?: string;
}

/** Why one rule allows an action or not. Reveals limits: it stays with the desk. */
export interface ExplainedRule {
  rule: string;
  allows: boolean;
  findings: ExplainedFinding[];
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/**
 * A base-unit integer as decimal text, cut (not rounded) after six decimals.
 *
 * @example
 * formatUnit(1_500_000n, { symbol: "USDC", unitsPerWhole: 1_000_000n }); // "1.5 USDC"
 */
export function formatUnit(value: bigint, unit: UnitLabel | undefined): string {
  if (!unit) return grouped(value.toString());
  const sign = value < 0n ? "-" : "";
  const absolute = value < 0n ? -value : value;
  const whole = grouped((absolute / unit.unitsPerWhole).toString());
  const scaled =
    ((absolute % unit.unitsPerWhole) * 10n ** BigInt(SIGNIFICANT_DECIMALS)) / unit.unitsPerWhole;
  const fraction = scaled.toString().padStart(SIGNIFICANT_DECIMALS, "0").replace(/0+$/, "");
  return `${sign}${whole}${fraction ? `.${fraction}` : ""} ${unit.symbol}`;
}

function formatDuration(seconds: bigint): string {
  return `${grouped(seconds.toString())} s`;
}

function formatSecondOfDay(second: bigint): string {
  const minute = second / 60n;
  const [h, m, s] = [minute / 60n, minute % 60n, second % 60n];
  const two = (n: bigint) => n.toString().padStart(2, "0");
  return `${two(h)}:${two(m)}${s === 0n ? "" : `:${two(s)}`} UTC`;
}

function formatTime(time: bigint): string {
  return new Date(Number(time) * 1_000).toISOString().replace(".000Z", "Z");
}

function formatDays(mask: bigint): string {
  return WEEKDAYS.filter((_, day) => (mask >> BigInt(day)) & 1n).join(" ") || "no day";
}

function formatAddress(value: bigint, labels: PolicyLabels | undefined): string {
  if (value === 0n) return "none";
  const address = numberToHex(value, { size: 20 });
  const name = labels?.addresses[address];
  return name ? `${name} (${address})` : address;
}

function formatter(finding: Finding, ruleIndex: number, labels: PolicyLabels | undefined) {
  const rule = labels?.rules[ruleIndex];
  const wei = { symbol: "ETH", unitsPerWhole: 10n ** 18n };
  return (value: bigint, isLimit: boolean): string => {
    switch (finding.unit) {
      case "address":
        return formatAddress(value, labels);
      case "amount":
        return formatUnit(value, rule?.amount);
      case "minimumOutput":
        return formatUnit(value, rule?.minimumOutput);
      case "budget":
        return formatUnit(value, labels?.budgets[finding.budget as number]);
      case "wei":
        return formatUnit(value, wei);
      case "bytes":
        return `${value} bytes`;
      case "seconds":
        return formatDuration(value);
      case "secondOfDay":
        return formatSecondOfDay(value);
      case "time":
        return formatTime(value);
      case "day":
        return isLimit ? formatDays(value) : (WEEKDAYS[Number(value)] as string);
      case "selector":
        return numberToHex(value, { size: 4 });
      case "word":
        return value < 10n ** 12n ? grouped(value.toString()) : numberToHex(value);
      case "none":
        return value === 0n ? "no" : "yes";
      default:
        return value.toString();
    }
  };
}

const measuredUnits = new Set<Finding["unit"]>(["amount", "budget", "seconds"]);

function headroomOf(finding: Finding): bigint | undefined {
  if (!finding.ok || !measuredUnits.has(finding.unit)) return undefined;
  return finding.requirement.endsWith("at most") ? finding.limit - finding.observed : undefined;
}

/**
 * Puts a rule's findings into words: what is required, what was observed, the headroom left.
 *
 * @param labels of the compiled policy; without them figures stay in base units
 */
export function explainRule(judged: RuleFindings, labels?: PolicyLabels): ExplainedRule {
  const findings = judged.findings.map((finding): ExplainedFinding => {
    const format = formatter(finding, judged.ruleIndex, labels);
    const headroom = headroomOf(finding);
    return {
      restriction: finding.restriction,
      ok: finding.ok,
      requirement: `${finding.requirement} ${format(finding.limit, true)}`,
      observed: format(finding.observed, false),
      ...(headroom === undefined ? {} : { headroom: format(headroom, false) }),
    };
  });
  return {
    rule: judged.rule.name,
    allows: judged.findings.every(({ ok }) => ok),
    findings,
  };
}

/**
 * The rules that come closest to allowing a denied action, fewest failed restrictions first. Rules
 * for another target or call are left out unless nothing else is left.
 */
export function closestRules(rules: readonly RuleFindings[]): RuleFindings[] {
  const failures = rules.map((judged) => ({
    judged,
    failed: failedRestrictions(judged.findings),
  }));
  const related = failures.filter(
    ({ failed }) => !failed.includes("target") && !failed.includes("call"),
  );
  return (related.length > 0 ? related : failures)
    .toSorted((a, b) => a.failed.length - b.failed.length)
    .map(({ judged }) => judged);
}

/**
 * A denial in lines: per rule that comes close, the restriction, the limit and the observed value.
 */
export function explainDenial(rules: readonly RuleFindings[], labels?: PolicyLabels): string[] {
  if (rules.length === 0) return ["the policy has no rules: everything is denied"];
  return closestRules(rules).flatMap((judged) => {
    const { rule, findings } = explainRule(judged, labels);
    return findings
      .filter(({ ok }) => !ok)
      .map(
        ({ restriction, requirement, observed }) =>
          `rule ${rule}, ${restriction}: ${requirement}; observed ${observed}`,
      );
  });
}
