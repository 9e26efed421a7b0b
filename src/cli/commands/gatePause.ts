import { Command } from "commander";
import { pause } from "../../chain/pause.ts";
import { action, examples } from "../cli.ts";
import { asAccount, receiptData } from "../gateAction.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";

/** `zkmandate gate pause`: the guardian stops all actions at once. */
export function gatePauseCommand(): Command {
  const command = new Command("pause").description(
    "Stops all of the gate's actions at once, as the guardian. Only the timelock lets them go on " +
      "(gate unpause). The way out stays open (gate exit).",
  );
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate gate pause"]))
    .action(
      action<PassphraseOptions>((cli, options) =>
        asAccount(cli, "guardian", options, async (client, { gate }) => {
          const receipt = await withProgress("pausing", () => pause(client, { gate }));
          return {
            data: { gate, paused: true, ...receiptData(receipt) },
            text: [
              done("the gate is paused"),
              table([
                ["gate", gate],
                ["transaction", receipt.transactionHash],
              ]),
            ].join("\n"),
          };
        }),
      ),
    );
}
