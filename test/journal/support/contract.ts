import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditContent, AuditEntry } from "../../../src/audit/auditEntry.ts";
import { verifyAuditLog } from "../../../src/audit/hashChain.ts";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import type { RequestRecord } from "../../../src/journal/request.ts";
import { SealIdentity } from "../../../src/keys/sealed.ts";
import {
  attempt,
  gate,
  hash,
  lane,
  laneRecord,
  newRequest,
  outerTransaction,
  planted,
  plantedHex,
  plantedNumber,
  signedCall,
  submitter,
} from "./records.ts";

/** An empty database that a test may do anything to. */
export interface TestDatabase {
  /** Another handle on it, as another process would have. */
  open(identity: SealIdentity): Promise<DatabaseJournal>;
  /** SQL behind the journal's back. */
  execute(statement: string): Promise<void>;
  /** Every byte of it that lies on the disk. */
  bytes(): Promise<Buffer>;
}

const otherLane = { ...lane, lane: 1 };
const note = (changes: Partial<AuditContent> = {}): AuditContent => ({
  event: "signed",
  at: 1_700_000_000_000,
  principal: "desk",
  ...lane,
  seq: "4",
  ...changes,
});

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What every journal does, whatever its database. */
export function journalContract(create: () => Promise<TestDatabase>): void {
  let database: TestDatabase;
  let identity: SealIdentity;
  let journal: DatabaseJournal;
  /** A second handle on the same database. */
  let rival: DatabaseJournal;

  beforeEach(async () => {
    database = await create();
    identity = await SealIdentity.generate();
    // Both find an empty database: one of them makes the tables.
    [journal, rival] = await Promise.all([database.open(identity), database.open(identity)]);
  });
  afterEach(() => Promise.all([journal.close(), rival.close()]));

  async function reopen(): Promise<void> {
    await journal.close();
    journal = await database.open(identity);
  }

  describe("lane records", () => {
    it("come back as they were written, bigints included, after reopening too", async () => {
      expect(await journal.lanes.read(lane)).toBeUndefined();
      const written = await journal.lanes.write(laneRecord());
      expect(written).toEqual({ ...laneRecord(), version: 1 });
      await reopen();
      expect(await journal.lanes.read(lane)).toEqual(written);
      expect(await journal.lanes.read(otherLane)).toBeUndefined();
      const lower = { ...lane, gate: gate.toLowerCase() as typeof gate };
      expect(await journal.lanes.read(lower)).toEqual(written);
    });

    it("are replaced only from the version that stands", async () => {
      const first = await journal.lanes.write(laneRecord());
      const second = await journal.lanes.write({ ...first, seq: 5n });
      expect(second).toMatchObject({ version: 2, seq: 5n });
      const conflict = { name: "LaneConflictError" };
      await expect(journal.lanes.write({ ...first, seq: 6n })).rejects.toMatchObject(conflict);
      await expect(journal.lanes.write(laneRecord())).rejects.toMatchObject(conflict);
      const missing = laneRecord({ ...otherLane, version: 3 });
      await expect(journal.lanes.write(missing)).rejects.toMatchObject(conflict);
      expect(await journal.lanes.read(lane)).toEqual(second);
    });

    it("have one winner when two processes write from the same version", async () => {
      let record = await journal.lanes.write(laneRecord());
      for (let round = 0; round < 10; round++) {
        const writers = [journal, rival, journal, rival];
        const results = await Promise.allSettled(
          writers.map(({ lanes }, i) => lanes.write({ ...record, seq: BigInt(10 * round + i) })),
        );
        const won = results.filter((result) => result.status === "fulfilled");
        expect(won).toHaveLength(1);
        for (const result of results) {
          if (result.status === "rejected") expect(result.reason.name).toBe("LaneConflictError");
        }
        record = (await rival.lanes.read(lane)) as typeof record;
        expect(record).toEqual(won[0]?.value);
      }
    });

    it("are worked on by one task at a time, in turn, whatever becomes of the others", async () => {
      const order: number[] = [];
      let running = 0;
      const tasks = [0, 1, 2, 3].map((i) =>
        journal.lanes.exclusive(lane, async () => {
          running += 1;
          expect(running).toBe(1);
          await delay(5);
          order.push(i);
          running -= 1;
          if (i === 1) throw new Error("this one fails");
          return i;
        }),
      );
      // Another lane does not wait.
      expect(await journal.lanes.exclusive(otherLane, async () => order.length)).toBe(0);
      const results = await Promise.allSettled(tasks);
      expect(order).toEqual([0, 1, 2, 3]);
      expect(results.map(({ status }) => status === "fulfilled")).toEqual([
        true,
        false,
        true,
        true,
      ]);
    });
  });

  describe("a lease", () => {
    it("has one owner, who can renew it and give it back", async () => {
      expect(await journal.ownership.claim(lane, "a", 60_000)).toBe(true);
      expect(await rival.ownership.claim(lane, "b", 60_000)).toBe(false);
      expect(await rival.ownership.claim(otherLane, "b", 60_000)).toBe(true);
      expect(await journal.ownership.claim(lane, "a", 60_000)).toBe(true);
      // Only the owner can give it back.
      await rival.ownership.release(lane, "b");
      expect(await rival.ownership.claim(lane, "b", 60_000)).toBe(false);
      await journal.ownership.release(lane, "a");
      expect(await rival.ownership.claim(lane, "b", 60_000)).toBe(true);
      expect(await journal.ownership.claim(lane, "a", 60_000)).toBe(false);
    });

    it("goes to one of many who want it", async () => {
      for (let round = 0; round < 5; round++) {
        const wanted = { ...lane, lane: 10 + round };
        const claims = await Promise.all(
          [journal, rival, journal, rival].map(({ ownership }, i) =>
            ownership.claim(wanted, `owner ${i}`, 60_000),
          ),
        );
        expect(claims.filter(Boolean)).toHaveLength(1);
      }
    });

    it("keeps its owner however the time of day is stepped", async () => {
      const now = Date.now();
      vi.useFakeTimers({ toFake: ["Date"] });
      try {
        expect(await journal.ownership.claim(lane, "a", 60_000)).toBe(true);
        for (const step of [-86_400_000, 86_400_000, -1, 0]) {
          vi.setSystemTime(now + step);
          expect(await rival.ownership.claim(lane, "b", 60_000)).toBe(false);
          expect(await journal.ownership.claim(lane, "a", 60_000)).toBe(true);
        }
      } finally {
        vi.useRealTimers();
      }
      // Nor does the database keep a time that its own clock could be compared with.
      const row = await journal.database.read((db) =>
        db.selectFrom("leases").selectAll().executeTakeFirstOrThrow(),
      );
      const columns = ["chain_id", "gate", "lane", "owner", "term", "ttl_ms"];
      expect(Object.keys(row).toSorted()).toEqual(columns);
    });

    it("is taken over once its owner has not renewed it for its length, never before", async () => {
      const ttl = 150;
      let heldUntil = performance.now() + ttl;
      expect(await journal.ownership.claim(lane, "a", ttl)).toBe(true);
      for (let renewals = 0; renewals < 3; renewals++) {
        expect(await rival.ownership.claim(lane, "b", ttl)).toBe(false);
        await delay(20);
        heldUntil = performance.now() + ttl;
        // Whoever was not held up may renew; on a slow machine the rival may have it by right.
        if (!(await journal.ownership.claim(lane, "a", ttl))) return;
      }
      while (!(await rival.ownership.claim(lane, "b", 60_000))) await delay(10);
      expect(performance.now()).toBeGreaterThanOrEqual(heldUntil);
      expect(await journal.ownership.claim(lane, "a", ttl)).toBe(false);
    });
  });

  describe("requests", () => {
    it("that may land although they are reported as failed are found, and kept, until they cannot", async () => {
      const [{ request: one }, { request: other }] = [
        await journal.requests.add(newRequest()),
        await journal.requests.add(newRequest(otherLane)),
      ];
      const failure = { reason: "reverted", message: "it reverted" };
      for (const { id } of [one, other]) {
        await journal.requests.advance(id, "queued", { status: "failed", failure, mayLand: true });
      }
      await reopen();
      const listed = await journal.requests.list({ lane, mayLand: true });
      expect(listed.map(({ id, mayLand }) => [id, mayLand])).toEqual([[one.id, true]]);
      await journal.prune({ before: Date.now() + 1_000 });
      expect(await rival.requests.list({ mayLand: true })).toHaveLength(2);
      await rival.requests.advance(one.id, "failed", { mayLand: undefined });
      expect(await journal.requests.list({ lane, mayLand: true })).toEqual([]);
      await journal.prune({ before: Date.now() + 1_000 });
      expect((await journal.requests.list({})).map(({ id }) => id)).toEqual([other.id]);
    });

    it("are recorded, found and listed in the order of their arrival", async () => {
      const added: RequestRecord[] = [];
      for (const number of [0, 1, 0, 1, 0]) {
        const request = newRequest({ lane: number, validFor: 120n });
        const { request: record, isNew } = await journal.requests.add(request);
        expect(record).toMatchObject({ ...request, status: "queued", transactions: [] });
        expect(isNew).toBe(true);
        added.push(record);
      }
      expect(await rival.requests.get(added[2]?.id as string)).toEqual(added[2]);
      expect(await rival.requests.get("no such id")).toBeUndefined();
      expect(await rival.requests.list({})).toEqual(added);
      expect(await rival.requests.list({ limit: 2 })).toEqual(added.slice(0, 2));
      const ofLane = added.filter(({ lane: number }) => number === 1);
      expect(await rival.requests.list({ lane: otherLane })).toEqual(ofLane);
      const id = added[0]?.id as string;
      const denied = await journal.requests.advance(id, "queued", { status: "denied" });
      expect(await rival.requests.list({ statuses: ["denied", "failed"] })).toEqual([denied]);
      expect(await rival.requests.list({ statuses: [] })).toEqual([]);
      expect(await rival.requests.list({ lane, statuses: ["queued"] })).toHaveLength(2);
      expect(await rival.requests.count()).toEqual({ denied: 1, queued: 4 });
      expect(await rival.requests.count(lane)).toEqual({ denied: 1, queued: 2 });
    });

    it("are the same with the same idempotency key of the same principal", async () => {
      const idempotencyKey = "order-1";
      const { request } = await journal.requests.add(newRequest({ idempotencyKey }));
      await reopen();
      const again = newRequest({ idempotencyKey, lane: 1 });
      const respelt = { ...again, submitter: submitter.toUpperCase().replace("X", "x") as never };
      for (const same of [again, respelt]) {
        expect(await journal.requests.find(same)).toEqual(request);
        expect(await journal.requests.add(same)).toEqual({ request, isNew: false });
      }
      const ofBot = newRequest({ idempotencyKey, principal: "bot" });
      expect(await journal.requests.find(ofBot)).toBeUndefined();
      const other = await journal.requests.add(ofBot);
      expect(other.isNew).toBe(true);
      expect(await journal.requests.find(newRequest())).toBeUndefined();
      expect((await journal.requests.add(newRequest())).isNew).toBe(true);
      expect((await journal.requests.add(newRequest())).isNew).toBe(true);
    });

    it("of another content are refused under a key that was used", async () => {
      const idempotencyKey = "order-1";
      const { call } = newRequest();
      await journal.requests.add(newRequest({ idempotencyKey }));
      const others = [
        { kind: "sign" as const },
        { call: { ...call, value: call.value + 1n } },
        { call: { ...call, data: `${call.data}00` as const } },
        { call: { ...call, target: submitter } },
        { submitter: gate },
        { validFor: 1n },
        { chainId: 1 },
        { gate: submitter },
      ];
      for (const changes of others) {
        const other = newRequest({ idempotencyKey, ...changes });
        for (const ask of [journal.requests.add, journal.requests.find]) {
          await expect(ask(other)).rejects.toMatchObject({ name: "IdempotencyConflictError" });
        }
      }
      expect(await journal.requests.count()).toEqual({ queued: 1 });
    });

    it("are recorded once when several processes are asked at once", async () => {
      const results = await Promise.all(
        [journal, rival, journal, rival].map(({ requests }) =>
          requests.add(newRequest({ idempotencyKey: "order-1" })),
        ),
      );
      expect(new Set(results.map(({ request }) => request.id)).size).toBe(1);
      expect(results.filter(({ isNew }) => isNew)).toHaveLength(1);
    });

    it("advance from the status that they stand at, and from no other", async () => {
      const { id } = (await journal.requests.add(newRequest())).request;
      const signed = signedCall();
      const record = await journal.requests.advance(id, "queued", { status: "signed", signed });
      expect(record).toMatchObject({ id, status: "signed", signed });
      expect(await rival.requests.get(id)).toEqual(record);
      const conflict = { name: "RequestConflictError", received: "signed" };
      await expect(
        rival.requests.advance(id, "queued", { status: "denied" }),
      ).rejects.toMatchObject(conflict);
      await expect(
        rival.requests.advance("no such id", "queued", { status: "denied" }),
      ).rejects.toMatchObject({ name: "RequestConflictError", received: undefined });
      const failure = { reason: "lane-busy", message: "later" };
      const results = await Promise.allSettled(
        [journal, rival, journal].map(({ requests }) =>
          requests.advance(id, "signed", { status: "failed", failure }),
        ),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(await rival.requests.get(id)).toMatchObject({ status: "failed", failure, signed });
    });

    it("advance together with what the audit log says of it, or neither happens", async () => {
      const { request } = await journal.requests.add(newRequest());
      const { id } = request;
      const conflict = { name: "RequestConflictError" };
      const landed = note({ event: "landed", request: id });
      await expect(
        journal.requests.advance(id, "signed", { status: "landed" }, landed),
      ).rejects.toMatchObject(conflict);
      expect(await collect(journal.audit.read())).toEqual([]);

      const signed = note({ request: id });
      await journal.requests.advance(id, "queued", { status: "signed" }, signed);
      await expect(
        rival.requests.advance(id, "queued", { status: "signed" }, signed),
      ).rejects.toMatchObject(conflict);
      expect(await collect(journal.audit.read())).toMatchObject([{ ...signed, index: 1 }]);

      // What is no entry of the log, or finds the log damaged, moves nothing.
      await expect(
        journal.requests.advance(id, "signed", { status: "landed" }, note({ at: Number.NaN })),
      ).rejects.toThrow();
      await database.execute("update audit_head set position = 0");
      await expect(
        journal.requests.advance(id, "signed", { status: "landed" }, landed),
      ).rejects.toMatchObject({ name: "JournalDamagedError" });
      expect(await rival.requests.get(id)).toMatchObject({ status: "signed" });
    });

    it("of several processes advance at once, and the audit log stays one chain", async () => {
      const added = await Promise.all(
        Array.from({ length: 40 }, () => journal.requests.add(newRequest())),
      );
      await Promise.all(
        added.map(async ({ request: { id } }, i) => {
          const handle = i % 2 ? journal : rival;
          await handle.requests.advance(id, "queued", { status: "signed" }, note({ request: id }));
          await handle.audit.append(note({ event: "submitted", request: id }));
          const landed = note({ event: "landed", request: id });
          await handle.requests.advance(id, "signed", { status: "landed" }, landed);
        }),
      );
      const entries = await collect(journal.audit.read());
      expect(await verifyAuditLog(entries)).toMatchObject({ isIntact: true, entries: 120 });
      for (const { request: one } of added) {
        const events = entries.flatMap(({ request, event }) => (request === one.id ? event : []));
        expect(events).toEqual(["signed", "submitted", "landed"]);
      }
    });

    it("are found by every hash of a transaction that carried them", async () => {
      const { id } = (await journal.requests.add(newRequest())).request;
      await journal.requests.advance(id, "queued", { transactions: [hash(1)] });
      const transaction = await journal.transactions.reserve({
        ...outerTransaction(id),
        atLeast: 0,
      });
      const attempts = [attempt(2), attempt(0xab)];
      await journal.transactions.save({ ...transaction, attempts });
      for (const known of [hash(1), hash(2), hash(0xab).toUpperCase().replace("X", "x")]) {
        expect(await rival.requests.byTransaction(known as never)).toMatchObject({ id });
      }
      expect(await rival.requests.byTransaction(hash(3))).toBeUndefined();
    });
  });

  describe("outer transactions", () => {
    async function request(): Promise<string> {
      return (await journal.requests.add(newRequest())).request.id;
    }

    it("take one nonce after another, above what the chain has seen", async () => {
      const input = outerTransaction(undefined);
      const nonces: number[] = [];
      for (const atLeast of [5, 5, 0, 9, 9]) {
        nonces.push((await journal.transactions.reserve({ ...input, atLeast })).nonce);
      }
      expect(nonces).toEqual([5, 6, 7, 9, 10]);
      const elsewhere = { ...input, chainId: 1, atLeast: 0 };
      expect((await journal.transactions.reserve(elsewhere)).nonce).toBe(0);
    });

    it("of one request are one, whoever asks", async () => {
      const id = await request();
      const reserve = (handle: DatabaseJournal) =>
        handle.transactions.reserve({ ...outerTransaction(id), atLeast: 3 });
      const all = await Promise.all([journal, rival, journal, rival].map(reserve));
      for (const transaction of all) expect(transaction).toEqual(all[0]);
      expect(all[0]).toMatchObject({ ...outerTransaction(id), nonce: 3, status: "reserved" });
      expect(await rival.transactions.ofRequest(id)).toEqual(all[0]);
      expect(await rival.transactions.ofRequest(await request())).toBeUndefined();
    });

    it("of many processes share no nonce and leave no gap", async () => {
      const all = await Promise.all(
        Array.from({ length: 24 }, (_, i) =>
          (i % 2 ? journal : rival).transactions.reserve({
            ...outerTransaction(undefined),
            atLeast: 7,
          }),
        ),
      );
      const nonces = all.map(({ nonce }) => nonce).toSorted((a, b) => a - b);
      expect(nonces).toEqual(Array.from({ length: 24 }, (_, i) => 7 + i));
    });

    it("are kept with every version that was signed, and are open until mined", async () => {
      const first = await journal.transactions.reserve({
        ...outerTransaction(await request()),
        atLeast: 0,
      });
      const second = await journal.transactions.reserve({
        ...outerTransaction(undefined),
        atLeast: 0,
      });
      const sent = { ...first, attempts: [attempt(1)], status: "sent" as const };
      await journal.transactions.save(sent);
      expect(await rival.transactions.open(lane.chainId, submitter)).toEqual([sent, second]);
      const replaced = { ...sent, attempts: [attempt(1), attempt(2)], to: submitter, value: 0n };
      await rival.transactions.save(replaced);
      const mined = { hash: hash(2), blockNumber: 7n, blockHash: hash(3), success: true };
      await rival.transactions.save({ ...replaced, status: "mined", mined });
      expect(await journal.transactions.open(lane.chainId, submitter)).toEqual([second]);
      const from = (nonce: number) => journal.transactions.open(lane.chainId, submitter, nonce);
      expect((await from(sent.nonce)).map(({ nonce }) => nonce)).toEqual([
        sent.nonce,
        second.nonce,
      ]);
      expect(await from(second.nonce)).toEqual([second]);
      expect(await from(second.nonce + 1)).toEqual([second]);
      // A reorganisation takes it back.
      await rival.transactions.save(replaced);
      expect(await journal.transactions.open(lane.chainId, submitter)).toEqual([replaced, second]);
    });

    it("never lose a version that was signed, nor change what they carry", async () => {
      const id = await request();
      const reserved = await journal.transactions.reserve({ ...outerTransaction(id), atLeast: 0 });
      await journal.transactions.save({ ...reserved, attempts: [attempt(1)] });
      const conflict = { name: "TransactionConflictError" };
      const wrong = [
        reserved,
        { ...reserved, attempts: [attempt(2)] },
        { ...reserved, attempts: [attempt(1)], request: await request() },
        { ...reserved, attempts: [attempt(1)], nonce: 99 },
      ];
      for (const transaction of wrong) {
        await expect(rival.transactions.save(transaction)).rejects.toMatchObject(conflict);
      }
      // Of two processes that each sign a replacement, one is told.
      const results = await Promise.allSettled(
        [journal, rival].map(({ transactions }, i) =>
          transactions.save({ ...reserved, attempts: [attempt(1), attempt(10 + i)] }),
        ),
      );
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    it("are not reserved for a request that has ended, and one that is reserved stays", async () => {
      for (const status of ["denied", "failed", "expired", "final"] as const) {
        const input = { ...outerTransaction(await request()), atLeast: 0 };
        await journal.requests.advance(input.request as string, "queued", { status });
        await expect(rival.transactions.reserve(input)).rejects.toMatchObject({
          name: "RequestConflictError",
          received: status,
        });
      }
      const input = { ...outerTransaction(await request()), atLeast: 0 };
      const reserved = await journal.transactions.reserve(input);
      expect(reserved.nonce).toBe(0);
      await journal.requests.advance(input.request as string, "queued", { status: "failed" });
      expect(await rival.transactions.reserve(input)).toEqual(reserved);
    });

    it("are not reserved for a request that nobody recorded", async () => {
      await expect(
        journal.transactions.reserve({ ...outerTransaction("no such id"), atLeast: 0 }),
      ).rejects.toMatchObject({ name: "RequestConflictError" });
      const next = await journal.transactions.reserve({
        ...outerTransaction(undefined),
        atLeast: 0,
      });
      expect(next.nonce).toBe(0);
    });
  });

  describe("the audit log", () => {
    it("is one chain, in order, from any index on", async () => {
      expect(await journal.audit.head()).toBeUndefined();
      expect(await collect(journal.audit.read())).toEqual([]);
      const entries: AuditEntry[] = [];
      for (const seq of ["1", "2", "3"]) entries.push(await journal.audit.append(note({ seq })));
      await reopen();
      entries.push(await rival.audit.append(note({ event: "landed", transaction: hash(1) })));
      expect(await collect(journal.audit.read())).toEqual(entries);
      expect(await collect(journal.audit.read(3))).toEqual(entries.slice(2));
      expect(await collect(journal.audit.read(5))).toEqual([]);
      expect(await collect(journal.audit.read(99))).toEqual([]);
      expect(await journal.audit.head()).toEqual(entries.at(-1));
      expect(await verifyAuditLog(entries)).toMatchObject({ isIntact: true, entries: 4 });
    });

    it("stays one chain when several processes write at once, and while it is read", async () => {
      const write = (handle: DatabaseJournal, i: number) =>
        handle.audit.append(note({ seq: `${i}` }));
      await Promise.all(Array.from({ length: 30 }, (_, i) => write(i % 2 ? journal : rival, i)));
      const read: AuditEntry[] = [];
      for await (const entry of journal.audit.read()) {
        // A reader may write: the log that it reads does not stand still.
        if (entry.index === 1) await journal.audit.append(note({ event: "stopped" }));
        read.push(entry);
      }
      expect(new Set(read.map(({ seq }) => seq)).size).toBe(30);
      expect(await verifyAuditLog(read)).toMatchObject({ isIntact: true });
      expect((await journal.audit.head())?.index).toBe(31);
    });

    it("takes what it can hold, and nothing with it that it cannot", async () => {
      const wrong = note({ at: Number.NaN });
      const results = await Promise.allSettled(
        [note(), wrong, note(), wrong, note()].map((content) => journal.audit.append(content)),
      );
      const isWritten = results.map(({ status }) => status === "fulfilled");
      expect(isWritten).toEqual([true, false, true, false, true]);
      expect(await verifyAuditLog(journal.audit.read())).toMatchObject({ entries: 3 });
    });

    it("is read to the end however long it is", async () => {
      // More than a page.
      await Promise.all(Array.from({ length: 600 }, () => journal.audit.append(note())));
      const result = await verifyAuditLog(rival.audit.read());
      expect(result).toMatchObject({ isIntact: true, entries: 600 });
    });

    it.each([
      ["changed", `update audit set entry = replace(entry, 'desk', 'dusk') where position = 3`, 3],
      ["taken out", "delete from audit where position = 3", 3],
      ["cut off", "delete from audit where position > 3", 4],
      ["emptied", "delete from audit", 1],
      ["written over", "update audit set entry = 'nonsense' where position = 2", 2],
    ])("that was %s in the database is refused at that entry", async (_, statement, index) => {
      for (let i = 0; i < 5; i++) await journal.audit.append(note());
      await database.execute(statement);
      const error = {
        name: "JournalDamagedError",
        message: expect.stringContaining(`entry ${index}`),
      };
      await expect(collect(journal.audit.read())).rejects.toMatchObject(error);
    });

    it("whose head was set back or taken away takes no more entries", async () => {
      for (let i = 0; i < 2; i++) await journal.audit.append(note());
      const damaged = { name: "JournalDamagedError" };
      for (const statement of ["update audit_head set position = 1", "delete from audit_head"]) {
        await database.execute(statement);
        await expect(journal.audit.append(note())).rejects.toMatchObject(damaged);
        await expect(journal.audit.head()).rejects.toMatchObject(damaged);
        await expect(collect(journal.audit.read())).rejects.toMatchObject(damaged);
      }
    });
  });

  describe("pauses", () => {
    it("stand until they are lifted, for one gate or for all", async () => {
      expect(await journal.pauses.list()).toEqual([]);
      await journal.pauses.set(gate, true);
      await journal.pauses.set(gate, true);
      await journal.pauses.set("*", true);
      await reopen();
      expect(await rival.pauses.list()).toEqual(["*", gate.toLowerCase()]);
      await rival.pauses.set("*", false);
      await rival.pauses.set("*", false);
      expect(await journal.pauses.list()).toEqual([gate.toLowerCase()]);
    });
  });

  describe("pruning", () => {
    it("forgets what is finished and old, and never a nonce or the audit log", async () => {
      type Step = RequestRecord["status"] | { carriedBy: "sent" | "mined" };
      const add = async (kind: "sign" | "send", ...path: Step[]) => {
        const { request } = await journal.requests.add(newRequest({ kind }));
        let from = request.status;
        for (const step of path) {
          if (typeof step === "object") {
            await send(request.id, step.carriedBy);
            continue;
          }
          await journal.requests.advance(request.id, from, { status: step });
          from = step;
        }
        return request.id;
      };
      const send = async (id: string, status: "sent" | "mined") => {
        const input = { ...outerTransaction(id), atLeast: 0 };
        const transaction = await journal.transactions.reserve(input);
        const attempts = [attempt(transaction.nonce + 1)];
        await journal.transactions.save({ ...transaction, attempts, status });
      };
      await add("send", "signed", { carriedBy: "mined" }, "submitted", "landed", "final");
      await add("send", "denied");
      await add("sign", "signed");
      const kept = [
        await add("send"),
        await add("send", "signed"),
        await add("send", { carriedBy: "sent" }, "failed"),
        await add("send", "landed"),
      ];
      await journal.audit.append(note());

      expect(await journal.prune({ before: 0 })).toEqual({ requests: 0, transactions: 0 });
      const before = Date.now() + 60_000;
      expect(await journal.prune({ before })).toEqual({ requests: 3, transactions: 1 });
      expect((await rival.requests.list({})).map(({ id }) => id)).toEqual(kept);
      expect(await rival.requests.byTransaction(hash(1))).toBeUndefined();
      expect(await rival.requests.byTransaction(hash(2))).toMatchObject({ id: kept[2] });
      expect(await collect(rival.audit.read())).toHaveLength(1);
      const next = await rival.transactions.reserve({ ...outerTransaction(undefined), atLeast: 0 });
      expect(next.nonce).toBe(2);
    });
  });

  describe("secrets", () => {
    async function plant(): Promise<string> {
      const { id } = (
        await journal.requests.add(newRequest({ idempotencyKey: planted, principal: planted }))
      ).request;
      const failure = { reason: "denied", message: planted };
      await journal.requests.advance(id, "queued", { signed: signedCall(), failure });
      await journal.lanes.write(laneRecord());
      const input = { ...outerTransaction(id), atLeast: 0 };
      const transaction = await journal.transactions.reserve(input);
      await journal.transactions.save({ ...transaction, attempts: [attempt(1)] });
      return id;
    }

    it("are nowhere in the database's files, in no form", async () => {
      await plant();
      // What is not encrypted is found this way: the search works.
      await journal.audit.append(note({ principal: "PLAIN-PRINCIPAL" }));
      const check = async () => {
        const bytes = await database.bytes();
        expect(bytes.includes("PLAIN-PRINCIPAL")).toBe(true);
        const forms = [planted, plantedHex.slice(2), `${plantedNumber}`, `${plantedNumber + 1n}`];
        for (const form of [...forms, Buffer.from(planted).toString("base64"), identity.reveal()]) {
          expect(bytes.includes(form)).toBe(false);
        }
      };
      await check();
      await Promise.all([journal.close(), rival.close()]);
      await check();
    });

    it("do not open with another identity, which is said when opening", async () => {
      await plant();
      await expect(database.open(await SealIdentity.generate())).rejects.toMatchObject({
        name: "WrongIdentityError",
      });
      expect(await journal.lanes.read(lane)).toMatchObject({ seq: 4n });
    });

    it("are refused in a row that they were not written to", async () => {
      const id = await plant();
      const damaged = { name: "JournalDamagedError" };
      const first = await journal.lanes.write(laneRecord(otherLane));
      await journal.lanes.write(first);

      // Another lane's record, at a version that both have.
      await database.execute("update lanes set version = 2 where lane = 0");
      await expect(journal.lanes.read(lane)).rejects.toMatchObject(damaged);
      await database.execute(
        "update lanes set payload = (select payload from lanes as other where other.lane = 1) where lane = 0",
      );
      await expect(journal.lanes.read(lane)).rejects.toMatchObject(damaged);
      await database.execute("update lanes set lane = 7 where lane = 1");
      await expect(journal.lanes.read({ ...lane, lane: 7 })).rejects.toMatchObject(damaged);

      await database.execute("update requests set status = 'queued', version = 1");
      await expect(journal.requests.get(id)).rejects.toMatchObject(damaged);
      await database.execute("update transactions set status = 'mined'");
      await expect(journal.transactions.ofRequest(id)).rejects.toMatchObject(damaged);
      await database.execute("update transactions set nonce = 5, status = 'reserved'");
      await expect(journal.transactions.ofRequest(id)).rejects.toMatchObject(damaged);
    });

    it("are refused when the row says another status than they do", async () => {
      const id = await plant();
      await journal.requests.advance(id, "queued", { status: "landed" });
      await database.execute("update requests set status = 'queued'");
      await expect(journal.requests.get(id)).rejects.toMatchObject({
        name: "JournalDamagedError",
        message: expect.stringMatching(/the row says \w+ queued on .*, the record \w+ landed on /),
      });
    });

    it("are refused when the row puts them elsewhere than they say", async () => {
      const id = await plant();
      const damaged = { name: "JournalDamagedError" };
      const { request: other } = await journal.requests.add(newRequest());
      await database.execute(`update transactions set request_id = '${other.id}'`);
      await expect(journal.transactions.ofRequest(other.id)).rejects.toMatchObject(damaged);
      await database.execute(`update requests set lane = 1 where id = '${id}'`);
      await expect(journal.requests.list({ lane: otherLane })).rejects.toMatchObject(damaged);
      await database.execute(`update requests set kind = 'sign' where id = '${other.id}'`);
      await expect(journal.requests.list({ lane })).rejects.toMatchObject(damaged);
      const { request: quiet } = await journal.requests.add(newRequest());
      await journal.requests.advance(quiet.id, "queued", { status: "failed", mayLand: true });
      await database.execute(`update requests set may_land = null where id = '${quiet.id}'`);
      await expect(journal.requests.get(quiet.id)).rejects.toMatchObject(damaged);
    });
  });

  it("that is closed fails closed", async () => {
    const closed = await database.open(identity);
    await closed.close();
    const unavailable = { name: "JournalUnavailableError" };
    await expect(closed.lanes.write(laneRecord())).rejects.toMatchObject(unavailable);
    await expect(closed.lanes.read(lane)).rejects.toMatchObject(unavailable);
    await expect(closed.ping()).rejects.toMatchObject(unavailable);
    await journal.ping();
    expect(await journal.lanes.read(lane)).toBeUndefined();
  });

  it("that an earlier version has made is brought up to this one, with what it holds", async () => {
    const { request } = await journal.requests.add(newRequest({ idempotencyKey: "before" }));
    for (const statement of [
      "drop index requests_that_may_land",
      "alter table requests drop column may_land",
      "delete from kysely_migration where name = '0002-reported-that-may-land'",
    ]) {
      await database.execute(statement);
    }
    await reopen();
    expect(await journal.requests.get(request.id)).toEqual(request);
    const failure = { reason: "reverted", message: "it reverted" };
    const change = { status: "failed", failure, mayLand: true } as const;
    await journal.requests.advance(request.id, "queued", change);
    expect(await journal.requests.list({ mayLand: true })).toHaveLength(1);
  });

  it("that a later version has been at is not opened", async () => {
    const later =
      "insert into kysely_migration (name, timestamp) values ('9999-later', '2100-01-01T00:00:00.000Z')";
    await database.execute(later);
    await expect(database.open(identity)).rejects.toMatchObject({ name: "JournalVersionError" });
  });
}
