import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { inspect } from "node:util";
import { sql } from "kysely";
import type { PoolConfig } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyAuditLog } from "../../src/audit/hashChain.ts";
import type { DatabaseJournal } from "../../src/journal/databaseJournal.ts";
import { openPostgresJournal } from "../../src/journal/openPostgresJournal.ts";
import { openSqliteJournal } from "../../src/journal/openSqliteJournal.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import { lane, laneRecord, newRequest, outerTransaction } from "./support/records.ts";

const identity = await SealIdentity.generate();
const unavailable = (reason: string) => ({
  name: "JournalUnavailableError",
  message: expect.stringContaining(reason),
});

const mountDisk = (path: string, size: string) =>
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stdio: "ignore" });
const unmountDisk = (path: string) => execFileSync("umount", [path]);

/** Root may, outside of a container that takes the right away. */
const canMount = (() => {
  const path = mkdtempSync(join(tmpdir(), "zkmandate-mount-"));
  try {
    mountDisk(path, "1m");
    unmountDisk(path);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(path);
  }
})();

/** For what the server does in its own time. */
const patient = { timeout: 45_000 };

/** Every method that writes. */
const writes: [string, (journal: DatabaseJournal) => Promise<unknown>][] = [
  ["lanes.write", ({ lanes }) => lanes.write(laneRecord({ lane: 9 }))],
  ["ownership.claim", ({ ownership }) => ownership.claim(lane, "another", 1_000)],
  ["ownership.release", ({ ownership }) => ownership.release(lane, "owner")],
  ["requests.add", ({ requests }) => requests.add(newRequest())],
  [
    "transactions.reserve",
    ({ transactions }) => transactions.reserve({ ...outerTransaction(undefined), atLeast: 0 }),
  ],
  ["audit.append", ({ audit }) => audit.append({ event: "signed", at: 1, principal: "desk" })],
  ["pauses.set", ({ pauses }) => pauses.set("*", true)],
  ["ping", (journal) => journal.ping()],
];

/** A journal to which everything has happened once. */
async function used(journal: DatabaseJournal): Promise<DatabaseJournal> {
  await journal.lanes.write(laneRecord());
  await journal.ownership.claim(lane, "owner", 60_000);
  await journal.requests.add(newRequest());
  await journal.audit.append({ event: "started", at: 1, principal: "service" });
  return journal;
}

/** What must be as before after a fault. */
const standing = async (journal: DatabaseJournal) => ({
  lanes: [await journal.lanes.read(lane), await journal.lanes.read({ ...lane, lane: 9 })],
  requests: await journal.requests.list({}),
  transactions: await journal.transactions.open(lane.chainId, laneRecord().gate),
  pauses: await journal.pauses.list(),
  head: await journal.audit.head(),
});

