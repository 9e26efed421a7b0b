import type { Address } from "viem";
import {
  JournalDamagedError,
  RequestConflictError,
  TransactionConflictError,
} from "../errors/journal.ts";
import type { Database } from "./database.ts";
import type { Journal, OuterTransaction } from "./journal.ts";
import type { RecordCipher, RowName } from "./recordCipher.ts";
import type { RequestStatus } from "./request.ts";
import { recordHashes } from "./requestRecords.ts";
import type { Queries } from "./schema.ts";

type TransactionName = Pick<OuterTransaction, "chainId" | "submitter" | "nonce">;

const rowName = ({ chainId, submitter, nonce }: TransactionName, version: number): RowName => ({
  table: "transactions",
  key: `${chainId}-${submitter.toLowerCase()}-${nonce}`,
  version,
});

/** What is read of a transaction's row: the record, and the columns that must agree with it. */
export const transactionColumns = [
  "chain_id",
  "submitter",
  "nonce",
  "request_id",
  "status",
  "version",
  "payload",
] as const;

interface TransactionRow {
  chain_id: number;
  submitter: string;
  nonce: number;
  request_id: string | null;
  status: string;
  version: number;
  payload: Uint8Array;
}

/** Outer transactions in the journal. */
export function createTransactionRecords(
  database: Database,
  cipher: RecordCipher,
): Journal["transactions"] {
  return {
    reserve: (input) => database.write((db) => reserve(db, input)),
    save: (transaction) => database.write((db) => save(db, transaction)),
    open: (chainId, submitter, from = Number.MAX_SAFE_INTEGER) =>
      database.read(async (db) => {
        const rows = await db
          .selectFrom("transactions")
          .select(transactionColumns)
          .where("chain_id", "=", chainId)
          .where("submitter", "=", submitter.toLowerCase())
          .where((row) => row.or([row("status", "!=", "mined"), row("nonce", ">=", from)]))
          .orderBy("nonce")
          .execute();
        return rows.map((row) => openTransaction(cipher, row));
      }),
    ofRequest: (request) => database.read((db) => ofRequest(db, request)),
  };

  async function reserve(
    db: Queries,
    { atLeast, ...input }: Parameters<Journal["transactions"]["reserve"]>[0],
  ): Promise<OuterTransaction> {
    const next = await lockNextNonce(db, input.chainId, input.submitter);
    if (input.request !== undefined) {
      const known = await ofRequest(db, input.request);
      if (known) return known;
      await assertRequest(database, db, input.request);
    }
    const nonce = Math.max(next, atLeast);
    await setNextNonce(db, input.chainId, input.submitter, nonce + 1);
    const transaction: OuterTransaction = { ...input, nonce, attempts: [], status: "reserved" };
    await db
      .insertInto("transactions")
      .values(sealTransaction(cipher, transaction, 1))
      .execute();
    return transaction;
  }

  /** The submitter's next nonce, which nobody else takes before this transaction ends. */
  async function lockNextNonce(db: Queries, chainId: number, submitter: Address): Promise<number> {
    const address = submitter.toLowerCase();
    await setNextNonce(db, chainId, submitter, 0);
    const row = await database
      .lockRows(
        db
          .selectFrom("submitters")
          .select("next_nonce")
          .where("chain_id", "=", chainId)
          .where("address", "=", address),
      )
      .executeTakeFirstOrThrow();
    return row.next_nonce;
  }

  async function ofRequest(db: Queries, request: string): Promise<OuterTransaction | undefined> {
    const row = await db
      .selectFrom("transactions")
      .select(transactionColumns)
      .where("request_id", "=", request)
      .executeTakeFirst();
    return row && openTransaction(cipher, row);
  }

  async function save(db: Queries, transaction: OuterTransaction): Promise<void> {
    const row = await database
      .lockRows(
        db
          .selectFrom("transactions")
          .select(transactionColumns)
          .where("chain_id", "=", transaction.chainId)
          .where("submitter", "=", transaction.submitter.toLowerCase())
          .where("nonce", "=", transaction.nonce),
      )
      .executeTakeFirst();
    const stored = row && openTransaction(cipher, row);
    const problem = conflict(stored, transaction);
    if (row === undefined || problem !== undefined) {
      const { submitter, nonce } = transaction;
      throw new TransactionConflictError({ submitter, nonce: `${nonce}`, problem: problem ?? "" });
    }
    await db
      .updateTable("transactions")
      .set(sealTransaction(cipher, transaction, row.version + 1))
      .where("chain_id", "=", row.chain_id)
      .where("submitter", "=", row.submitter)
      .where("nonce", "=", row.nonce)
      .execute();
    if (transaction.request === undefined) return;
    const hashes = transaction.attempts.map(({ hash }) => hash);
    await recordHashes(db, transaction.request, hashes);
  }
}

/** Makes the submitter's row when there is none, and raises its next nonce; it never goes back. */
export async function setNextNonce(
  db: Queries,
  chainId: number,
  submitter: Address,
  nextNonce: number,
): Promise<void> {
  await db
    .insertInto("submitters")
    .values({ chain_id: chainId, address: submitter.toLowerCase(), next_nonce: nextNonce })
    .onConflict((conflict) =>
      conflict
        .columns(["chain_id", "address"])
        .doUpdateSet({ next_nonce: nextNonce })
        .where("submitters.next_nonce", "<", nextNonce),
    )
    .execute();
}

/** Where a request may get an outer transaction; none that has ended does, whoever still works on it. */
const carriable: readonly string[] = ["queued", "signed", "submitted"] satisfies RequestStatus[];

async function assertRequest(database: Database, db: Queries, id: string): Promise<void> {
  // It does not end before its transaction is there.
  const row = await database
    .lockRows(db.selectFrom("requests").select("status").where("id", "=", id))
    .executeTakeFirst();
  if (row && carriable.includes(row.status)) return;
  const expected = "a recorded request that has not ended";
  throw new RequestConflictError({ id, expected, received: row?.status });
}

/** Why a transaction may not replace the stored one: what was signed for a nonce is never forgotten. */
function conflict(
  stored: OuterTransaction | undefined,
  { request, attempts }: OuterTransaction,
): string | undefined {
  if (!stored) return "its nonce was never reserved";
  if (stored.request !== request) return "it carries another request";
  const keepsAll = stored.attempts.every(({ hash }, i) => attempts[i]?.hash === hash);
  return keepsAll ? undefined : "a version that was signed meanwhile is missing from it";
}

/** The columns of a transaction. */
export const sealTransaction = (
  cipher: RecordCipher,
  transaction: OuterTransaction,
  version: number,
) => ({
  chain_id: transaction.chainId,
  submitter: transaction.submitter.toLowerCase(),
  nonce: transaction.nonce,
  request_id: transaction.request ?? null,
  status: transaction.status,
  updated_at: Date.now(),
  version,
  payload: cipher.seal(rowName(transaction, version), transaction),
});

/** Decrypts a transaction's row. */
export function openTransaction(cipher: RecordCipher, row: TransactionRow): OuterTransaction {
  const name = rowName(
    { chainId: row.chain_id, submitter: row.submitter as Address, nonce: row.nonce },
    row.version,
  );
  const transaction = cipher.open<OuterTransaction>(name, row.payload);
  const told = `${row.status} for ${row.request_id ?? "no request"}`;
  const recorded = `${transaction.status} for ${transaction.request ?? "no request"}`;
  if (told === recorded) return transaction;
  throw new JournalDamagedError({
    what: `transactions, ${name.key}`,
    problem: `the row says ${told}, the record ${recorded}`,
  });
}
