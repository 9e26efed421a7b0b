import { randomBytes, randomUUID } from "node:crypto";
import { JournalDamagedError, WrongIdentityError } from "../errors/journal.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { createAuditRecords, emptyHead } from "./auditRecords.ts";
import type { Database } from "./database.ts";
import type { Journal } from "./journal.ts";
import { createLaneRecords } from "./laneRecords.ts";
import { createLeases } from "./leases.ts";
import { createLeaseWatch } from "./leaseWatch.ts";
import { prune } from "./prune.ts";
import { createRecordCipher, KEY_SALT_BYTES, type RecordCipher } from "./recordCipher.ts";
import { createRequestRecords } from "./requestRecords.ts";
import { createTransactionRecords } from "./transactionRecords.ts";

/** What is encrypted to tell the right identity from another. */
const KEY_CHECK = { table: "journal", key: "key check", version: 1 };

/** A journal on a database, with what backups need of it. */
export interface DatabaseJournal extends Journal {
  readonly database: Database;
  readonly cipher: RecordCipher;
}

/**
 * Opens the journal that a database holds, or begins one in an empty database.
 *
 * @throws {WrongIdentityError} if its records are encrypted for another identity
 */
export async function openJournal(
  database: Database,
  identity: SealIdentity,
): Promise<DatabaseJournal> {
  const { cipher, name } = await unlock(database, identity).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  return {
    name: database.file === undefined ? name : `${name} in ${database.file}`,
    database,
    cipher,
    lanes: createLaneRecords(database, cipher),
    ownership: createLeases(database, createLeaseWatch()),
    requests: createRequestRecords(database, cipher),
    transactions: createTransactionRecords(database, cipher),
    audit: createAuditRecords(database, cipher),
    pauses: createPauses(database),
    prune: (options) => database.write((db) => prune(db, options)),
    ping: () =>
      database.write(async (db) => {
        await db
          .updateTable("journal")
          .set((row) => ({ pings: row("pings", "+", 1) }))
          .where("id", "=", 1)
          .executeTakeFirstOrThrow();
      }),
    close: () => database.close(),
  };
}

async function unlock(
  database: Database,
  identity: SealIdentity,
): Promise<{ cipher: RecordCipher; name: string }> {
  const row = await database.write(async (db) => {
    const key_salt = randomBytes(KEY_SALT_BYTES);
    const cipher = createRecordCipher(identity, key_salt);
    const name = randomUUID();
    const key_check = cipher.seal(KEY_CHECK, name);
    const begun = await db
      .insertInto("journal")
      .values({ id: 1, name, key_salt, key_check, pings: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (begun.numInsertedOrUpdatedRows === 1n) {
      await db.insertInto("audit_head").values(emptyHead(cipher)).execute();
    }
    return db.selectFrom("journal").selectAll().where("id", "=", 1).executeTakeFirstOrThrow();
  });
  const cipher = createRecordCipher(identity, row.key_salt);
  try {
    if (cipher.open(KEY_CHECK, row.key_check) === row.name) return { cipher, name: row.name };
  } catch (error) {
    if (!(error instanceof JournalDamagedError)) throw error;
  }
  throw new WrongIdentityError({ place: database.place, recipient: identity.recipient });
}

function createPauses(database: Database): Journal["pauses"] {
  return {
    list: () =>
      database.read(async (db) => {
        const rows = await db.selectFrom("pauses").select("gate").orderBy("gate").execute();
        return rows.map(({ gate }) => gate);
      }),
    set: (given, isPaused) =>
      database.write(async (db) => {
        const name = given.toLowerCase();
        if (isPaused) {
          await db
            .insertInto("pauses")
            .values({ gate: name })
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        } else {
          await db.deleteFrom("pauses").where("gate", "=", name).execute();
        }
      }),
  };
}