describe("a journal in SQLite", () => {
  let folder: string;
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "zkmandate-faults-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const newPath = () => join(folder, `${count++}`, "journal.db");

  it("on a disk that is full says so, changes nothing, and goes on when there is room", async () => {
    const path = newPath();
    const journal = await used(await openSqliteJournal({ path, identity }));
    const before = await standing(journal);
    // SQLite's own answer to a full disk: the file is not to grow.
    const limitPages = (pages: number) =>
      journal.database.read((db) => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(db));
    await limitPages(1);
    let failure: unknown;
    while (failure === undefined) {
      await journal.requests.add(newRequest({ lane: 5 })).catch((error: unknown) => {
        failure = error;
      });
    }
    expect(failure).toMatchObject(unavailable("the disk is full"));
    const { requests, ...rest } = await standing(journal);
    expect({ ...rest, requests: requests.filter((request) => request.lane !== 5) }).toEqual(before);
    await limitPages(1_000_000);
    for (const [, write] of writes) await write(journal);
    await journal.close();
  });

  it.skipIf(!canMount)(
    "on a file system without room denies every write (needs the right to mount)",
    async () => {
      const mount = join(folder, `${count++}`);
      await mkdir(mount);
      mountDisk(mount, "2m");
      try {
        const journal = await used(
          await openSqliteJournal({ path: join(mount, "j.db"), identity }),
        );
        const before = await standing(journal);
        const filler = await open(join(mount, "filler"), "w");
        await expect(filler.writeFile(Buffer.alloc(4 << 20))).rejects.toMatchObject({
          code: "ENOSPC",
        });
        await filler.close();
        // The log's last page may still have room for the first of them.
        const large = laneRecord({ lane: 9, state: { levels: [], salt: 2n ** 60_000n } });
        await expect(journal.lanes.write(large)).rejects.toMatchObject(unavailable("the disk"));
        expect(await standing(journal)).toEqual(before);
        await rm(join(mount, "filler"));
        for (const [, write] of writes) await write(journal);
        expect(await verifyAuditLog(journal.audit.read())).toMatchObject({ entries: 2 });
        await journal.close();
      } finally {
        unmountDisk(mount);
      }
    },
  );

  it.skipIf(!canMount)(
    "on a file system that became read-only denies every write (needs the right to mount)",
    async () => {
      const mount = join(folder, `${count++}`);
      await mkdir(mount);
      mountDisk(mount, "8m");
      try {
        const path = join(mount, "j.db");
        await (await used(await openSqliteJournal({ path, identity }))).close();
        execFileSync("mount", ["-o", "remount,ro", mount]);
        await expect(openSqliteJournal({ path, identity })).rejects.toMatchObject(
          unavailable("read-only"),
        );
        execFileSync("mount", ["-o", "remount,rw", mount]);
        const journal = await openSqliteJournal({ path, identity });
        for (const [, write] of writes) await write(journal);
        await journal.close();
      } finally {
        unmountDisk(mount);
      }
    },
  );

  it("whose file may only be read denies every write, and works when it may be written", async () => {
    const path = newPath();
    const journal = await used(await openSqliteJournal({ path, identity }));
    const before = await standing(journal);
    // What SQLite answers on a read-only file, root or not.
    await journal.database.read((db) => sql`pragma query_only = on`.execute(db));
    for (const [, write] of writes) {
      await expect(write(journal)).rejects.toMatchObject(unavailable("it is read-only"));
    }
    expect(await standing(journal)).toEqual(before);
    await journal.database.read((db) => sql`pragma query_only = off`.execute(db));
    for (const [, write] of writes) await write(journal);
    await journal.close();
  });

  it("whose file was moved or replaced denies every write until it is back", async () => {
    const path = newPath();
    const journal = await used(await openSqliteJournal({ path, identity }));
    const before = await standing(journal);
    await rename(path, `${path}.away`);
    for (const [, write] of writes) {
      await expect(write(journal)).rejects.toMatchObject(unavailable("moved, deleted or replaced"));
    }
    await writeFile(path, "");
    await expect(journal.ping()).rejects.toMatchObject(unavailable("moved, deleted or replaced"));
    await rename(`${path}.away`, path);
    expect(await standing(journal)).toEqual(before);
    for (const [, write] of writes) await write(journal);
    await journal.close();
  });

  it("that another process holds waits for it, without stopping the process", async () => {
    const path = newPath();
    const journal = await used(await openSqliteJournal({ path, identity }));
    const other = new DatabaseSync(path);
    other.exec("begin immediate");
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
      if (turns === 20) other.exec("rollback");
    }, 5);
    await journal.ping();
    clearInterval(timer);
    // The timer ran while the journal waited.
    expect(turns).toBeGreaterThanOrEqual(20);
    other.exec("begin immediate");
    await expect(journal.ping()).rejects.toMatchObject(unavailable("another process holds it"));
    other.close();
    await journal.ping();
    await journal.close();
  });

  it.each([
    ["is not a database", (path: string) => writeFile(path, "nonsense ".repeat(1_000))],
    ["was cut off", (path: string) => truncate(path, 4_096)],
    ["lost pages", (path: string) => overwrite(path)],
  ])("whose file %s is refused", async (_, damage) => {
    const path = newPath();
    await (await used(await openSqliteJournal({ path, identity }))).close();
    await damage(path);
    const journal = openSqliteJournal({ path, identity }).then(async (opened) => {
      try {
        await standing(opened);
      } finally {
        await opened.close();
      }
    });
    await expect(journal).rejects.toMatchObject({ name: "JournalDamagedError" });
  });

  it("in a place where no file can be made says so", async () => {
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file", "journal.db");
    await expect(openSqliteJournal({ path, identity })).rejects.toMatchObject({
      name: "JournalUnavailableError",
    });
  });
});

/** Writes over everything but the first page. */
async function overwrite(path: string): Promise<void> {
  const file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size - 4_096, 0xa5), 0, size - 4_096, 4_096);
  await file.close();
}

