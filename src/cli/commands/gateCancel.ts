import { Command } from "commander";
import { timelockControllerAbi } from "../../chain/abi/timelockController.ts";
import { transact } from "../../chain/transact.ts";
import { action, examples } from "../cli.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { assertPending, findOperation } from "../operations.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";

/** `zkmandate gate cancel`: takes an announced change back. */
export function gateCancelCommand(): Command {
  const command = new Command("cancel")
    .description(
      "Takes back, as the governance account, an operation that was announced and is not executed yet.",
    )
    .argument("<operation>", "the operation's id, or its beginning; `gate status` lists them");
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate gate cancel 0x3f2c1ab09d4e77c1"]))
    .action(
      action<PassphraseOptions>(async (cli, options, id) => {
        const saved = await findOperation(await cli.workspace(), id as string);
        return asAccount(cli, "governance", options, async (client) => {
          await assertPending(client, saved);
          const receipt = await withProgress("cancelling the operation", () =>
            transact(client, {
              address: saved.timelock,
              abi: timelockControllerAbi,
              functionName: "cancel",
              args: [saved.id],
            }),
          );
          return {
            data: { id: saved.id, action: saved.action, cancelled: true, ...receiptData(receipt) },
            text: [
              done(`${saved.action} cancelled`),
              table([
                ["operation", saved.id],
                ["transaction", receipt.transactionHash],
              ]),
            ].join("\n"),
          };
        });
      }),
    );
}
