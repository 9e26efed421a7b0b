import { BaseError } from "../../src/errors/base.ts";

/** A circuit could not be built, or what was built may not be used. */
export class CircuitBuildError extends BaseError {
  override readonly name = "CircuitBuildError";

  constructor(input: { circuit: string; problem: string; details: string }) {
    super(`${input.circuit} ${input.problem}`, { details: input.details.trim().split("\n") });
  }
}
