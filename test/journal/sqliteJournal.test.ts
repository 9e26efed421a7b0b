import { afterAll, beforeAll, describe } from "vitest";
import { journalContract } from "./support/contract.ts";
import { sqliteDatabases } from "./support/databases.ts";

let databases: Awaited<ReturnType<typeof sqliteDatabases>>;
beforeAll(async () => {
  databases = await sqliteDatabases();
});
afterAll(() => databases.remove());

describe("a journal in SQLite", () => {
  journalContract(() => databases.create());
});
