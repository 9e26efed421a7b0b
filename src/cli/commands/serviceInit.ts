import { readFile } from "node:fs/promises";
import { Command } from "commander";
import { writeFileAtomic } from "../../keys/files.ts";
import { createSealIdentity } from "../../keys/sealed.ts";
import { parseServeConfig } from "../../server/config/serveConfig.ts";
import { action, examples } from "../cli.ts";
import { done, shown } from "../output.ts";
import { type PassphraseOptions, passphraseFor, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { type ServeFileOptions, serveFileOption, serveFilePath } from "../serveFile.ts";

/** `zkmandate service init`: a configuration and an identity for a service. */
export function serviceInitCommand(): Command {
  const command = new Command("init").description(
    "Writes serve.yaml beside a workspace, and the age identity that the journal's secrets will be encrypted " +
      "to. Files that exist are never overwritten.",
  );
  return passphraseOptions(serveFileOption(command))
    .addHelpText(
      "after",
      examples(["zkmandate service init", "zkmandate service init --passphrase-file passphrase"]),
    )
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options) => {
        const path = serveFilePath(cli, options);
        const text = await readFile(
          new URL("../../../templates/serve.yaml", import.meta.url),
          "utf8",
        );
        const { journal } = parseServeConfig(text, path);
        await writeFileAtomic(path, text, { mode: 0o644 });
        const passphrase = await passphraseFor(cli, options, {
          path: journal.identity,
          confirm: true,
        });
        const { recipient } = await withProgress(`making ${shown(journal.identity)}`, () =>
          createSealIdentity(journal.identity, passphrase),
        );
        return {
          data: { config: path, identity: journal.identity, recipient },
          text: [
            done(shown(path)),
            done(`${shown(journal.identity)}: keep a copy, backups cannot be opened without it`),
            "",
            "Next:",
            "  1. write your gates and lanes into serve.yaml",
            "  2. zkmandate token new <client>, and zkmandate token new <you> --operator",
            "  3. zkmandate serve",
          ].join("\n"),
        };
      }),
    );
}
