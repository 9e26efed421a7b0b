import { Command } from "commander";
import { circuitFor } from "../../policy/evaluate.ts";
import { formatReport } from "../../policy/report.ts";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { compileFile } from "../policyFile.ts";

/** `zkmandate policy compile`: what a policy comes to in the circuit's units. */
export function policyCompileCommand(): Command {
  return new Command("compile")
    .description(
      "Compiles a policy and prints its totals: what each budget lets through in 24 h and what a thief of key, " +
        "policy and host together could cost at most. With --json also the compiled integers. Nothing is " +
        "written; the output is as secret as the policy.",
    )
    .argument("[file]", "a policy; the workspace's by default")
    .option("--lanes <number>", "lanes that share the budgets", parseCount, 1)
    .addHelpText(
      "after",
      examples(["zkmandate policy compile", "zkmandate policy compile desk.yaml --lanes 4 --json"]),
    )
    .action(
      action<{ lanes: number }>(async (cli, { lanes }, file) => {
        const compiled = await compileFile(cli, file, { lanes });
        const { policy, report, labels, chainId, riskFeed, priceFeeds } = compiled;
        const circuits = Object.fromEntries(
          policy.rules.map((rule) => [rule.name, circuitFor(rule)]),
        );
        return {
          data: {
            name: policy.name,
            chainId,
            lanes,
            report,
            circuits,
            feeds: { risk: riskFeed, prices: priceFeeds },
            policy,
            labels,
            policyWarnings: compiled.warnings,
          },
          text: formatReport(report),
        };
      }),
    );
}
