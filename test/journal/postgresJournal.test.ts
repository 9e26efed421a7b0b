import { afterAll, beforeAll, describe } from "vitest";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { journalContract } from "./support/contract.ts";
import { postgresDatabases } from "./support/databases.ts";

let server: PostgresServer;
let databases: ReturnType<typeof postgresDatabases>;

describe.skipIf(!hasPostgres())(
  "a journal in PostgreSQL (needs npm's server for the platform)",
  () => {
    beforeAll(async () => {
      server = await startPostgres();
      databases = postgresDatabases(server);
    });
    afterAll(() => server?.remove());

    journalContract(() => databases.create());
  },
);
