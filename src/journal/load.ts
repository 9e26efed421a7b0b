import type { AuditEntry } from "../audit/auditEntry.ts";
import { type AuditCheckpoint, linkProblem } from "../audit/hashChain.ts";
import { JournalDamagedError } from "../errors/journal.ts";
import { appendEntries } from "./auditRecords.ts";
import type { DumpedRow } from "./dump.ts";
import { laneColumns, sealLane } from "./laneRecords.ts";
import type { RecordCipher } from "./recordCipher.ts";
import type { RequestRecord, RequestStatus } from "./request.ts";
import { dedupOf, recordHashes, sealRequest } from "./requestRecords.ts";
import type { Queries } from "./schema.ts";
import { sealTransaction, setNextNonce } from "./transactionRecords.ts";

/** Audit entries that are written at once. */
const PAGE = 500;

/** What was loaded. */
export interface LoadedRows {
  lanes: number;
  requests: number;
  /** Of these, the ones that were under way and now are reported as failed. */
  failedRequests: number;
  transactions: number;
  auditEntries: number;
}

/** Where a request was under way; what became of it after the backup is not known. */
const underWay: readonly RequestStatus[] = ["queued", "signed", "submitted"];

const fills = {
  lanes: "lanes",
  requests: "requests",
  transactions: "outer transactions",
  submitters: "submitters",
  audit: "audit entries",
  pauses: "pauses",
} as const;

/** What a journal that should be empty already holds. */
export async function firstFilledTable(db: Queries): Promise<string | undefined> {
  for (const table of Object.keys(fills) as (keyof typeof fills)[]) {
    const { rows } = await db
      .selectFrom(table)
      .select((row) => row.fn.countAll<number>().as("rows"))
      .executeTakeFirstOrThrow();
    if (rows > 0) return fills[table];
  }
  return undefined;
}

/**
 * Writes dumped rows into an empty journal, in the order of the dump.
 *
 * Lanes stay quiet until `quietUntil`: what was signed after the dump can still land before. Requests that
 * were under way are failed, because what they asked for may have been executed since: done again, it would
 * be done twice.
 *
 * @param quietUntil unix seconds
 */
export function createLoader(
  db: Queries,
  cipher: RecordCipher,
  { quietUntil }: { quietUntil: bigint },
): {
  load(row: DumpedRow): Promise<void>;
  /** Writes what is left. */
  end(): Promise<LoadedRows>;
} {
  const loaded: LoadedRows = {
    lanes: 0,
    requests: 0,
    failedRequests: 0,
    transactions: 0,
    auditEntries: 0,
  };
  let head: AuditCheckpoint | undefined;
  let entries: AuditEntry[] = [];

  async function flush(): Promise<void> {
    await appendEntries(db, cipher, entries);
    loaded.auditEntries += entries.length;
    entries = [];
  }

  return {
    async load({ table, record }) {
      switch (table) {
        case "lanes": {
          const isQuieter = record.quietUntil > quietUntil;
          const quiet = isQuieter ? record : { ...record, quietUntil };
          await db.insertInto("lanes").values(sealLane(cipher, quiet)).execute();
          loaded.lanes += 1;
          break;
        }
        case "requests": {
          const request = ended(record);
          await db
            .insertInto("requests")
            .values({
              ...sealRequest(cipher, request, 1),
              ...laneColumns(request),
              id: request.id,
              dedup: dedupOf(cipher, request),
            })
            .execute();
          await recordHashes(db, request.id, request.transactions);
          loaded.requests += 1;
          if (request !== record) loaded.failedRequests += 1;
          break;
        }
        case "transactions": {
          await db
            .insertInto("transactions")
            .values(sealTransaction(cipher, record, 1))
            .execute();
          const hashes = record.attempts.map(({ hash }) => hash);
          if (record.request !== undefined) await recordHashes(db, record.request, hashes);
          loaded.transactions += 1;
          break;
        }
        case "submitters":
          await setNextNonce(db, record.chainId, record.address, record.nextNonce);
          break;
        case "pauses":
          await db.insertInto("pauses").values({ gate: record }).execute();
          break;
        case "audit": {
          const problem = linkProblem(record, head);
          if (problem !== undefined) {
            const what = `audit log of the backup, entry ${record.index}`;
            throw new JournalDamagedError({ what, problem });
          }
          head = record;
          entries.push(record);
          if (entries.length === PAGE) await flush();
          break;
        }
      }
    },
    async end() {
      await flush();
      return loaded;
    },
  };
}

/** A request as it is after a restoration. */
function ended(request: RequestRecord): RequestRecord {
  const isSigned = request.kind === "sign" && request.status === "signed";
  if (isSigned || !underWay.includes(request.status)) return request;
  const message =
    "It was under way when the backup was made that the service was restored from. Whether its action " +
    "was executed shows on-chain.";
  return {
    ...request,
    status: "failed",
    failure: { reason: "restored", message },
    ...(request.signed && { mayLand: true }),
    updatedAt: Date.now(),
  };
}
