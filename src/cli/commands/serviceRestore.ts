import { resolve } from "node:path";
import { Command } from "commander";
import { getBlock } from "viem/actions";
import { QUIET_SECONDS } from "../../chain/recoverState.ts";
import { restoreJournal } from "../../journal/backup.ts";
import { action, examples } from "../cli.ts";
import { readClient } from "../clients.ts";
import { done, formatTime } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";
import { loadWorkspace } from "../workspace.ts";

/** `zkmandate service restore`: a backup into an empty journal. */
export function serviceRestoreCommand(): Command {
  const command = new Command("restore")
    .description(
      "Restores a backup into an empty journal, whole or not at all; the service must be stopped. Requests that " +
        "were under way are reported as failed, and nothing is signed until a finalized block is 600 s later: what was " +
        "signed after the backup could still land.",
    )
    .argument("<file>", "what `zkmandate service backup` wrote");
  return passphraseOptions(serveFileOption(command))
    .addHelpText("after", examples(["zkmandate service restore /mnt/backup/2026-11-30.age"]))
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options, file) => {
        const config = await serveConfig(cli, options);
        const quietUntil = QUIET_SECONDS + (await latestTime(config.gates));
        const { journal, identity } = await openServiceJournal(cli, options, config);
        try {
          const loaded = await withProgress("restoring", () =>
            restoreJournal(resolve(file as string), { into: journal, identity, quietUntil }),
          );
          return {
            data: { ...loaded, quietUntil },
            text: [
              done(`restored; nothing is signed before ${formatTime(quietUntil)}`),
              "Next: stop every service that signs with another journal, then zkmandate service adopt",
            ].join("\n"),
          };
        } finally {
          await journal.close();
        }
      }),
    );
}

/** unix seconds: the furthest time of the gates' chains */
async function latestTime(gates: readonly { workspace: string }[]): Promise<bigint> {
  let latest = 0n;
  for (const { workspace } of gates) {
    const { timestamp } = await getBlock(await readClient(await loadWorkspace(workspace)));
    if (timestamp > latest) latest = timestamp;
  }
  return latest;
}
