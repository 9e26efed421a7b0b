import type { Address } from "viem";
import type { AuditEntry } from "../audit/auditEntry.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { LaneRecord } from "../state/laneStore.ts";
import { readAudit } from "./auditRecords.ts";
import type { OuterTransaction } from "./journal.ts";
import { openLane } from "./laneRecords.ts";
import type { RecordCipher } from "./recordCipher.ts";
import type { RequestRecord } from "./request.ts";
import { openRequest, requestColumns } from "./requestRecords.ts";
import type { Queries } from "./schema.ts";
import { openTransaction, transactionColumns } from "./transactionRecords.ts";

/** A row of the journal, decrypted. Leases are left out: they are about processes. */
export type DumpedRow =
  | { table: "lanes"; record: LaneRecord<SignedGateCall> }
  | { table: "requests"; record: RequestRecord }
  | { table: "transactions"; record: OuterTransaction }
  | { table: "submitters"; record: { chainId: number; address: Address; nextNonce: number } }
  | { table: "pauses"; record: string }
  | { table: "audit"; record: AuditEntry };

/** Rows that are read at once. */
const PAGE = 500;

/**
 * Everything that a journal holds, in the order in which it can be loaded. Secret.
 *
 * @param db a snapshot
 * @throws {JournalDamagedError} at a row that is not what was written
 */
export async function* dumpRows(db: Queries, cipher: RecordCipher): AsyncIterable<DumpedRow> {
  for (const row of await db.selectFrom("lanes").selectAll().execute()) {
    const lane = { chainId: row.chain_id, gate: row.gate as Address, lane: row.lane };
    yield { table: "lanes", record: openLane(cipher, lane, row) };
  }
  yield* dumpRequests(db, cipher);
  yield* dumpTransactions(db, cipher);
  for (const row of await db.selectFrom("submitters").selectAll().execute()) {
    const { chain_id: chainId, next_nonce: nextNonce } = row;
    yield { table: "submitters", record: { chainId, address: row.address as Address, nextNonce } };
  }
  for (const { gate } of await db.selectFrom("pauses").selectAll().execute()) {
    yield { table: "pauses", record: gate };
  }
  for await (const record of readAudit((work) => work(db), cipher, 1)) {
    yield { table: "audit", record };
  }
}

async function* dumpRequests(db: Queries, cipher: RecordCipher): AsyncIterable<DumpedRow> {
  for (let after = 0; ; ) {
    const page = await db
      .selectFrom("requests")
      .select([...requestColumns, "ordinal"])
      .where("ordinal", ">", after)
      .orderBy("ordinal")
      .limit(PAGE)
      .execute();
    for (const row of page) yield { table: "requests", record: openRequest(cipher, row) };
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.ordinal;
  }
}

async function* dumpTransactions(db: Queries, cipher: RecordCipher): AsyncIterable<DumpedRow> {
  for (let last = { chain_id: -1, submitter: "", nonce: -1 }; ; ) {
    const { chain_id, submitter, nonce } = last;
    const page = await db
      .selectFrom("transactions")
      .select(transactionColumns)
      .where((row) =>
        row(
          row.refTuple("chain_id", "submitter", "nonce"),
          ">",
          row.tuple(chain_id, submitter, nonce),
        ),
      )
      .orderBy("chain_id")
      .orderBy("submitter")
      .orderBy("nonce")
      .limit(PAGE)
      .execute();
    for (const row of page) yield { table: "transactions", record: openTransaction(cipher, row) };
    const end = page.at(-1);
    if (end === undefined) return;
    last = end;
  }
}
