import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { openPostgresJournal } from "../../src/journal/openPostgresJournal.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { journalContract, type TestDatabase } from "./support/contract.ts";

let server: PostgresServer;
let schemas = 0;

async function create(): Promise<TestDatabase> {
  const schema = `desk ${schemas++}`;
  const { connectionString } = server;
  return {
    open: (identity) => openPostgresJournal({ connectionString, schema, identity }),
    execute: async (statement) => {
      await server.query(`set search_path to "${schema}"; ${statement}`);
    },
    async bytes() {
      await server.query("checkpoint");
      const files = await readdir(server.folder, { recursive: true, withFileTypes: true });
      return Buffer.concat(
        await Promise.all(
          files
            .filter((file) => file.isFile())
            .map((file) => readFile(join(file.parentPath, file.name))),
        ),
      );
    },
  };
}

describe.skipIf(!hasPostgres())(
  "a journal in PostgreSQL (needs npm's server for the platform)",
  () => {
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.remove());

    journalContract(create);
  },
);
