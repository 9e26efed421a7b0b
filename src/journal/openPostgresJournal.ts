import type { PoolConfig } from "pg";
import type { SealIdentity } from "../keys/sealed.ts";
import { type DatabaseJournal, openJournal } from "./databaseJournal.ts";
import { openPostgresDatabase } from "./postgresDatabase.ts";

export interface OpenPostgresJournalParameters {
  /** `postgres://user:password@host:port/database`, or in the pool's options. */
  connectionString?: string | undefined;
  /** Options of pg's pool: TLS, size, timeouts. */
  pool?: PoolConfig | undefined;
  /** Where the journal's tables are; made when missing. `zkmandate` unless given. */
  schema?: string | undefined;
  /** Encrypts the records; the same for all processes that share the journal. */
  identity: SealIdentity;
}

/**
 * Opens a journal that several services share over one PostgreSQL database.
 *
 * @throws {JournalUnavailableError} if the server cannot be reached or written, or does not flush its files
 * @throws {JournalVersionError} if a later version has been at it
 * @throws {WrongIdentityError} if its records are encrypted for another identity
 *
 * @example
 * const journal = await openPostgresJournal({ connectionString: "postgres://…/desk", identity });
 * if (await journal.ownership.claim(lane, "host-1", 6_000)) await serve(lane);
 */
export async function openPostgresJournal({
  connectionString,
  pool = {},
  schema = "zkmandate",
  identity,
}: OpenPostgresJournalParameters): Promise<DatabaseJournal> {
  const config = connectionString === undefined ? pool : { ...pool, connectionString };
  return openJournal(await openPostgresDatabase(config, schema), identity);
}
