import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backupJournal, restoreJournal } from "../../src/journal/backup.ts";
import type { DatabaseJournal } from "../../src/journal/databaseJournal.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { readSealedLines, writeSealedLines } from "../../src/keys/sealedLines.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import type { TestDatabase } from "./support/contract.ts";
import { postgresDatabases, sqliteDatabases } from "./support/databases.ts";
import {
  attempt,
  gate,
  hash,
  lane,
  laneRecord,
  newRequest,
  outerTransaction,
  planted,
  signedCall,
  submitter,
} from "./support/records.ts";

const quietUntil = 1_800_000_000n;
/** More than a page of each. */
const MANY = 520;

let folder: string;
let identity: SealIdentity;
let server: PostgresServer | undefined;
const create: Record<string, () => Promise<TestDatabase>> = {};
const opened: DatabaseJournal[] = [];
let removeSqlite: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-backup-"));
  identity = await SealIdentity.generate();
  const sqlite = await sqliteDatabases();
  removeSqlite = sqlite.remove;
  create.SQLite = sqlite.create;
  if (!hasPostgres()) return;
  server = await startPostgres();
  create.PostgreSQL = postgresDatabases(server).create;
});
afterAll(async () => {
  await Promise.all(opened.map((journal) => journal.close()));
  await Promise.all([removeSqlite(), server?.remove(), rm(folder, { recursive: true })]);
});

