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
