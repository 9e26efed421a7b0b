import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe } from "vitest";
import { openSqliteJournal } from "../../src/journal/openSqliteJournal.ts";
import { journalContract, type TestDatabase } from "./support/contract.ts";

let folder: string;
let databases = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-journal-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function create(): Promise<TestDatabase> {
  const path = join(folder, `${databases++}`, "journal.db");
  return {
    open: (identity) => openSqliteJournal({ path, identity }),
    async execute(statement) {
      const connection = new DatabaseSync(path);
      connection.exec(statement);
      connection.close();
    },
    async bytes() {
      const files = await readdir(dirname(path));
      return Buffer.concat(
        await Promise.all(files.map((file) => readFile(join(dirname(path), file)))),
      );
    },
  };
}

describe("a journal in SQLite", () => {
  journalContract(create);
});
