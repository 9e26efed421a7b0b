import { resolve } from "node:path";
import { Command } from "commander";
import { backupJournal } from "../../journal/backup.ts";
import { action, examples } from "../cli.ts";
import { done, shown } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";

/** `zkmandate service backup`: the journal in one encrypted file. */
export function serviceBackupCommand(): Command {
  const command = new Command("backup")
    .description(
      "Writes everything that the journal holds, as of one moment, into one file that only the service's " +
        "identity opens; the service may run on. The workspaces (mandates, keystores) are backed up apart.",
    )
    .argument("<file>", "never overwritten");
  return passphraseOptions(serveFileOption(command))
    .addHelpText("after", examples(["zkmandate service backup /mnt/backup/2026-11-30.age"]))
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options, file) => {
        const path = resolve(file as string);
        const config = await serveConfig(cli, options);
        const { journal, identity } = await openServiceJournal(cli, options, config);
        try {
          const rows = await withProgress("writing the backup", () =>
            backupJournal(journal, path, identity),
          );
          return { data: { file: path, rows }, text: done(`${shown(path)}: ${rows} rows`) };
        } finally {
          await journal.close();
        }
      }),
    );
}