describe.skipIf(!hasPostgres())(
  "a journal in PostgreSQL (needs npm's server for the platform)",
  () => {
    let server: PostgresServer;
    let count = 0;
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.remove());

    const openJournal = (schema: string, pool: PoolConfig = {}) =>
      openPostgresJournal({ connectionString: server.connectionString, pool, schema, identity });

    it("whose server stops denies everything, and works again when it is back, without hands", async () => {
      const schema = `desk ${count++}`;
      const journal = await used(await openJournal(schema));
      const before = await standing(journal);
      await server.stop();
      for (let round = 0; round < 2; round++) {
        for (const [, write] of writes) {
          await expect(write(journal)).rejects.toMatchObject({ name: "JournalUnavailableError" });
        }
        await expect(journal.lanes.read(lane)).rejects.toMatchObject({
          name: "JournalUnavailableError",
        });
      }
      await expect(openJournal(schema)).rejects.toMatchObject(unavailable("nothing listens there"));
      await server.start();
      expect(await standing(journal)).toEqual(before);
      for (const [, write] of writes) await write(journal);
      expect(await verifyAuditLog(journal.audit.read())).toMatchObject({ entries: 2 });
      await journal.close();
    });

    it("whose connections are cut in the middle of the work recovers by itself", async () => {
      const journal = await used(await openJournal(`desk ${count++}`));
      for (let round = 0; round < 5; round++) {
        const appends = Array.from({ length: 20 }, (_, i) =>
          journal.requests.add(newRequest({ idempotencyKey: `${round}-${i}` })),
        );
        const cut = server.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and application_name = 'zkmandate'",
        );
        const results = await Promise.allSettled([...appends, cut]);
        for (const result of results) {
          if (result.status === "rejected")
            expect(result.reason.name).toBe("JournalUnavailableError");
        }
        // Asked again, each is recorded once, whatever became of the first attempt.
        for (let i = 0; i < 20; i++) {
          const request = newRequest({ idempotencyKey: `${round}-${i}` });
          // The server cuts a connection when it comes to it, perhaps only now.
          await expect.poll(() => journal.requests.add(request), patient).toBeDefined();
        }
      }
      expect(await journal.requests.list({})).toHaveLength(101);
      await journal.close();
    });

    it("that became read-only denies every write, and works when it is writable again", async () => {
      // One connection: a session takes the setting over between two statements, each for itself.
      const journal = await used(await openJournal(`desk ${count++}`, { max: 1 }));
      const before = await standing(journal);
      const setReadOnly = async (value: "on" | "off") => {
        await server.query(`alter system set default_transaction_read_only = ${value}`);
        await server.query("select pg_reload_conf()");
      };
      await setReadOnly("on");
      await expect
        .poll(() => journal.ping().catch((error: unknown) => error), patient)
        .toMatchObject(unavailable("it is read-only"));
      const results = await Promise.allSettled(writes.map(([, write]) => write(journal)));
      for (const result of results) {
        expect(result).toMatchObject({
          status: "rejected",
          reason: unavailable("it is read-only"),
        });
      }
      expect(await standing(journal)).toEqual(before);
      await setReadOnly("off");
      await expect.poll(() => journal.ping().then(() => "pong"), patient).toBe("pong");
      for (const [, write] of writes) await write(journal);
      await journal.close();
    });

    it("flushes each commit even if the server's default is not to", async () => {
      await server.query("alter system set synchronous_commit = off");
      await server.query("select pg_reload_conf()");
      const journal = await openJournal(`desk ${count++}`);
      const read = await journal.database.read((db) =>
        sql<{ mode: string }>`select current_setting('synchronous_commit') as mode`.execute(db),
      );
      expect(read.rows).toEqual([{ mode: "on" }]);
      await journal.close();
      await server.query("alter system reset synchronous_commit");
      await server.query("select pg_reload_conf()");
    });

    it("on a server that does not flush its files is refused", async () => {
      await server.query("alter system set fsync = off");
      await server.query("select pg_reload_conf()");
      const open = () => openJournal("never made").then((journal) => journal.close());
      await expect
        .poll(() => open().catch((error: unknown) => error), patient)
        .toMatchObject(unavailable("fsync = off"));
      await server.query("alter system reset fsync");
      await server.query("select pg_reload_conf()");
    });

    it("never shows its password in an error", async () => {
      const { connectionString } = server;
      const wrong = connectionString.replace("only-for-tests", "wrong-password");
      const error = await openPostgresJournal({ connectionString: wrong, identity }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject(unavailable("the server refuses the login"));
      expect(inspect(error, { depth: 9 })).not.toContain("wrong-password");
    });
  },
);
