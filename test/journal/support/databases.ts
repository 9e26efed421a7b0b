import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openPostgresJournal } from "../../../src/journal/openPostgresJournal.ts";
import { openSqliteJournal } from "../../../src/journal/openSqliteJournal.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import type { TestDatabase } from "./contract.ts";

/** SQLite databases, each in a folder of its own. */
export async function sqliteDatabases(): Promise<{
  create(): Promise<TestDatabase & { path: string }>;
  remove(): Promise<void>;
}> {
  const parent = await mkdtemp(join(tmpdir(), "zkmandate-journal-"));
  let count = 0;
  return {
    remove: () => rm(parent, { recursive: true }),
    async create() {
      const path = join(parent, `${count++}`, "journal.db");
      return {
        path,
        open: (identity) => openSqliteJournal({ path, identity }),
        async execute(statement) {
          const connection = new DatabaseSync(path);
          connection.exec(statement);
          connection.close();
        },
        bytes: () => bytesOf(dirname(path)),
      };
    },
  };
}

/** Databases on one server, each a schema of its own. */
export function postgresDatabases(server: PostgresServer): {
  create(): Promise<TestDatabase & { schema: string }>;
} {
  let count = 0;
  return {
    async create() {
      const schema = `desk ${count++}`;
      const { connectionString } = server;
      return {
        schema,
        open: (identity) => openPostgresJournal({ connectionString, schema, identity }),
        async execute(statement) {
          await server.query(`set search_path to "${schema}"; ${statement}`);
        },
        async bytes() {
          await server.query("checkpoint");
          return bytesOf(server.folder);
        },
      };
    },
  };
}

async function bytesOf(folder: string): Promise<Buffer> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const contents = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name)));
  return Buffer.concat(await Promise.all(contents));
}
