import { Command } from "commander";
import { action, examples } from "../cli.ts";
import { exitCodes } from "../exitCodes.ts";

/** `zkmandate demo`: the whole story on a local chain. */
export function demoCommand(): Command {
  return new Command("demo")
    .description(
      "Plays the whole story on a local chain with real contracts, proofs and transactions: a desk sets up, its " +
        "agent trades within hidden limits, a thief tries everything, the policy is rotated, and three nodes take over " +
        "the key. Ends with 1 if a step did not end as it should.",
    )
    .addHelpText("after", examples(["zkmandate demo", "zkmandate demo --json"]))
    .action(
      action(async (cli) => {
        // Hardhat and Uniswap come with the repository, not with the package.
        const { runDemo } = await import("../demo/demo.ts");
        const { steps } = await runDemo({ json: cli.global.json === true });
        const wrong = steps.filter(({ ok }) => !ok);
        return {
          data: { steps },
          text: "",
          exitCode: wrong.length === 0 ? exitCodes.ok : exitCodes.error,
        };
      }),
    );
}
