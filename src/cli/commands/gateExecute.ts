import { Command } from "commander";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import type { ReadClient } from "../../chain/client.ts";
import { executeOperation } from "../../chain/executeOperation.ts";
import { readGate } from "../../chain/readGate.ts";
import { UsageError } from "../../errors/cli.ts";
import { agentKeyKinds } from "../../keys/keys.ts";
import { agentOfAccount } from "../accounts.ts";
import { agentText } from "../agentKey.ts";
import { action, type Cli, examples } from "../cli.ts";
import type { Deployment } from "../deployment.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { gateClient } from "../gateClient.ts";
import { adoptLanes, laneRows } from "../laneRecords.ts";
import { assertExecutable, findOperation, type SavedOperation } from "../operations.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { openIdentity } from "../secrets.ts";

/** `zkmandate gate execute`: makes an announced change, once its delay is over. */
export function gateExecuteCommand(): Command {
  const command = new Command("execute")
    .description(
      "Executes, as the governance account, an operation that `gate rotate`, `gate unpause` or `gate exit` " +
        "announced. After a rotation the new lanes' states are recorded in the workspace.",
    )
    .argument("<operation>", "the operation's id, or its beginning; `gate status` lists them");
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate gate execute 0x3f2c1ab09d4e77c1"]))
    .action(
      action<PassphraseOptions>(async (cli, options, id) => {
        const workspace = await cli.workspace();
        const saved = await findOperation(workspace, id as string);
        const { client: reader } = await gateClient(workspace);
        await assertExecutable(reader, saved);
        await assertRotationFits(reader, saved);
        const rotates = saved.action === "rotate";
        // Asked for before anything is sent: the states that a rotation starts must be recorded.
        const identity = rotates ? await openIdentity(cli, options) : undefined;
        return asAccount(cli, "governance", options, async (client, deployment) => {
          const { timelock, operation } = saved;
          const receipt = await withProgress("executing the operation", () =>
            executeOperation(client, { timelock, operation, targetAbi: policyAccountAbi }),
          );
          const lanes = identity
            ? await adoptLanes({
                workspace,
                client,
                deployment,
                identity,
                blockNumber: receipt.blockNumber,
              })
            : [];
          const next = rotates ? await stepsAfterRotation(cli, client, deployment) : [];
          return {
            data: { id: saved.id, action: saved.action, lanes, next, ...receiptData(receipt) },
            text: [
              done(`${saved.action} executed`),
              table([
                ["operation", saved.id],
                ["transaction", receipt.transactionHash],
                ...laneRows(lanes),
              ]),
              ...next,
            ].join("\n"),
          };
        });
      }),
    );
}

/** What is left to do before the new agent signs. */
async function stepsAfterRotation(
  cli: Cli,
  client: ReadClient,
  { gate }: Deployment,
): Promise<string[]> {
  const { agent } = await readGate(client, { gate });
  const named = await agentOfAccount(cli, "agent").catch(() => undefined);
  const isNamed = named?.kind === agent.kind && BigInt(named.id) === BigInt(agent.id);
  return [
    ...(isNamed ? [] : [`Then name the new agent in zkmandate.yaml: ${agentText(agent)}`]),
    ...(agent.kind === agentKeyKinds.schnorr
      ? ["Then give every node the new mandate: zkmandate node mandate --to age1…"]
      : []),
  ];
}

/** A rotation's first states are derived for one epoch; in another nobody could open them. */
async function assertRotationFits(client: ReadClient, { gate, epoch }: SavedOperation) {
  if (epoch === undefined) return;
  const current = (await readGate(client, { gate })).epoch;
  if (current + 1 === epoch) return;
  throw new UsageError("The rotation was made for another epoch; announce it again", {
    details: [`expected: the gate in epoch ${epoch - 1}`, `on-chain: epoch ${current}`],
  });
}
