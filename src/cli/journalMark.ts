import { createHash } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { formatCheckpoint, parseCheckpoint } from "../audit/checkpoint.ts";
import { JournalSetBackError } from "../errors/journal.ts";
import { KeyFileError } from "../errors/keys.ts";
import type { Journal } from "../journal/journal.ts";
import { writeFileAtomic } from "../keys/files.ts";
import { lanesFolder } from "./laneBinding.ts";
import type { Workspace } from "./workspace.ts";

/** What of a journal is looked at. */
type Audited = Pick<Journal, "name" | "audit">;

/** Where a workspace notes how far a journal's audit log went. */
export function journalMarkPath(workspace: Workspace, { name }: Pick<Journal, "name">): string {
  const short = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return join(lanesFolder(workspace), `${short}.checkpoint`);
}

/**
 * Notes how far the journal's audit log goes now.
 *
 * @throws {JournalSetBackError} if it does not hold what was noted before: an older copy leaves the mark as it is
 */
export async function markJournal(workspace: Workspace, journal: Audited): Promise<void> {
  await assertNotSetBack(workspace, journal);
  const head = await journal.audit.head();
  if (head === undefined) return;
  const path = journalMarkPath(workspace, journal);
  await writeFileAtomic(path, `${formatCheckpoint(head)}\n`, { replace: true });
}

/** Forgets it: the journal counts as it is. */
export async function unmarkJournal(workspace: Workspace, journal: Audited): Promise<void> {
  await rm(journalMarkPath(workspace, journal), { force: true });
}

/**
 * Makes sure that the journal holds what it held when it was last marked. An older copy in its place has
 * forgotten signatures, and would let others take their sequence numbers.
 *
 * @throws {JournalSetBackError} if it does not
 * @throws {KeyFileError} if the mark cannot be read: doubt denies
 */
export async function assertNotSetBack(workspace: Workspace, journal: Audited): Promise<void> {
  const path = journalMarkPath(workspace, journal);
  const text = await readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw new KeyFileError({ path, doing: "read", cause });
  });
  if (text === undefined) return;
  const { index, hash } = parseCheckpoint(text);
  const head = await journal.audit.head();
  for await (const entry of journal.audit.read(Math.min(index, head?.index ?? 0) || 1)) {
    if (entry.index === index && entry.hash === hash) return;
    break;
  }
  throw new JournalSetBackError({
    mark: path,
    expected: formatCheckpoint({ index, hash }),
    head: head?.index ?? 0,
  });
}
