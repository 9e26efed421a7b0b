import { Command } from "commander";
import { gateOperation } from "../../chain/gateOperation.ts";
import { readGate } from "../../chain/readGate.ts";
import { UsageError } from "../../errors/cli.ts";
import { type PassphraseOptions, passphraseOptions } from "../accounts.ts";
import { action, examples } from "../cli.ts";
import { announce } from "../gateAction.ts";

/** `zkmandate gate unpause`: announces that actions may go on. */
export function gateUnpauseCommand(): Command {
  const command = new Command("unpause").description(
    "Announces, as the governance account, that the gate's actions may go on. Executable after the " +
      "timelock's delay with `gate execute`.",
  );
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate gate unpause"]))
    .action(
      action<PassphraseOptions>((cli, options) =>
        announce(cli, options, "unpause", async (client, { gate }) => {
          if (!(await readGate(client, { gate })).paused) {
            throw new UsageError("The gate is not paused", { details: [`gate: ${gate}`] });
          }
          return {
            operation: gateOperation({ gate, functionName: "unpause", args: [] }),
            rows: [["call", `unpause() on ${gate}`]],
          };
        }),
      ),
    );
}
