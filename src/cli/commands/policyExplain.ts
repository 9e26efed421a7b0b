import { Command } from "commander";
import pc from "picocolors";
import { isAddressEqual } from "viem";
import { judgeRule } from "../../policy/evaluate.ts";
import { type ExplainedRule, explainRule } from "../../policy/explain.ts";
import { formatReport } from "../../policy/report.ts";
import { action, examples } from "../cli.ts";
import { compileFile } from "../policyFile.ts";
import {
  hasAction,
  type Supposition,
  type SuppositionOptions,
  suppose,
  suppositionOptions,
} from "../supposition.ts";

/** `zkmandate policy explain`: every rule's every requirement, held against an action. */
export function policyExplainCommand(): Command {
  const command = new Command("explain")
    .description(
      "Without an action: what the policy allows, in words and totals. With an action (--to …): each rule, each " +
        "requirement, what was observed and the headroom left, with unused budgets and supposed prices. " +
        "The explanation reveals limits: it stays with the desk.",
    )
    .argument("[file]", "a policy; the workspace's by default");
  return suppositionOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate policy explain",
        'zkmandate policy explain --to 0xA0b8…eB48 --call "transfer(address,uint256)" --args 0x7099…79C8 25000000',
        "zkmandate policy explain --to 0x7099…79C8 --value 1 --price ETHUSD=3000 --time 2026-12-01T10:00:00Z",
      ]),
    )
    .action(
      action<SuppositionOptions>(async (cli, options, file) => {
        const compiled = await compileFile(cli, file);
        if (!hasAction(options)) {
          return {
            data: { name: compiled.policy.name, report: compiled.report },
            text: formatReport(compiled.report),
          };
        }
        const supposition = await suppose(cli, compiled, options);
        const rules = supposition.policy.rules.map((_, index) =>
          explainRule(
            judgeRule(supposition.policy, index, situationFor(supposition, index)),
            compiled.labels,
          ),
        );
        return {
          data: { allowed: rules.some(({ allows }) => allows), rules },
          text: rules.map(ruleText).join("\n\n"),
        };
      }),
    );
}

/** The situation with the price that the rule asks for. */
function situationFor({ policy, prices, riskAnswer, ...situation }: Supposition, index: number) {
  const wanted = policy.rules[index]?.priceFeed;
  const price = prices.find(({ priceFeed }) => wanted && isAddressEqual(priceFeed, wanted));
  const none = {
    priceFeed: "0x0000000000000000000000000000000000000000",
    priceAnswer: 0n,
    priceUpdatedAt: 0n,
  } as const;
  return { ...situation, feeds: { ...(price ?? none), riskAnswer } };
}

function ruleText({ rule, allows, findings }: ExplainedRule): string {
  return [
    `${allows ? pc.green("✓") : pc.red("✗")} ${pc.bold(rule)}`,
    ...findings.map(
      ({ ok, restriction, requirement, observed, headroom }) =>
        `  ${ok ? pc.green("✓") : pc.red("✗")} ${restriction}: ${requirement}; observed ${observed}` +
        (headroom === undefined ? "" : `, headroom ${headroom}`),
    ),
  ].join("\n");
}
