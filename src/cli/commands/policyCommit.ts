import { Command } from "commander";
import { numberToHex } from "viem";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { draftMandate, mandatePath, sealMandate } from "../mandates.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { assertPolicyFitsChain, compileFile } from "../policyFile.ts";
import { openIdentity } from "../secrets.ts";

/** `zkmandate policy commit`: a fresh commitment, and the sealed file that opens it. */
export function policyCommitCommand(): Command {
  const command = new Command("commit")
    .description(
      "Compiles a policy, draws a fresh salt and state secret for each lane, and seals both with the compiled " +
        "policy into the workspace's secrets. What is printed may be published: it is what a gate stores. Use " +
        "each commitment once; `gate deploy` and `gate rotate` make their own unless told.",
    )
    .argument("[file]", "a policy; the workspace's by default")
    .option("--lanes <number>", "lanes that share the budgets", parseCount, 1);
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples(["zkmandate policy commit", "zkmandate policy commit --lanes 4 --json"]),
    )
    .action(
      action<PassphraseOptions & { lanes: number }>(async (cli, options, file) => {
        const compiled = await compileFile(cli, file, options);
        const workspace = await cli.workspace();
        assertPolicyFitsChain(compiled, workspace);
        const identity = await openIdentity(cli, options, { create: true });
        const lanes = [];
        for (let lane = 0; lane < options.lanes; lane++) {
          const mandate = draftMandate({ lane, compiled });
          const { committed } = mandate;
          await sealMandate(workspace, identity, mandate);
          lanes.push({
            lane,
            commitment: numberToHex(committed.commitment, { size: 32 }),
            file: mandatePath(workspace, committed.commitment),
          });
        }
        return {
          data: { name: compiled.policy.name, lanes },
          text: [
            done(`committed to ${compiled.policy.name}`),
            table(lanes.map(({ lane, commitment }) => [`lane ${lane}`, commitment])),
            `Sealed in ${shown(`${workspace.secrets.folder}/mandates`)}: without it and its passphrase the gate cannot be used.`,
          ].join("\n"),
        };
      }),
    );
}
