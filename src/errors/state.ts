import { BaseError } from "./base.ts";

/** A state secret does not have the right length. */
export class InvalidSecretError extends BaseError {
  override readonly name = "InvalidSecretError";

  constructor({ length }: { length: number }) {
    super("The state secret has the wrong length", {
      details: ["expected: 32 bytes", `received: ${length} bytes`],
    });
  }
}

/** A lane's record was written in a format that this version does not know. */
export class UnknownRecordFormatError extends BaseError {
  override readonly name = "UnknownRecordFormatError";

  constructor({ received }: { received: unknown }) {
    super("The lane's record has a format that this version does not know", {
      details: [
        "expected: 1 or 2",
        `received: ${received}`,
        "a later zkmandate may have written it",
      ],
    });
  }
}
