import type { LaneId } from "../state/laneStore.ts";
import type { Database } from "./database.ts";
import type { Ownership } from "./journal.ts";
import { laneColumns, laneName } from "./laneRecords.ts";
import type { LeaseWatch } from "./leaseWatch.ts";
import type { Queries } from "./schema.ts";

/**
 * Leases as rows that count: every taking, renewal and return raises the row's term. A lease has run out
 * for whoever has watched its term stand still for its whole length.
 */
export function createLeases(database: Database, watch: LeaseWatch): Ownership {
  return {
    claim: (lane, owner, ttlMs) => database.write((db) => claim(db, lane, owner, ttlMs)),
    release: (lane, owner) =>
      database.write(async (db) => {
        const { chain_id, gate, lane: number } = laneColumns(lane);
        await db
          .updateTable("leases")
          .set((row) => ({ owner: null, term: row("term", "+", 1) }))
          .where("chain_id", "=", chain_id)
          .where("gate", "=", gate)
          .where("lane", "=", number)
          .where("owner", "=", owner)
          .execute();
      }),
  };

  async function claim(db: Queries, lane: LaneId, owner: string, ttlMs: number): Promise<boolean> {
    const columns = laneColumns(lane);
    // The first claim of a lane makes its row, given back; every claim then goes on from a locked row.
    await db
      .insertInto("leases")
      .values({ ...columns, owner: null, term: 0, ttl_ms: 0 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = await database
      .lockRows(
        db
          .selectFrom("leases")
          .select(["owner", "term", "ttl_ms"])
          .where("chain_id", "=", columns.chain_id)
          .where("gate", "=", columns.gate)
          .where("lane", "=", columns.lane),
      )
      .executeTakeFirstOrThrow();
    const isFree = row.owner === null || row.owner === owner;
    if (!isFree && !watch.hasRunOut(laneName(lane), row.term, row.ttl_ms)) return false;
    await db
      .updateTable("leases")
      .set({ owner, term: row.term + 1, ttl_ms: ttlMs })
      .where("chain_id", "=", columns.chain_id)
      .where("gate", "=", columns.gate)
      .where("lane", "=", columns.lane)
      .execute();
    return true;
  }
}
