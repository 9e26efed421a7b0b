import { JournalDamagedError } from "../errors/journal.ts";
import { LaneConflictError } from "../errors/signer.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { fromStoredRecord, toStoredRecord } from "../state/laneRecordFormat.ts";
import type { LaneId, LaneRecord, LaneStore } from "../state/laneStore.ts";
import type { Database } from "./database.ts";
import type { RecordCipher, RowName } from "./recordCipher.ts";
import type { Queries } from "./schema.ts";

/** The columns that name a lane. */
export const laneColumns = ({ chainId, gate, lane }: LaneId) => ({
  chain_id: chainId,
  gate: gate.toLowerCase(),
  lane,
});

/** A lane's name as one word. */
export const laneName = ({ chainId, gate, lane }: LaneId) =>
  `${chainId}-${gate.toLowerCase()}-${lane}`;

const rowName = (lane: LaneId, version: number): RowName => ({
  table: "lanes",
  key: laneName(lane),
  version,
});

/**
 * Lane records in the journal. A write is one statement that changes the row only at the version that the
 * record was made from.
 *
 * `exclusive` holds off the other tasks of this store alone. Between processes the lane's lease keeps the
 * work apart, and the version keeps the record whole where a lease does not: whoever lost his lane while he
 * slept finds that he cannot write, and so cannot sign.
 */
export function createLaneRecords(
  database: Database,
  cipher: RecordCipher,
): LaneStore<SignedGateCall> {
  const queues = new Map<string, Promise<unknown>>();

  return {
    read: (lane) => database.read((db) => readLane(db, cipher, lane)),
    write: (record) => database.write((db) => writeLane(db, cipher, record)),
    async exclusive(lane, work) {
      const name = laneName(lane);
      const before = queues.get(name);
      const turn = before ? before.then(work, work) : work();
      queues.set(name, turn);
      try {
        return await turn;
      } finally {
        if (queues.get(name) === turn) queues.delete(name);
      }
    },
  };
}

async function readLane(
  db: Queries,
  cipher: RecordCipher,
  lane: LaneId,
): Promise<LaneRecord<SignedGateCall> | undefined> {
  const { chain_id, gate, lane: number } = laneColumns(lane);
  const row = await db
    .selectFrom("lanes")
    .select(["version", "payload"])
    .where("chain_id", "=", chain_id)
    .where("gate", "=", gate)
    .where("lane", "=", number)
    .executeTakeFirst();
  return row && openLane(cipher, lane, row);
}

/** Decrypts a lane's row. */
export function openLane(
  cipher: RecordCipher,
  lane: LaneId,
  row: { version: number; payload: Uint8Array },
): LaneRecord<SignedGateCall> {
  const name = rowName(lane, row.version);
  const record = fromStoredRecord<SignedGateCall>(cipher.open(name, row.payload));
  if (laneName(record) !== name.key || record.version !== row.version) {
    const what = `lanes, ${name.key}`;
    throw new JournalDamagedError({ what, problem: "the record is of another lane" });
  }
  return record;
}

/** Encrypts a lane's record for its row. */
export const sealLane = (cipher: RecordCipher, record: LaneRecord<SignedGateCall>) => {
  const version = record.version ?? 1;
  const payload = cipher.seal(rowName(record, version), toStoredRecord(record));
  return { ...laneColumns(record), version, payload };
};

async function writeLane(
  db: Queries,
  cipher: RecordCipher,
  record: LaneRecord<SignedGateCall>,
): Promise<LaneRecord<SignedGateCall>> {
  const expected = record.version;
  const written = { ...record, version: (expected ?? 0) + 1 };
  const row = sealLane(cipher, written);
  const result =
    expected === undefined
      ? await db
          .insertInto("lanes")
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst()
      : await db
          .updateTable("lanes")
          .set({ version: row.version, payload: row.payload })
          .where("chain_id", "=", row.chain_id)
          .where("gate", "=", row.gate)
          .where("lane", "=", row.lane)
          .where("version", "=", expected)
          .executeTakeFirst();
  const changed =
    "numUpdatedRows" in result ? result.numUpdatedRows : result.numInsertedOrUpdatedRows;
  if (changed === 1n) return written;
  const stored = await readLane(db, cipher, record);
  throw new LaneConflictError({ lane: record.lane, expected, received: stored?.version });
}
