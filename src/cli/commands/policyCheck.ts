import { Command } from "commander";
import { UsageError } from "../../errors/cli.ts";
import type { CompiledPolicy } from "../../policy/compile.ts";
import { decide } from "../../policy/evaluate.ts";
import { addressOfAccount } from "../accounts.ts";
import { type ActionOptions, callOf } from "../actionOptions.ts";
import { action, type Cli, examples } from "../cli.ts";
import { withLaneSigner } from "../laneSigner.ts";
import { type CommandResult, counted, done } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { compileFile } from "../policyFile.ts";
import { hasAction, type SuppositionOptions, suppose, suppositionOptions } from "../supposition.ts";
import { verdictResult } from "../verdictText.ts";

type CheckOptions = PassphraseOptions & SuppositionOptions & { live?: boolean };

/** `zkmandate policy check`: whether a policy is right, and whether it allows an action. */
export function policyCheckCommand(): Command {
  const command = new Command("check")
    .description(
      "Without an action: reads the policy and reports every mistake with its place. With an action (--to …): " +
        "says whether the policy allows it, and if not which restriction refuses it; budgets are then unused " +
        "and prices supposed, unless --live asks the gate and the recorded state of the lane. Ends with 3 if " +
        "denied. The answer reveals limits: it stays with the desk.",
    )
    .argument("[file]", "a policy; the workspace's by default");
  return passphraseOptions(suppositionOptions(command))
    .option(
      "--live",
      "ask with the gate's policy, its feeds and the lane's budgets as they are now",
    )
    .addHelpText(
      "after",
      examples([
        "zkmandate policy check",
        'zkmandate policy check --to 0xA0b8…eB48 --call "transfer(address,uint256)" --args 0x7099…79C8 25000000',
        "zkmandate policy check --live --to 0x7099…79C8 --value 1 --json",
      ]),
    )
    .action(
      action<CheckOptions>(async (cli, options, file) => {
        if (options.live) return checkLive(cli, options, file);
        const compiled = await compileFile(cli, file);
        if (hasAction(options)) {
          const { policy, ...situation } = await suppose(cli, compiled, options);
          return verdictResult(decide(policy, situation), policy, compiled.labels);
        }
        await warnOfOtherChain(cli, compiled);
        const { policy, warnings } = compiled;
        return {
          data: {
            name: policy.name,
            rules: policy.rules.map(({ name }) => name),
            policyWarnings: warnings,
          },
          text: done(`${policy.name}: ${counted(policy.rules.length, "rule")}, well-formed`),
        };
      }),
    );
}

/** A policy may be checked anywhere; in a workspace of another chain it could not be used. */
async function warnOfOtherChain(cli: Cli, { chainId }: CompiledPolicy): Promise<void> {
  const workspace = await cli.workspace().catch(() => undefined);
  if (workspace && workspace.chain.id !== chainId) {
    cli.warn(`the policy is for chain ${chainId}, the workspace for chain ${workspace.chain.id}`);
  }
}

async function checkLive(
  cli: Cli,
  options: CheckOptions,
  file: string | undefined,
): Promise<CommandResult> {
  if (file !== undefined) throw new UsageError("--live asks the gate's policy; name no file");
  if (!hasAction(options)) throw new UsageError("--live needs an action (--to …)");
  const submitter = await addressOfAccount(cli, "submitter");
  return withLaneSigner(cli, options, async ({ signer, mandate }) => {
    const verdict = await signer.check({ ...callOf(options as ActionOptions), submitter });
    return verdictResult(verdict, mandate.policy, mandate.labels);
  });
}
