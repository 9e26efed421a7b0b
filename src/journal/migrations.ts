import { type ColumnDataType, type Kysely, type RawBuilder, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import { JournalVersionError } from "../errors/journal.ts";
import type { Schema } from "./schema.ts";

/** How the two databases call what the tables are made of. */
export interface ColumnTypes {
  bytes: ColumnDataType;
  /** A key that counts up by itself. */
  ordinal: RawBuilder<unknown>;
}

export const sqliteTypes: ColumnTypes = { bytes: "blob", ordinal: sql`integer` };
export const postgresTypes: ColumnTypes = {
  bytes: "bytea",
  ordinal: sql`bigint generated always as identity`,
};

/** The versions of the tables, in order; a released one is never changed. */
const migrations = (types: ColumnTypes): Record<string, Migration> => ({
  "0001-journal": { up: (db) => createTables(db, types) },
  "0002-reported-that-may-land": { up: watchReported },
});

/**
 * Brings a database to this version's tables; processes that start together wait for each other.
 *
 * @param schema of PostgreSQL, made when missing
 * @throws {JournalVersionError} if a later version has been at the database
 */
export async function migrate(
  db: Kysely<Schema>,
  options: { types: ColumnTypes; schema?: string | undefined; place: string },
): Promise<void> {
  const provider: MigrationProvider = {
    getMigrations: async () => migrations(options.types),
  };
  const { error } = await new Migrator({
    db,
    provider,
    ...(options.schema === undefined ? {} : { migrationTableSchema: options.schema }),
  }).migrateToLatest();
  if (error === undefined) return;
  const { message } = error as Error;
  // kysely says this when a migration was run that it does not know.
  if (message.includes("corrupted migrations")) {
    throw new JournalVersionError({ place: options.place, reason: message });
  }
  throw error;
}

async function createTables(db: Kysely<unknown>, { bytes, ordinal }: ColumnTypes): Promise<void> {
  const { schema } = db;
  await schema
    .createTable("journal")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("key_salt", bytes, (column) => column.notNull())
    .addColumn("key_check", bytes, (column) => column.notNull())
    .addColumn("pings", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("lanes")
    .addColumn("chain_id", "bigint", (column) => column.notNull())
    .addColumn("gate", "text", (column) => column.notNull())
    .addColumn("lane", "integer", (column) => column.notNull())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("payload", bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint("lanes_key", ["chain_id", "gate", "lane"])
    .execute();
  await schema
    .createTable("leases")
    .addColumn("chain_id", "bigint", (column) => column.notNull())
    .addColumn("gate", "text", (column) => column.notNull())
    .addColumn("lane", "integer", (column) => column.notNull())
    .addColumn("owner", "text")
    .addColumn("term", "bigint", (column) => column.notNull())
    .addColumn("ttl_ms", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("leases_key", ["chain_id", "gate", "lane"])
    .execute();
  await schema
    .createTable("requests")
    .addColumn("ordinal", ordinal, (column) => column.primaryKey())
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("dedup", "text", (column) => column.unique())
    .addColumn("chain_id", "bigint", (column) => column.notNull())
    .addColumn("gate", "text", (column) => column.notNull())
    .addColumn("lane", "integer", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("payload", bytes, (column) => column.notNull())
    .execute();
  await schema
    .createIndex("requests_by_lane")
    .on("requests")
    .columns(["chain_id", "gate", "lane", "status", "ordinal"])
    .execute();
  await schema
    .createIndex("requests_by_status")
    .on("requests")
    .columns(["status", "ordinal"])
    .execute();
  await schema
    .createTable("transactions")
    .addColumn("chain_id", "bigint", (column) => column.notNull())
    .addColumn("submitter", "text", (column) => column.notNull())
    .addColumn("nonce", "bigint", (column) => column.notNull())
    .addColumn("request_id", "text", (column) => column.unique().references("requests.id"))
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("payload", bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint("transactions_key", ["chain_id", "submitter", "nonce"])
    .execute();
  await schema
    .createTable("transaction_hashes")
    .addColumn("hash", "text", (column) => column.primaryKey())
    .addColumn("request_id", "text", (column) =>
      column.notNull().references("requests.id").onDelete("cascade"),
    )
    .execute();
  await schema
    .createTable("submitters")
    .addColumn("chain_id", "bigint", (column) => column.notNull())
    .addColumn("address", "text", (column) => column.notNull())
    .addColumn("next_nonce", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("submitters_key", ["chain_id", "address"])
    .execute();
  await schema
    .createTable("audit")
    .addColumn("position", "bigint", (column) => column.primaryKey())
    .addColumn("entry", "text", (column) => column.notNull())
    .execute();
  await schema
    .createTable("audit_head")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .addColumn("mac", "text", (column) => column.notNull())
    .execute();
  await schema
    .createTable("pauses")
    .addColumn("gate", "text", (column) => column.primaryKey())
    .execute();
}

async function watchReported({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable("requests").addColumn("may_land", "integer").execute();
  await schema
    .createIndex("requests_that_may_land")
    .on("requests")
    .columns(["may_land", "chain_id", "gate", "lane"])
    .execute();
}
