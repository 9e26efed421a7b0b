import { randomUUID } from "node:crypto";
import type { ExpressionBuilder } from "kysely";
import type { Hex } from "viem";
import { canonicalJson } from "../audit/canonicalJson.ts";
import {
  IdempotencyConflictError,
  JournalDamagedError,
  RequestConflictError,
} from "../errors/journal.ts";
import type { LaneId } from "../state/laneStore.ts";
import { appendContents } from "./auditRecords.ts";
import type { Database } from "./database.ts";
import type { Journal } from "./journal.ts";
import { laneColumns } from "./laneRecords.ts";
import type { RecordCipher, RowName } from "./recordCipher.ts";
import type { NewRequest, RequestRecord, RequestStatus } from "./request.ts";
import type { LaneColumns, Queries, Schema } from "./schema.ts";

const rowName = (id: string, version: number): RowName => ({
  table: "requests",
  key: id,
  version,
});

/** What is read of a request's row: the record, and the columns that must agree with it. */
export const requestColumns = [
  "id",
  "chain_id",
  "gate",
  "lane",
  "kind",
  "status",
  "may_land",
  "version",
  "payload",
] as const;

interface RequestRow extends LaneColumns {
  id: string;
  kind: string;
  status: string;
  may_land: number | null;
  version: number;
  payload: Uint8Array;
}

/** Requests in the journal, in the order of their arrival. */
export function createRequestRecords(
  database: Database,
  cipher: RecordCipher,
): Journal["requests"] {
  const open = (row: RequestRow) => openRequest(cipher, row);

  return {
    add: (request) => database.write((db) => addRequest(db, cipher, request)),

    find: (request) => database.read((db) => findRequest(db, cipher, request)),

    get: (id) =>
      database.read(async (db) => {
        const row = await db
          .selectFrom("requests")
          .select(requestColumns)
          .where("id", "=", id)
          .executeTakeFirst();
        return row && open(row);
      }),

    byTransaction: (hash) =>
      database.read(async (db) => {
        const row = await db
          .selectFrom("transaction_hashes")
          .innerJoin("requests", "requests.id", "transaction_hashes.request_id")
          .select(requestColumns)
          .where("hash", "=", hash.toLowerCase())
          .executeTakeFirst();
        return row && open(row);
      }),

    list: ({ lane, kind, statuses, mayLand, limit }) =>
      database.read(async (db) => {
        // SQL has no empty list.
        if (statuses?.length === 0) return [];
        let query = db.selectFrom("requests").select(requestColumns).orderBy("ordinal");
        if (lane !== undefined) query = query.where(ofLane(lane));
        if (kind !== undefined) query = query.where("kind", "=", kind);
        if (statuses !== undefined) query = query.where("status", "in", [...statuses]);
        if (mayLand) query = query.where("may_land", "=", 1);
        if (limit !== undefined) query = query.limit(limit);
        return (await query.execute()).map(open);
      }),

    advance: (id, from, change, audit) =>
      database.write(async (db) => {
        const row = await database
          .lockRows(db.selectFrom("requests").select(requestColumns).where("id", "=", id))
          .executeTakeFirst();
        const request = row && open(row);
        if (row === undefined || request?.status !== from) {
          throw new RequestConflictError({ id, expected: from, received: request?.status });
        }
        const advanced = { ...request, ...change, updatedAt: Date.now() };
        await db
          .updateTable("requests")
          .set(sealRequest(cipher, advanced, row.version + 1))
          .where("id", "=", id)
          .where("version", "=", row.version)
          .executeTakeFirstOrThrow();
        await recordHashes(db, id, advanced.transactions);
        // Last, since others wait for the log's head from here to the end of the transaction.
        if (audit) await appendContents(db, database, cipher, [audit]);
        return advanced;
      }),

    count: (lane) =>
      database.read(async (db) => {
        let query = db
          .selectFrom("requests")
          .select((row) => ["status", row.fn.countAll<number>().as("requests")])
          .groupBy("status");
        if (lane !== undefined) query = query.where(ofLane(lane));
        const rows = await query.execute();
        return Object.fromEntries(
          rows.map(({ status, requests }) => [status, requests]),
        ) as Partial<Record<RequestStatus, number>>;
      }),
  };
}

