import { statSync } from "node:fs";
import { mkdir, open, realpath } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { createDatabase, type Database, type Failure, journalError } from "./database.ts";
import { migrate, sqliteTypes } from "./migrations.ts";
import { nodeSqliteDialect } from "./nodeSqliteDialect.ts";
import type { Schema } from "./schema.ts";

/**
 * How long SQLite itself waits for a lock. It stops the whole process meanwhile, so the journal does the
 * rest of its waiting beside it, in `Database.write`.
 */
const BUSY_TIMEOUT_MS = 10;

/**
 * A database in a file, with Node's own SQLite: write-ahead log, and every commit flushed to the disk
 * (`synchronous=FULL`). The file is made when missing, readable by its owner alone. It must lie on a disk
 * of this machine: SQLite's locks do not hold on network file systems.
 *
 * @throws {JournalUnavailableError} if it cannot be opened or written
 * @throws {JournalDamagedError} if it is not a SQLite database
 * @throws {JournalVersionError} if a later version has been at it
 */
export async function openSqliteDatabase(path: string): Promise<Database> {
  const place = resolve(path);
  const [connection, assertInPlace, file] = await openFile(place).catch((cause: unknown) => {
    throw journalError(place, classify, cause);
  });
  const db = new Kysely<Schema>({
    dialect: nodeSqliteDialect(connection, { begin: "immediate", beforeCommit: assertInPlace }),
  });
  const database = createDatabase({
    place,
    file,
    db,
    // kysely hands its one connection around, and a snapshot has its own.
    connections: Number.POSITIVE_INFINITY,
    locksRows: false,
    classify,
    async close() {
      await db.destroy();
      // kysely closes only what it has used.
      if (connection.isOpen) connection.close();
    },
    async snapshot(work) {
      // A connection of its own, so that writes go on beside it.
      const dialect = nodeSqliteDialect(connect(place, { readOnly: true }), { begin: "deferred" });
      const reader = new Kysely<Schema>({ dialect });
      try {
        return await reader.transaction().execute(work);
      } finally {
        await reader.destroy();
      }
    },
  });
  try {
    await database.read(() => migrate(db, { types: sqliteTypes, place }));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** Makes the file before SQLite does: with the owner's permissions, and its name flushed to the disk. */
async function openFile(
  path: string,
): Promise<[DatabaseSync, assertInPlace: () => void, realPath: string]> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await (await open(path, "a", 0o600)).close();
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  const file = fileAt(path);
  const real = await realpath(path);
  const connection = connect(path);
  return [
    connection,
    () => {
      // SQLite would go on writing to a file that nobody finds after a restart.
      if (fileAt(path) !== file) throw new Error("the file was moved, deleted or replaced");
    },
    real,
  ];
}

function fileAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat && `${stat.dev}:${stat.ino}`;
}

function connect(path: string, { readOnly = false } = {}): DatabaseSync {
  const connection = new DatabaseSync(path, { readOnly });
  try {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.exec("PRAGMA foreign_keys = ON");
    connection.exec("PRAGMA trusted_schema = OFF");
    connection.exec("PRAGMA synchronous = FULL");
    if (!readOnly) connection.exec("PRAGMA journal_mode = WAL");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite's primary result codes (https://sqlite.org/rescode.html). */
const failures: Record<number, Failure> = {
  5: { kind: "busy", reason: "another process holds it" },
  6: { kind: "busy", reason: "another connection holds it" },
  8: { kind: "unavailable", reason: "it is read-only" },
  10: { kind: "unavailable", reason: "the disk fails to read or write it" },
  11: { kind: "damaged", reason: "the file is malformed" },
  13: { kind: "unavailable", reason: "the disk is full" },
  14: { kind: "unavailable", reason: "the file cannot be opened" },
  26: { kind: "damaged", reason: "the file is not a SQLite database" },
};

const systemErrors: Record<string, string> = {
  EACCES: "no permission",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ERR_INVALID_STATE: "it is closed",
};

function classify(error: unknown): Failure {
  const { errcode, code, message } = error as Error & { errcode?: number; code?: string };
  // The upper bytes tell details of the same failure.
  const known = errcode === undefined ? undefined : failures[errcode & 0xff];
  return known ?? { kind: "unavailable", reason: systemErrors[code ?? ""] ?? message };
}
