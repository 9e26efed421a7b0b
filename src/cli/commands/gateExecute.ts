import { Command } from "commander";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import type { ReadClient } from "../../chain/client.ts";
import { executeOperation } from "../../chain/executeOperation.ts";
import { readGate } from "../../chain/readGate.ts";
import { UsageError } from "../../errors/cli.ts";
import { action, examples } from "../cli.ts";
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
          return {
            data: { id: saved.id, action: saved.action, lanes, ...receiptData(receipt) },
            text: [
              done(`${saved.action} executed`),
              table([
                ["operation", saved.id],
                ["transaction", receipt.transactionHash],
                ...laneRows(lanes),
              ]),
            ].join("\n"),
          };
        });
      }),
    );
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