/** Tells a lane's rows. */
function ofLane(lane: LaneId) {
  const { chain_id, gate, lane: number } = laneColumns(lane);
  return (row: ExpressionBuilder<Schema, "requests">) => row.and({ chain_id, gate, lane: number });
}

async function addRequest(
  db: Queries,
  cipher: RecordCipher,
  request: NewRequest,
): Promise<{ request: RequestRecord; isNew: boolean }> {
  const now = Date.now();
  const record: RequestRecord = {
    ...request,
    id: randomUUID(),
    status: "queued",
    transactions: [],
    createdAt: now,
    updatedAt: now,
  };
  const dedup = dedupOf(cipher, request);
  const added = await db
    .insertInto("requests")
    .values({ ...sealRequest(cipher, record, 1), ...laneColumns(request), id: record.id, dedup })
    .onConflict((conflict) => conflict.column("dedup").doNothing())
    .executeTakeFirst();
  if (added.numInsertedOrUpdatedRows === 1n) return { request: record, isNew: true };

  const known = await findRequest(db, cipher, request);
  if (!known) throw new Error("a request is neither new nor known");
  return { request: known, isNew: false };
}

async function findRequest(
  db: Queries,
  cipher: RecordCipher,
  request: NewRequest,
): Promise<RequestRecord | undefined> {
  const dedup = dedupOf(cipher, request);
  if (dedup === null) return undefined;
  const row = await db
    .selectFrom("requests")
    .select(requestColumns)
    .where("dedup", "=", dedup)
    .executeTakeFirst();
  const known = row && openRequest(cipher, row);
  if (known && contentOf(known) !== contentOf(request)) {
    throw new IdempotencyConflictError({ key: request.idempotencyKey ?? "", id: known.id });
  }
  return known;
}

/** A principal's idempotency key, so that the database can tell equal ones apart and nobody else can. */
export const dedupOf = (
  cipher: RecordCipher,
  { principal, idempotencyKey }: Pick<RequestRecord, "principal" | "idempotencyKey">,
): string | null =>
  idempotencyKey === undefined
    ? null
    : cipher.mac("idempotency keys", JSON.stringify([principal, idempotencyKey]));

/**
 * What makes two requests the same. The lane is not part of it: unless the client names one, the service
 * chooses anew each time it is asked.
 */
function contentOf({ chainId, gate, kind, call, submitter, validFor }: NewRequest): string {
  return canonicalJson({
    chainId,
    gate: gate.toLowerCase(),
    kind,
    target: call.target.toLowerCase(),
    value: call.value.toString(),
    data: call.data.toLowerCase(),
    submitter: submitter.toLowerCase(),
    validFor: validFor?.toString(),
  });
}

/** The columns of a request that change with it. */
export const sealRequest = (cipher: RecordCipher, request: RequestRecord, version: number) => ({
  kind: request.kind,
  status: request.status,
  may_land: request.mayLand ? 1 : null,
  updated_at: request.updatedAt,
  version,
  payload: cipher.seal(rowName(request.id, version), request),
});

/** Decrypts a request's row. */
export function openRequest(cipher: RecordCipher, row: RequestRow): RequestRecord {
  const request = cipher.open<RequestRecord>(rowName(row.id, row.version), row.payload);
  const told = standingOf({ ...row, chainId: row.chain_id, mayLand: row.may_land === 1 });
  const recorded = standingOf(request);
  if (told === recorded) return request;
  throw new JournalDamagedError({
    what: `requests, ${row.id}`,
    problem: `the row says ${told}, the record ${recorded}`,
  });
}

/** What a request's row says in clear: whoever changed that would have it signed for another lane, or again. */
function standingOf(
  request: { gate: string; mayLand?: boolean | undefined } & Pick<LaneId, "chainId" | "lane"> &
    Pick<RequestRow, "kind" | "status">,
) {
  const { chainId, gate, lane, kind, status, mayLand } = request;
  return `${kind} ${status}${mayLand ? " that may land" : ""} on ${chainId}-${gate.toLowerCase()}-${lane}`;
}

/** Lets a request be found by the hashes of what carried it. */
export async function recordHashes(
  db: Queries,
  request: string,
  hashes: readonly Hex[],
): Promise<void> {
  if (hashes.length === 0) return;
  await db
    .insertInto("transaction_hashes")
    .values(hashes.map((hash) => ({ hash: hash.toLowerCase(), request_id: request })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
