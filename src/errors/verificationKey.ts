import { BaseError } from "./base.ts";

/** A verification key cannot become a verifier contract of a gate. */
export class UnsupportedVerificationKeyError extends BaseError {
  override readonly name = "UnsupportedVerificationKeyError";

  constructor(input: { field: string; expected: string; received: bigint | number | string }) {
    super(`The verification key's ${input.field} does not fit a gate's verifier`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
    });
  }
}
