import { sql } from "kysely";
import type { RequestStatus } from "./request.ts";
import type { Queries } from "./schema.ts";

/** Where a request's way ends; one that was only to be signed ends as signed. */
const finished: readonly RequestStatus[] = ["final", "denied", "failed", "expired"];

export interface PruneOptions {
  /** unix milliseconds: requests that changed last before this */
  before: number;
}

export interface PruneReturnType {
  requests: number;
  transactions: number;
}

/**
 * Forgets finished requests, with the outer transactions that carried them, and mined transactions that
 * carried none. A request whose transaction is not mined stays.
 */
export async function prune(db: Queries, { before }: PruneOptions): Promise<PruneReturnType> {
  const outdated = db
    .selectFrom("requests")
    .select("id")
    .where("updated_at", "<", before)
    .where("may_land", "is", null)
    .where((row) =>
      row.or([
        row("status", "in", [...finished]),
        row.and([row("status", "=", "signed"), row("kind", "=", "sign")]),
      ]),
    )
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom("transactions")
            .select(sql`1`.as("one"))
            .whereRef("transactions.request_id", "=", "requests.id")
            .where("transactions.status", "!=", "mined"),
        ),
      ),
    );
  const transactions = await db
    .deleteFrom("transactions")
    .where("status", "=", "mined")
    .where((row) =>
      row.or([
        row("request_id", "in", outdated),
        row.and([row("request_id", "is", null), row("updated_at", "<", before)]),
      ]),
    )
    .executeTakeFirst();
  const requests = await db.deleteFrom("requests").where("id", "in", outdated).executeTakeFirst();
  return {
    requests: Number(requests.numDeletedRows),
    transactions: Number(transactions.numDeletedRows),
  };
}
