import { BaseError } from "./base.ts";

/** A line of an exported audit log is not an entry. */
export class InvalidAuditEntryError extends BaseError {
  override readonly name = "InvalidAuditEntryError";
  /** 1 for the first. */
  readonly line: number;

  constructor({ line, problem }: { line: number; problem: string }) {
    super("The audit log has a line that is not an entry", {
      details: [`line: ${line}`, "expected: one JSON object per line", `received: ${problem}`],
    });
    this.line = line;
  }
}

/** A text is not a checkpoint of an audit log. */
export class InvalidCheckpointError extends BaseError {
  override readonly name = "InvalidCheckpointError";

  constructor({ received }: { received: string }) {
    super("That is not a checkpoint of an audit log", {
      details: [
        "expected: <index>:<hash>, the hash as 0x and 64 hexadecimal digits",
        `received: ${received}`,
      ],
    });
  }
}
