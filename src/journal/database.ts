import { setTimeout as delay } from "node:timers/promises";
import type { Kysely } from "kysely";
import { BaseError } from "../errors/base.ts";
import { JournalDamagedError, JournalUnavailableError } from "../errors/journal.ts";
import type { Queries, Schema } from "./schema.ts";
import { createTurns } from "./turns.ts";

/** How long a transaction that others keep from running is tried again. */
const PATIENCE_MS = 5_000;
/** How many dead connections one task may come across. */
const LOST_CONNECTIONS = 20;

/** A database as the journal's queries need it; every error that leaves it is one of ours. */
export interface Database {
  /** Names it in errors; without credentials. */
  readonly place: string;
  /** Its file, without links on the way, where it is one. */
  readonly file?: string | undefined;
  /** Queries outside of any transaction. */
  read<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /**
   * One transaction, durable when it returns. Rows that it reads before it writes them are to be locked
   * (`lockRows`). It may run `work` several times, of which one counts.
   */
  write<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /** Many reads of one moment; the writes of others go on. */
  snapshot<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /** Locks the rows that a query finds until the transaction ends, where the transaction does not lock all. */
  lockRows<Q extends { forNoKeyUpdate(): Q }>(query: Q): Q;
  close(): Promise<void>;
}

/** What a database's error means. */
export interface Failure {
  /** `busy`: kept from running by others; `lost`: the connection was dead, another may not be. */
  kind: "busy" | "lost" | "damaged" | "unavailable";
  reason: string;
}

/** What the two databases do in their own ways. */
export interface DatabaseParts {
  place: string;
  file?: string | undefined;
  db: Kysely<Schema>;
  snapshot<T>(work: (db: Queries) => Promise<T>): Promise<T>;
  /**
   * How many connections there are. Whoever waits for one waits here, for as long as it takes: the database
   * is not gone because there is much to do.
   */
  connections: number;
  /** Whether a writing transaction must lock rows, or holds the whole database. */
  locksRows: boolean;
  classify(error: unknown): Failure;
  close(): Promise<void>;
}

/** What the journal's callers get to see of an error. */
export function journalError(
  place: string,
  classify: DatabaseParts["classify"],
  cause: unknown,
): BaseError {
  if (cause instanceof BaseError) return cause;
  const { kind, reason } = classify(cause);
  return kind === "damaged"
    ? new JournalDamagedError({ what: place, problem: reason, cause })
    : new JournalUnavailableError({ place, reason, cause });
}

/** Puts retries and errors around a database. */
export function createDatabase(parts: DatabaseParts): Database {
  const { place, file, db, locksRows, classify } = parts;
  const inTurn = createTurns(parts.connections);
  const failed = (cause: unknown) => journalError(place, classify, cause);

  /**
   * Runs again what was kept from running, of which nothing has happened; and what found its connection
   * dead, as all that a pool keeps are after a server's restart, if it may.
   */
  async function patiently<T>(
    work: () => Promise<T>,
    isRepeatable: () => boolean = () => true,
  ): Promise<T> {
    let since: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        return await inTurn(work);
      } catch (error) {
        since ??= performance.now();
        const kind = error instanceof BaseError ? undefined : classify(error).kind;
        const isPassing =
          kind === "busy" || (kind === "lost" && attempt < LOST_CONNECTIONS && isRepeatable());
        if (!isPassing || performance.now() - since > PATIENCE_MS) throw failed(error);
        await delay(Math.random() * Math.min(100, 2 ** attempt));
      }
    }
  }

  async function write<T>(work: (db: Queries) => Promise<T>): Promise<T> {
    // Once it has begun, a transaction whose connection is lost may have been committed.
    let hasBegun = false;
    return patiently(
      () =>
        db.transaction().execute((transaction) => {
          hasBegun = true;
          return work(transaction);
        }),
      () => !hasBegun,
    );
  }

  return {
    place,
    file,
    read: (work) => patiently(() => work(db)),
    write,
    snapshot: (work) => patiently(() => parts.snapshot(work)),
    lockRows: (query) => (locksRows ? query.forNoKeyUpdate() : query),
    async close() {
      try {
        await parts.close();
      } catch (error) {
        throw failed(error);
      }
    },
  };
}
