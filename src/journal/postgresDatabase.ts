import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { JournalUnavailableError } from "../errors/journal.ts";
import { createDatabase, type Database, type Failure, journalError } from "./database.ts";
import { migrate, postgresTypes } from "./migrations.ts";
import type { Schema } from "./schema.ts";

/** Everything that can hang ends by itself; a server that is gone is an error within seconds. */
const defaults: pg.PoolConfig = {
  application_name: "zkmandate",
  max: 10,
  keepAlive: true,
  connectionTimeoutMillis: 5_000,
  lock_timeout: 5_000,
  statement_timeout: 10_000,
  idle_in_transaction_session_timeout: 10_000,
  query_timeout: 15_000,
};

/** Type of 64-bit integers, which pg gives as text unless told; the journal's are all below 2^53. */
const INT8 = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/**
 * A database on a PostgreSQL server, in a schema of its own that is made when missing. Every commit is
 * flushed before it returns, whatever the server's defaults; connections that break are made anew.
 * A connection pooler in front must keep sessions (not transactions) apart.
 *
 * @throws {JournalUnavailableError} if the server cannot be reached or written, or does not flush its files
 * @throws {JournalVersionError} if a later version has been at it
 */
export async function openPostgresDatabase(
  config: pg.PoolConfig,
  schema: string,
): Promise<Database> {
  const pool = new pg.Pool({ ...defaults, ...config, types, onConnect: prepareSession });
  // A connection that breaks, idle or at work, says so here, where nobody needs to hear it: the query that
  // it was at work on fails, and the pool drops it. Without a listener it would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const place = placeOf(config);
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
  const scoped = db.withSchema(schema);
  const database = createDatabase({
    place,
    db: scoped,
    connections: pool.options.max ?? 10,
    locksRows: true,
    classify,
    async close() {
      await db.destroy();
      // kysely ends only what it has used.
      if (!pool.ended) await pool.end();
    },
    snapshot: (work) =>
      scoped
        .transaction()
        .setIsolationLevel("repeatable read")
        .setAccessMode("read only")
        .execute(work),
  });
  try {
    await assertFlushes(pool, place);
    await database.read(() => migrate(scoped, { types: postgresTypes, schema, place }));
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** Makes sure of what the journal counts on, before a connection is used; the pool waits for it. */
async function prepareSession(client: pg.ClientBase): Promise<void> {
  // Locks are taken row by row, and each statement sees what was committed before it.
  await client.query("set session characteristics as transaction isolation level read committed");
  // Raised if lower, never lowered: a cluster may wait for its replicas too.
  await client.query(
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local')",
  );
}

async function assertFlushes(pool: pg.Pool, place: string): Promise<void> {
  const { rows } = await pool
    .query<{ fsync: string }>("select current_setting('fsync') as fsync")
    .catch((cause: unknown) => {
      throw journalError(place, classify, cause);
    });
  if (rows[0]?.fsync === "on") return;
  throw new JournalUnavailableError({ place, reason: "the server runs with fsync = off" });
}

/** Where a pool connects to, without user and password. */
function placeOf(config: pg.PoolConfig): string {
  const { host, port, database = "" } = new pg.Client(config);
  return `postgres://${host}:${port}/${database}`;
}

const lost: Failure = { kind: "lost", reason: "the connection broke" };

/** By SQLSTATE, or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const failures: Record<string, Failure> = {
  "40001": { kind: "busy", reason: "others write the same rows" },
  "40P01": { kind: "busy", reason: "others write the same rows" },
  "55P03": { kind: "busy", reason: "others hold the rows" },
  "25006": { kind: "unavailable", reason: "it is read-only" },
  "53100": { kind: "unavailable", reason: "the server's disk is full" },
  "53200": { kind: "unavailable", reason: "the server is out of memory" },
  "53300": { kind: "unavailable", reason: "the server has too many connections" },
  "57014": { kind: "unavailable", reason: "the server took too long" },
  "3D000": { kind: "unavailable", reason: "there is no such database" },
  "42501": { kind: "unavailable", reason: "no permission" },
  "57P01": lost,
  "08": lost,
  "28": { kind: "unavailable", reason: "the server refuses the login" },
  "57": { kind: "unavailable", reason: "the server is shutting down or starting" },
  "58": { kind: "unavailable", reason: "the server's disk fails" },
  XX: { kind: "damaged", reason: "the server reports corrupted data" },
  ECONNREFUSED: { kind: "unavailable", reason: "nothing listens there" },
  ECONNRESET: lost,
  EPIPE: lost,
  ETIMEDOUT: { kind: "unavailable", reason: "the server does not answer" },
  ENOTFOUND: { kind: "unavailable", reason: "there is no such host" },
};

function classify(error: unknown): Failure {
  const { code = "", message } = error as Error & { code?: string };
  const known = failures[code] ?? failures[code.slice(0, 2)];
  if (known) return known;
  // pg's own words for a connection that ended, before and after it has noticed.
  return /^Connection terminated unexpectedly|is not queryable$/.test(message)
    ? lost
    : { kind: "unavailable", reason: message };
}
