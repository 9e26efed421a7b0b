import type { Hex } from "viem";
import type { AuditContent, AuditEntry } from "../audit/auditEntry.ts";
import { canonicalJson } from "../audit/canonicalJson.ts";
import { type AuditCheckpoint, GENESIS_HASH, linkProblem, sealEntry } from "../audit/hashChain.ts";
import { parseAuditEntry } from "../audit/jsonLines.ts";
import { JournalDamagedError } from "../errors/journal.ts";
import type { Database } from "./database.ts";
import type { Journal } from "./journal.ts";
import type { RecordCipher } from "./recordCipher.ts";
import type { Queries } from "./schema.ts";

/** Entries that are read, or appended, at once. */
const PAGE = 500;

/**
 * The audit log in the journal. Its head is a row of its own under a keyed hash, locked while entries are
 * appended: processes take turns, and a log that was cut off in the database no longer reaches its head.
 */
export function createAuditRecords(database: Database, cipher: RecordCipher): Journal["audit"] {
  const append = inBatches((contents: readonly AuditContent[]) =>
    database.write((db) => appendContents(db, database, cipher, contents)),
  );
  return {
    async append(content) {
      // What is not JSON fails here, and not the batch that it would have been in.
      canonicalJson(content);
      return append(content);
    },
    head: () =>
      database.read(async (db) => {
        const head = await readHead(db, cipher);
        if (head === undefined) return undefined;
        const [entry] = await readPage(db, head.index - 1, 1);
        if (entry?.hash === head.hash) return entry;
        throw damaged(head.index, "it is not the one that the log's head names");
      }),
    read: (fromIndex = 1) => readAudit((work) => database.read(work), cipher, fromIndex),
  };
}

/**
 * Does what is asked for while a batch is on its way together in the next one: the log's head is taken
 * once, by one connection, however many wait.
 */
function inBatches<Item, Result>(
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  const waiting: { item: Item; done: PromiseWithResolvers<Result> }[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, PAGE);
      try {
        const results = await work(batch.map(({ item }) => item));
        for (const [i, { done }] of batch.entries()) done.resolve(results[i] as Result);
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      }
    }
    isRunning = false;
  }

  return (item) => {
    const done = Promise.withResolvers<Result>();
    waiting.push({ item, done });
    if (!isRunning) void run();
    return done.promise;
  };
}

/**
 * Reads the log and checks each link on the way, up to the head that stands when the reading begins and on
 * to whatever has come since.
 *
 * @throws {JournalDamagedError} at the first link that does not hold
 */
export async function* readAudit(
  read: Database["read"],
  cipher: RecordCipher,
  fromIndex: number,
): AsyncIterable<AuditEntry> {
  const head = await read((db) => readHead(db, cipher));
  // The link before the first one that is asked for.
  let previous: AuditCheckpoint | undefined;
  if (fromIndex > 1) {
    const [entry] = await read((db) => readPage(db, fromIndex - 2, 1));
    if (entry?.index === fromIndex - 1) previous = entry;
    else if (head !== undefined && head.index >= fromIndex) {
      throw damaged(fromIndex - 1, "it is missing");
    } else return;
  }
  for (;;) {
    const last = previous?.index ?? 0;
    const page = await read((db) => readPage(db, last));
    for (const entry of page) {
      const problem =
        linkProblem(entry, previous) ??
        (entry.index === head?.index && entry.hash !== head.hash
          ? "it is not the one that the log's head names"
          : undefined);
      if (problem !== undefined) throw damaged((previous?.index ?? 0) + 1, problem);
      yield entry;
      previous = entry;
    }
    if (page.length < PAGE) break;
  }
  const end = previous?.index ?? 0;
  if (head !== undefined && end < head.index) {
    throw damaged(end + 1, `it is missing; the log's head is ${head.index}`);
  }
}

/** Seals entries on the head and adds them; the head is locked until the transaction ends. */
export async function appendContents(
  db: Queries,
  database: Pick<Database, "lockRows">,
  cipher: RecordCipher,
  contents: readonly AuditContent[],
): Promise<AuditEntry[]> {
  let head = await readHead(db, cipher, (query) => database.lockRows(query));
  const entries = contents.map((content) => {
    const entry = sealEntry(content, head);
    head = entry;
    return entry;
  });
  await appendEntries(db, cipher, entries);
  return entries;
}

/** Adds entries that were sealed on the head, and moves the head to the last. */
export async function appendEntries(
  db: Queries,
  cipher: RecordCipher,
  entries: readonly AuditEntry[],
): Promise<void> {
  const last = entries.at(-1);
  if (last === undefined) return;
  await db
    .insertInto("audit")
    .values(entries.map((entry) => ({ position: entry.index, entry: canonicalJson(entry) })))
    .execute();
  await db
    .updateTable("audit_head")
    .set({ position: last.index, hash: last.hash, mac: headMac(cipher, last) })
    .where("id", "=", 1)
    .executeTakeFirstOrThrow();
}

/** The head of a log without entries. */
export const emptyHead = (cipher: RecordCipher) => {
  const genesis = { index: 0, hash: GENESIS_HASH };
  return { id: 1, position: 0, hash: GENESIS_HASH, mac: headMac(cipher, genesis) };
};

async function readHead(
  db: Queries,
  cipher: RecordCipher,
  lock: Database["lockRows"] = (query) => query,
): Promise<AuditCheckpoint | undefined> {
  const query = db.selectFrom("audit_head").select(["position", "hash", "mac"]).where("id", "=", 1);
  const row = await lock(query).executeTakeFirst();
  const head = row && { index: row.position, hash: row.hash as Hex };
  if (head === undefined || row?.mac !== headMac(cipher, head)) {
    throw new JournalDamagedError({ what: "audit log, its head", problem: "it was changed" });
  }
  return head.index === 0 ? undefined : head;
}

const headMac = (cipher: RecordCipher, { index, hash }: AuditCheckpoint) =>
  cipher.mac("the audit log's head", `${index}:${hash}`);

async function readPage(db: Queries, afterIndex: number, limit = PAGE): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom("audit")
    .select(["position", "entry"])
    .where("position", ">", afterIndex)
    .orderBy("position")
    .limit(limit)
    .execute();
  return rows.map(({ position, entry }) => {
    try {
      return parseAuditEntry(entry, position);
    } catch (cause) {
      throw damaged(position, "it is not an entry", cause);
    }
  });
}

function damaged(index: number, problem: string, cause?: unknown): JournalDamagedError {
  return new JournalDamagedError({ what: `audit log, entry ${index}`, problem, cause });
}