async function open(kind: string, as = identity): Promise<DatabaseJournal> {
  const database = await (create[kind] as () => Promise<TestDatabase>)();
  const journal = await database.open(as);
  opened.push(journal);
  return journal;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A journal with something of everything. */
async function fill(journal: DatabaseJournal) {
  const first = await journal.lanes.write(laneRecord({ quietUntil: quietUntil + 5n }));
  await journal.lanes.write(first);
  await journal.lanes.write(laneRecord({ lane: 1 }));
  const added = [];
  for (const idempotencyKey of ["queued", "sent", "landed", "denied"]) {
    added.push((await journal.requests.add(newRequest({ idempotencyKey }))).request);
  }
  const [queued, sent, landed, denied] = added.map(({ id }) => id) as [
    string,
    string,
    string,
    string,
  ];
  await journal.requests.advance(denied, "queued", { status: "denied" });
  await journal.requests.advance(landed, "queued", { status: "landed", transactions: [hash(1)] });
  await journal.requests.advance(sent, "queued", { status: "submitted", signed: signedCall() });
  const transaction = await journal.transactions.reserve({ ...outerTransaction(sent), atLeast: 3 });
  const carried = { ...transaction, attempts: [attempt(2)], status: "sent" as const };
  await journal.transactions.save(carried);
  await journal.pauses.set(gate, true);
  await journal.ownership.claim(lane, "gone with its process", 3_600_000);
  await Promise.all([
    ...Array.from({ length: MANY }, (_, i) =>
      journal.audit.append({ event: "signed", at: i, principal: planted }),
    ),
    ...Array.from({ length: MANY }, () => journal.requests.add(newRequest({ kind: "sign" }))),
    ...Array.from({ length: MANY }, () =>
      journal.transactions.reserve({ ...outerTransaction(undefined), atLeast: 0 }),
    ),
  ]);
  return { queued, sent, landed, denied, carried };
}

const routes = [
  ["SQLite", "SQLite"],
  ["SQLite", "PostgreSQL"],
  ["PostgreSQL", "SQLite"],
  ["PostgreSQL", "PostgreSQL"],
] as const;

describe("a backup", () => {
  for (const [from, to] of routes) {
    const isMissing = !hasPostgres() && `${from}${to}`.includes("PostgreSQL");
    const why = isMissing ? " (needs npm's server for the platform)" : "";
    it.skipIf(isMissing)(
      `of ${from} gives everything back in ${to}, as of one moment${why}`,
      async () => {
        const path = join(folder, `${from}-${to}.age`);
        const journal = await open(from);
        const ids = await fill(journal);
        // The service runs on while the backup is made.
        const during = Promise.all(
          Array.from({ length: 50 }, () =>
            journal.audit.append({ event: "started", at: 0, principal: "later" }),
          ),
        );
        const rows = await backupJournal(journal, path, identity);
        await during;
        const bytes = await readFile(path);
        expect(bytes.subarray(0, 22).toString()).toBe("age-encryption.org/v1\n");
        expect(bytes.includes(planted)).toBe(false);
        expect((await stat(path)).mode & 0o777).toBe(0o600);

        // The journal's identity may be another than the backup's.
        const restored = await open(to, await SealIdentity.generate());
        const loaded = await restoreJournal(path, { into: restored, identity, quietUntil });
        expect(loaded).toMatchObject({
          lanes: 2,
          requests: MANY + 4,
          failedRequests: MANY + 2,
          transactions: MANY + 1,
        });
        expect(loaded.auditEntries).toBeGreaterThanOrEqual(MANY);
        expect(loaded.lanes + loaded.requests + loaded.transactions + loaded.auditEntries + 2).toBe(
          rows,
        );

        // Lanes are quiet until then, or for longer if they were.
        const lanes = await Promise.all(
          [0, 1].map((i) => journal.lanes.read({ ...lane, lane: i })),
        );
        expect(await restored.lanes.read(lane)).toEqual(lanes[0]);
        expect(lanes[0]).toMatchObject({ version: 2, quietUntil: quietUntil + 5n });
        const quiet = await restored.lanes.read({ ...lane, lane: 1 });
        expect(quiet).toEqual({ ...lanes[1], quietUntil });

        // What was under way is reported; the rest is as it was.
        for (const id of [ids.queued, ids.sent]) {
          const before = await journal.requests.get(id);
          const after = await restored.requests.get(id);
          expect(after).toMatchObject({ status: "failed", failure: { reason: "restored" } });
          // What was signed for it may land, or have landed.
          expect(after?.mayLand).toBe(before?.signed ? true : undefined);
          const { status: _, failure: __, updatedAt: ___, mayLand: ____, ...rest } = after ?? {};
          expect(before).toMatchObject(rest);
        }
        for (const id of [ids.landed, ids.denied]) {
          expect(await restored.requests.get(id)).toEqual(await journal.requests.get(id));
        }
        const order = async ({ requests }: DatabaseJournal) =>
          (await requests.list({})).map(({ id }) => id);
        expect(await order(restored)).toEqual(await order(journal));
        expect(await restored.requests.byTransaction(hash(1))).toMatchObject({ id: ids.landed });
        expect(await restored.requests.byTransaction(hash(2))).toMatchObject({ id: ids.sent });
        const again = newRequest({ idempotencyKey: "queued" });
        expect((await restored.requests.add(again)).request.id).toBe(ids.queued);

        expect(await restored.transactions.ofRequest(ids.sent)).toEqual(ids.carried);
        const next = await restored.transactions.reserve({
          ...outerTransaction(undefined),
          atLeast: 0,
        });
        expect(next.nonce).toBe(3 + MANY + 1);
        expect(await restored.pauses.list()).toEqual([gate.toLowerCase()]);
        expect(await restored.ownership.claim(lane, "another", 1_000)).toBe(true);

        const entries = await collect(restored.audit.read());
        const all = await collect(journal.audit.read());
        expect(entries).toEqual(all.slice(0, loaded.auditEntries));
        const appended = await restored.audit.append({
          event: "started",
          at: 1,
          principal: "desk",
        });
        expect(appended).toMatchObject({
          index: entries.length + 1,
          previous: entries.at(-1)?.hash,
        });
      },
    );
  }

  it("is never written over another file, and leaves none when the journal is damaged", async () => {
    const database = await (create.SQLite as () => Promise<TestDatabase>)();
    const journal = await database.open(identity);
    opened.push(journal);
    await journal.lanes.write(laneRecord());
    const path = join(folder, "once.age");
    await backupJournal(journal, path, identity);
    await expect(backupJournal(journal, path, identity)).rejects.toMatchObject({
      name: "FileExistsError",
    });
    await database.execute("update lanes set version = 9");
    const other = join(folder, "never.age");
    await expect(backupJournal(journal, other, identity)).rejects.toMatchObject({
      name: "JournalDamagedError",
    });
    await expect(stat(other)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("a restoration", () => {
  async function backup(name: string): Promise<string> {
    const journal = await open("SQLite");
    await journal.lanes.write(laneRecord());
    await journal.audit.append({ event: "started", at: 1, principal: "desk" });
    const path = join(folder, `${name}.age`);
    await backupJournal(journal, path, identity);
    return path;
  }

  it("goes into an empty journal only", async () => {
    const path = await backup("full");
    const fillers: ((journal: DatabaseJournal) => Promise<unknown>)[] = [
      ({ lanes }) => lanes.write(laneRecord()),
      ({ requests }) => requests.add(newRequest()),
      ({ transactions }) => transactions.reserve({ ...outerTransaction(undefined), atLeast: 0 }),
      ({ audit }) => audit.append({ event: "started", at: 1, principal: "desk" }),
      ({ pauses }) => pauses.set("*", true),
    ];
    for (const put of fillers) {
      const into = await open("SQLite");
      await put(into);
      await expect(restoreJournal(path, { into, identity, quietUntil })).rejects.toMatchObject({
        name: "JournalNotEmptyError",
      });
    }
  });

  it("takes nothing from a file that is damaged, cut off, or not the identity owner's", async () => {
    const path = await backup("whole");
    const bytes = await readFile(path);
    const write = async (name: string, content: Uint8Array) => {
      const changed = join(folder, `${name}.age`);
      await writeFile(changed, content);
      return changed;
    };
    // Whoever knows the public recipient can seal, but not authenticate: another salt, rows, or end.
    const lines = await collect(readSealedLines(path, identity));
    const forge = async (name: string, forged: string[]) => {
      const changed = join(folder, `${name}.age`);
      await writeSealedLines(changed, ReadableStream.from(forged), identity);
      return changed;
    };
    const flipped = Uint8Array.from(bytes);
    flipped[bytes.length - 40] = (flipped[bytes.length - 40] ?? 0) ^ 1;
    const changed = lines.map((line) =>
      line.replace('"seq":{"$bigint":"4"}', '"seq":{"$bigint":"3"}'),
    );
    expect(changed).not.toEqual(lines);
    const sealed = { name: "InvalidSealedFileError" };
    const invalid = { name: "InvalidBackupError" };
    const cases: [string, object][] = [
      [await write("flipped", flipped), sealed],
      [await write("cut", bytes.subarray(0, -50)), sealed],
      [await write("empty", new Uint8Array()), sealed],
      [await write("other", Buffer.from("nonsense")), sealed],
      [await forge("forged", changed), invalid],
      [await forge("shortened", lines.toSpliced(1, 1)), invalid],
      [await forge("endless", lines.slice(0, -1)), invalid],
      [await forge("longer", [...lines, lines[1] as string]), invalid],
      [await forge("text", ["nonsense"]), invalid],
      [await forge("nothing", []), invalid],
      [join(folder, "missing.age"), { name: "KeyFileError" }],
    ];
    const into = await open("SQLite");
    for (const [file, error] of cases) {
      await expect(restoreJournal(file, { into, identity, quietUntil })).rejects.toMatchObject(
        error,
      );
    }
    const stranger = await SealIdentity.generate();
    await expect(
      restoreJournal(path, { into, identity: stranger, quietUntil }),
    ).rejects.toMatchObject({ name: "WrongPassphraseError" });
    expect(await into.lanes.read(lane)).toBeUndefined();
    expect(await restoreJournal(path, { into, identity, quietUntil })).toMatchObject({ lanes: 1 });
    expect(await into.transactions.open(lane.chainId, submitter)).toEqual([]);
  });
});
