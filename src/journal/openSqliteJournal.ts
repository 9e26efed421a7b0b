import type { SealIdentity } from "../keys/sealed.ts";
import { type DatabaseJournal, openJournal } from "./databaseJournal.ts";
import { openSqliteDatabase } from "./sqliteDatabase.ts";

export interface OpenSqliteJournalParameters {
  /** The database's file, on a disk of this machine; made when missing. */
  path: string;
  /** Encrypts the records. */
  identity: SealIdentity;
}

/**
 * Opens the journal of a service on one machine. Other processes there (`zkmandate audit`, `backup`) may
 * open it beside the service.
 *
 * @throws {JournalUnavailableError} if the file cannot be opened or written
 * @throws {JournalDamagedError} if it is not a SQLite database
 * @throws {JournalVersionError} if a later version has been at it
 * @throws {WrongIdentityError} if its records are encrypted for another identity
 *
 * @example
 * const journal = await openSqliteJournal({ path: "journal.db", identity });
 * const { request } = await journal.requests.add(newRequest);
 */
export async function openSqliteJournal({
  path,
  identity,
}: OpenSqliteJournalParameters): Promise<DatabaseJournal> {
  return openJournal(await openSqliteDatabase(path), identity);
}
