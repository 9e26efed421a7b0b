import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Command } from "commander";
import type { AuditEntry } from "../../audit/auditEntry.ts";
import { formatCheckpoint, parseCheckpoint } from "../../audit/checkpoint.ts";
import { verifyAuditLog } from "../../audit/hashChain.ts";
import { parseAuditLog } from "../../audit/jsonLines.ts";
import { AuditLogError, InputFileError } from "../../errors/cli.ts";
import { action, type Cli, examples } from "../cli.ts";
import { done, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { type ServeFileOptions, serveConfig, serveFileOption } from "../serveFile.ts";
import { openServiceJournal } from "../serviceJournal.ts";

interface VerifyOptions extends PassphraseOptions, ServeFileOptions {
  checkpoint?: string;
}

/** `zkmandate audit verify`: whether an audit log is what was written. */
export function auditVerifyCommand(): Command {
  const command = new Command("verify")
    .description(
      "Checks every link of an exported audit log, or of the journal's own without a file. A log that was cut off " +
        "at its end is noticed only against a checkpoint. Ends with 5 if something was changed.",
    )
    .argument("[file]", "what `zkmandate audit export` wrote; the service's journal by default")
    .option("--checkpoint <index:hash>", "a point that the log must reach and hold");
  return passphraseOptions(serveFileOption(command))
    .addHelpText(
      "after",
      examples([
        "zkmandate audit verify audit.jsonl",
        "zkmandate audit verify --checkpoint 812:0x5f…",
      ]),
    )
    .action(
      action<VerifyOptions>(async (cli, options, file) => {
        const checkpoint =
          options.checkpoint === undefined ? undefined : parseCheckpoint(options.checkpoint);
        const result =
          file === undefined
            ? await withJournal(cli, options, (entries) => verifyAuditLog(entries, { checkpoint }))
            : await verifyAuditLog(await entriesOf(file), { checkpoint });
        if (!result.isIntact) throw new AuditLogError(result);
        const { entries, head } = result;
        const end = head && formatCheckpoint(head);
        return {
          data: { entries, checkpoint: end },
          text: [
            done("the audit log is what was written"),
            table([
              ["entries", entries],
              ["checkpoint", end],
            ]),
          ].join("\n"),
        };
      }),
    );
}

async function entriesOf(path: string): Promise<AsyncIterable<AuditEntry>> {
  await access(path).catch(() => {
    const expected = "what `zkmandate audit export` wrote";
    throw new InputFileError({ path, expected, received: "no such file" });
  });
  return parseAuditLog(createInterface({ input: createReadStream(path) }));
}

async function withJournal<T>(
  cli: Cli,
  options: VerifyOptions,
  work: (entries: AsyncIterable<AuditEntry>) => Promise<T>,
): Promise<T> {
  const { journal } = await openServiceJournal(cli, options, await serveConfig(cli, options));
  try {
    return await work(journal.audit.read());
  } finally {
    await journal.close();
  }
}
