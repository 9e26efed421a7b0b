import { BaseError } from "./base.ts";

/** The journal's database cannot be reached, read or written; nothing is done without it. */
export class JournalUnavailableError extends BaseError {
  override readonly name = "JournalUnavailableError";

  constructor(input: { place: string; reason: string; cause?: unknown }) {
    super("The journal is not available", {
      cause: input.cause,
      details: [`database: ${input.place}`, `reason: ${input.reason}`],
    });
  }
}

/** The identity is not the one that the journal's records are encrypted for. */
export class WrongIdentityError extends BaseError {
  override readonly name = "WrongIdentityError";

  constructor({ place, recipient }: { place: string; recipient: string }) {
    super("The journal belongs to another identity", {
      details: [`database: ${place}`, `identity that was given: ${recipient}`],
    });
  }
}

/** What the journal holds is not what was written to it. */
export class JournalDamagedError extends BaseError {
  override readonly name = "JournalDamagedError";

  constructor(input: { what: string; problem: string; cause?: unknown }) {
    super("The journal is damaged, or somebody has changed it", {
      cause: input.cause,
      details: [
        `where: ${input.what}`,
        `problem: ${input.problem}`,
        "nothing is signed from it; restore a backup, or rebuild the lanes with `zkmandate state recover`",
      ],
    });
  }
}

/** The journal held more than it does: an older copy took its place, or its database lost commits. */
export class JournalSetBackError extends BaseError {
  override readonly name = "JournalSetBackError";

  constructor(input: { mark: string; expected: string; head: number }) {
    super("The journal was set back: it has forgotten what was signed since", {
      details: [
        `audit log, expected: ${input.expected}`,
        `audit log, its end: ${input.head}`,
        `mark: ${input.mark}`,
        "bring the newer one back; if there is none, stop every service for its lanes, then: zkmandate service adopt",
      ],
    });
  }
}

/** The database's tables are not those of this version. */
export class JournalVersionError extends BaseError {
  override readonly name = "JournalVersionError";

  constructor({ place, reason }: { place: string; reason: string }) {
    super("The journal was written by another version of zkmandate", {
      details: [`database: ${place}`, `reason: ${reason}`],
    });
  }
}

/** A request does not stand where it was expected: another process or task has moved it on. */
export class RequestConflictError extends BaseError {
  override readonly name = "RequestConflictError";
  /** Where it stands; undefined if there is no such request. */
  readonly received: string | undefined;

  constructor(input: { id: string; expected: string; received: string | undefined }) {
    super("The request does not stand where it was expected", {
      details: [
        `request: ${input.id}`,
        `expected: ${input.expected}`,
        `stored: ${input.received ?? "no such request"}`,
      ],
    });
    this.received = input.received;
  }
}

/** A client used an idempotency key again for something else. */
export class IdempotencyConflictError extends BaseError {
  override readonly name = "IdempotencyConflictError";

  constructor({ key, id }: { key: string; id: string }) {
    super("The idempotency key was used for another request", {
      details: [`key: ${key}`, `request that it names: ${id}`],
    });
  }
}

/** An outer transaction was changed by another process or task meanwhile. */
export class TransactionConflictError extends BaseError {
  override readonly name = "TransactionConflictError";

  constructor({ submitter, nonce, problem }: Record<"submitter" | "nonce" | "problem", string>) {
    super("The outer transaction is not the one that was read", {
      details: [`submitter: ${submitter}`, `nonce: ${nonce}`, `problem: ${problem}`],
    });
  }
}

/** A backup would be restored over something. */
export class JournalNotEmptyError extends BaseError {
  override readonly name = "JournalNotEmptyError";

  constructor({ place, table }: { place: string; table: string }) {
    super("A backup is only restored into an empty journal", {
      details: [
        `database: ${place}`,
        `it already holds: ${table}`,
        "stop the service, and move the database away or name an empty one",
      ],
    });
  }
}

/** A file is not a whole backup of a journal that the identity's owner made. */
export class InvalidBackupError extends BaseError {
  override readonly name = "InvalidBackupError";

  constructor({ path, problem, cause }: { path: string; problem: string; cause?: unknown }) {
    super("The file is not a backup of a journal", {
      cause,
      details: [`file: ${path}`, `problem: ${problem}`],
    });
  }
}
