import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command } from "commander";
import { formatCheckpoint } from "../../audit/checkpoint.ts";
import { formatAuditLog } from "../../audit/jsonLines.ts";
import { FileExistsError } from "../../errors/keys.ts";
import { action, examples } from "../cli.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";

/** `zkmandate audit export`: the audit log as JSON lines. */
export function auditExportCommand(): Command {
  const command = new Command("export")
    .description(
      "Writes the audit log, one entry a line, and prints a checkpoint of its end. Keep checkpoints where this " +
        "machine's owner cannot change them: `audit verify --checkpoint` then shows whether anything before was " +
        "changed or cut off. Entries hold no limits.",
    )
    .argument("<file>", "never overwritten");
  return passphraseOptions(serveFileOption(command))
    .addHelpText("after", examples(["zkmandate audit export audit-2026-11.jsonl"]))
    .action(
      action<PassphraseOptions & ServeFileOptions>(async (cli, options, file) => {
        const path = resolve(file as string);
        const config = await serveConfig(cli, options);
        const { journal } = await openServiceJournal(cli, options, config);
        try {
          const target = await open(path, "wx", 0o600).catch((cause: NodeJS.ErrnoException) => {
            throw cause.code === "EEXIST" ? new FileExistsError({ path }) : cause;
          });
          const head = await journal.audit.head();
          const lines = Readable.from(
            formatAuditLog(untilEntry(journal.audit.read(), head?.index)),
          );
          await pipeline(lines, createWriteStream(path, { fd: target, flush: true }));
          const checkpoint = head && formatCheckpoint(head);
          return {
            data: { file: path, entries: head?.index ?? 0, checkpoint },
            text: [
              done(shown(path)),
              table([
                ["entries", head?.index ?? 0],
                ["checkpoint", checkpoint],
              ]),
            ].join("\n"),
          };
        } finally {
          await journal.close();
        }
      }),
    );
}

/** What is appended meanwhile is left for the next export. */
async function* untilEntry<Entry extends { index: number }>(
  entries: AsyncIterable<Entry>,
  last = 0,
): AsyncIterable<Entry> {
  if (last === 0) return;
  for await (const entry of entries) {
    yield entry;
    if (entry.index >= last) return;
  }
}
