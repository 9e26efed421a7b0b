import pc from "picocolors";
import type { Verdict } from "../policy/evaluate.ts";
import { closestRules, explainDenial, explainRule, formatUnit } from "../policy/explain.ts";
import type { PolicyLabels } from "../policy/labels.ts";
import { NO_THRESHOLD, type Policy } from "../policy/policy.ts";
import { exitCodes } from "./exitCodes.ts";
import { type CommandResult, done } from "./output.ts";

/** A verdict as a command's result: allowed with what it would charge, or denied with the reasons. */
export function verdictResult(
  verdict: Verdict,
  { budgets, regimes }: Pick<Policy, "budgets" | "regimes">,
  labels: PolicyLabels,
): CommandResult {
  if (!verdict.allowed) {
    const reasons = explainDenial(verdict.rules, labels);
    return {
      data: {
        allowed: false,
        reasons,
        rules: closestRules(verdict.rules).map((judged) => explainRule(judged, labels)),
      },
      text: [`${pc.red("✗")} denied`, ...reasons.map((reason) => `  ${reason}`)].join("\n"),
      exitCode: exitCodes.denied,
    };
  }
  const { rule, circuit, regime, amount, charges, levels } = verdict;
  const hasRegimes = regimes.stressedAbove < NO_THRESHOLD;
  const charged = charges.map(({ budget }) => ({
    budget: budgets[budget]?.name ?? `${budget}`,
    level: formatUnit(levels[budget]?.level ?? 0n, labels.budgets[budget]),
    capacity: formatUnit(budgets[budget]?.capacity ?? 0n, labels.budgets[budget]),
  }));
  return {
    data: { allowed: true, rule: rule.name, circuit, regime, amount, charged },
    text: [
      done(`allowed by rule ${rule.name}${hasRegimes ? `, ${regime}` : ""}, circuit ${circuit}`),
      ...charged.map(
        ({ budget, level, capacity }) => `  ${budget} would stand at ${level} of ${capacity}`,
      ),
    ].join("\n"),
  };
}
