import { BaseError } from "./base.ts";

/** A verifying key cannot become a verifier contract: another proof system, arity or point encoding. */
export class UnsupportedVerifyingKeyError extends BaseError {
  override readonly name = "UnsupportedVerifyingKeyError";

  constructor(input: { field: string; expected: string; received: unknown }) {
    super(`The verifying key's ${input.field} does not fit a gate's verifier`, {
      details: [`expected: ${input.expected}`, `received: ${JSON.stringify(input.received)}`],
    });
  }
}
