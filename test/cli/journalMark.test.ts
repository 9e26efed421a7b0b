import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  assertNotSetBack,
  journalMarkPath,
  markJournal,
  unmarkJournal,
} from "../../src/cli/journalMark.ts";
import type { Workspace } from "../../src/cli/workspace.ts";
import type { DatabaseJournal } from "../../src/journal/databaseJournal.ts";
import { openSqliteJournal } from "../../src/journal/openSqliteJournal.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { temporaryFolder } from "./run.ts";

const identity = await SealIdentity.generate();
let workspace: Workspace;
let path: string;
beforeEach(async () => {
  const folder = await temporaryFolder();
  workspace = { secrets: { folder } } as Workspace;
  path = join(folder, "journal.db");
});

async function withJournal<T>(work: (journal: DatabaseJournal) => Promise<T>): Promise<T> {
  const journal = await openSqliteJournal({ path, identity });
  try {
    return await work(journal);
  } finally {
    await journal.close();
  }
}

const append = (principal: string) =>
  withJournal(({ audit }) => audit.append({ event: "started", at: 1, principal }));
const mark = () => withJournal((journal) => markJournal(workspace, journal));
const check = () => withJournal((journal) => assertNotSetBack(workspace, journal));

describe("a journal that is marked", () => {
  it("may go on, and may be marked while it holds nothing", async () => {
    await mark();
    await check();
    for (const round of ["a", "b", "c"]) {
      await append(round);
      await check();
      await mark();
      await check();
    }
  });

  it("is refused when an older copy, or one that went another way, takes its place", async () => {
    await append("a");
    await copyFile(path, `${path}.old`);
    await append("b");
    await mark();
    await append("c");
    await check();
    await copyFile(`${path}.old`, path);
    await expect(check()).rejects.toMatchObject({ name: "JournalSetBackError" });
    // As long as the first, and longer, with other entries.
    for (const other of ["x", "y"]) {
      await append(other);
      await expect(check()).rejects.toMatchObject({ name: "JournalSetBackError" });
    }
    await withJournal((journal) => unmarkJournal(workspace, journal));
    await check();
  });

  it("is not marked anew when it was set back under a running service", async () => {
    await append("a");
    await copyFile(path, `${path}.old`);
    await append("b");
    await mark();
    await copyFile(`${path}.old`, path);
    await append("x");
    await expect(mark()).rejects.toMatchObject({ name: "JournalSetBackError" });
    await expect(check()).rejects.toMatchObject({ name: "JournalSetBackError" });
  });

  it("is refused when the mark cannot be read", async () => {
    await append("a");
    await mark();
    const file = await withJournal(async (journal) => journalMarkPath(workspace, journal));
    await writeFile(file, "1:");
    await expect(check()).rejects.toMatchObject({ name: "InvalidCheckpointError" });
  });
});
