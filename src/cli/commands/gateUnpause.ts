import { Command } from "commander";
import { type Address, isAddressEqual } from "viem";
import type { ReadClient } from "../../chain/client.ts";
import { gateOperation } from "../../chain/gateOperation.ts";
import { readGate } from "../../chain/readGate.ts";
import { UsageError } from "../../errors/cli.ts";
import { action, type Cli, examples } from "../cli.ts";
import { announce } from "../gateAction.ts";
import { listOperations, operationState } from "../operations.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";

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
          await assertNoneAnnounced(cli, client, gate);
          return {
            operation: gateOperation({ gate, functionName: "unpause", args: [] }),
            rows: [["call", `unpause() on ${gate}`]],
          };
        }),
      ),
    );
}

/** A second one would stay executable, and could end a later pause without any notice. */
async function assertNoneAnnounced(cli: Cli, client: ReadClient, gate: Address): Promise<void> {
  for (const saved of await listOperations(await cli.workspace())) {
    if (saved.action !== "unpause" || !isAddressEqual(saved.gate, gate)) continue;
    const state = await operationState(client, saved);
    if (state !== "waiting" && state !== "ready") continue;
    throw new UsageError("An unpause is announced already", {
      details: [
        `operation: ${saved.id}, ${state}`,
        "execute it, or take it back with: gate cancel",
      ],
    });
  }
}
