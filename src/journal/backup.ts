import { createHash, randomBytes } from "node:crypto";
import { InvalidBackupError, JournalNotEmptyError } from "../errors/journal.ts";
import { parseWithBigints, stringifyWithBigints } from "../keys/bigintJson.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { readSealedLines, writeSealedLines } from "../keys/sealedLines.ts";
import type { DatabaseJournal } from "./databaseJournal.ts";
import { type DumpedRow, dumpRows } from "./dump.ts";
import { createLoader, firstFilledTable, type LoadedRows } from "./load.ts";
import { createRecordCipher, KEY_SALT_BYTES } from "./recordCipher.ts";

const FORMAT = "zkmandate journal backup 1";

/** First line of a backup. */
interface Header {
  format: typeof FORMAT;
  /** Hexadecimal; of the key that authenticates the last line. */
  salt: string;
}

/** Last line: who can make it knows the identity, where sealing only takes its public recipient. */
interface Footer {
  rows: number;
  /** Keyed hash over everything before. */
  mac: string;
}

/**
 * Writes everything a journal holds into one encrypted file, as of one moment; the service runs on.
 * The file opens with the identity, which is to be kept elsewhere.
 *
 * @param path never overwritten
 * @returns how many rows it holds
 * @throws {FileExistsError} if the file exists
 * @throws {KeyFileError} if the file system refuses
 * @throws {JournalDamagedError} if a row is not what was written
 *
 * @example
 * await backupJournal(journal, "/mnt/backup/2026-11-30.age", identity);
 */
export async function backupJournal(
  { database, cipher }: DatabaseJournal,
  path: string,
  identity: SealIdentity,
): Promise<number> {
  return database.snapshot(async (db) => {
    let rows = 0;
    let failure: unknown;

    async function* lines(): AsyncIterable<string> {
      const header: Header = { format: FORMAT, salt: randomBytes(KEY_SALT_BYTES).toString("hex") };
      const seal = createBackupSeal(identity, header.salt);
      const first = JSON.stringify(header);
      seal.add(first);
      yield first;
      try {
        for await (const row of dumpRows(db, cipher)) {
          const line = stringifyWithBigints(row);
          seal.add(line);
          rows += 1;
          yield line;
        }
      } catch (error) {
        failure = error;
        throw error;
      }
      const footer: Footer = { rows, mac: seal.mac() };
      yield JSON.stringify(footer);
    }

    await writeSealedLines(path, lines(), identity).catch((error: unknown) => {
      // The database's own error says more than that the file was not written.
      throw failure ?? error;
    });
    return rows;
  });
}

export interface RestoreJournalOptions {
  /** An empty journal, on either database. */
  into: DatabaseJournal;
  /** What the backup was sealed to; the journal's own may be another. */
  identity: SealIdentity;
  /**
   * unix seconds: until a finalized block is past it nothing is signed, so that what was signed after the
   * backup can no longer land. The chain's time now and twice the longest maxDelay a gate can have, 600 s.
   */
  quietUntil: bigint;
}

/**
 * Restores a backup, whole or not at all. Requests that were under way are reported as failed, and the lanes
 * stay quiet; one that the chain has moved on since the backup is rebuilt with `zkmandate state recover`.
 *
 * @throws {JournalNotEmptyError} if the journal holds anything
 * @throws {InvalidBackupError} if the file is not a whole backup that the identity's owner made
 * @throws {WrongPassphraseError} if the identity does not open the file
 * @throws {InvalidSealedFileError} if the file is not sealed, or damaged
 *
 * @example
 * const quietUntil = (await getBlock(client)).timestamp + 600n;
 * await restoreJournal("2026-11-30.age", { into: journal, identity, quietUntil });
 */
export async function restoreJournal(
  path: string,
  { into: { database, cipher }, identity, quietUntil }: RestoreJournalOptions,
): Promise<LoadedRows> {
  // Once through to its end, where it shows whether it is authentic; nothing of it is used before.
  for await (const _ of readBackup(path, identity));
  return database.write(async (db) => {
    const table = await firstFilledTable(db);
    if (table !== undefined) throw new JournalNotEmptyError({ place: database.place, table });
    const loader = createLoader(db, cipher, { quietUntil });
    for await (const row of readBackup(path, identity)) await loader.load(row);
    return loader.end();
  });
}

/** The rows of a backup; whether it is whole and authentic is known when the last was read. */
async function* readBackup(path: string, identity: SealIdentity): AsyncIterable<DumpedRow> {
  let seal: BackupSeal | undefined;
  let footer: Footer | undefined;
  let rows = 0;
  for await (const line of readSealedLines(path, identity)) {
    const value = parseLine(path, line);
    if (footer !== undefined) throw invalid(path, "it goes on after its end");
    if (seal === undefined) {
      const { format, salt } = value as Header;
      if (format !== FORMAT) throw invalid(path, "it is of another format or version");
      seal = createBackupSeal(identity, salt);
      seal.add(line);
    } else if ("mac" in value) {
      footer = value as Footer;
    } else {
      seal.add(line);
      rows += 1;
      yield value as DumpedRow;
    }
  }
  if (footer === undefined) throw invalid(path, "its end is missing");
  if (footer.rows !== rows || footer.mac !== seal?.mac()) {
    throw invalid(path, "it was not written with the identity");
  }
}

function parseLine(path: string, line: string): object {
  try {
    return Object(parseWithBigints(line));
  } catch {
    // The parser's message quotes the line, which is secret.
    throw invalid(path, "a line is not JSON");
  }
}

interface BackupSeal {
  add(line: string): void;
  mac(): string;
}

function createBackupSeal(identity: SealIdentity, salt: string): BackupSeal {
  const cipher = createRecordCipher(identity, Buffer.from(salt, "hex"));
  const hash = createHash("sha256");
  return {
    add: (line) => hash.update(`${line}\n`),
    mac: () => cipher.mac("backups", hash.copy().digest("hex")),
  };
}

const invalid = (path: string, problem: string) => new InvalidBackupError({ path, problem });
