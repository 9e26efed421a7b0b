import { BaseError } from "./base.ts";

/**
 * The inputs do not satisfy the circuit.
 *
 * It names the template that failed, never a value: inputs are secret.
 */
export class WitnessError extends BaseError {
  override readonly name = "WitnessError";
  readonly circuit: string;
  /** The restriction that is not met, such as `amount`; empty when the circuit does not name one. */
  readonly restriction: string;
  /** Templates from the failing assertion outwards, each with its line. */
  readonly trace: readonly string[];
  readonly reason: string;

  constructor(input: {
    circuit: string;
    restriction: string;
    trace: readonly string[];
    reason: string;
  }) {
    super(
      input.restriction === ""
        ? `No witness for circuit ${input.circuit}: ${input.reason}`
        : `No witness for circuit ${input.circuit}: restriction ${input.restriction} is not met`,
      { details: input.trace.map((frame) => `in ${frame}`) },
    );
    this.circuit = input.circuit;
    this.reason = input.reason;
    this.restriction = input.restriction;
    this.trace = input.trace;
  }
}

/** An input of the circuit is missing, unknown, of the wrong length or not a field element. */
export class CircuitInputError extends BaseError {
  override readonly name = "CircuitInputError";

  constructor(input: { signal: string; expected: string; received: string }) {
    super(`Circuit input ${input.signal} does not fit the circuit`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
    });
  }
}

/** No proof was generated, or the one generated is not for the inputs given. */
export class ProvingError extends BaseError {
  override readonly name = "ProvingError";
}

/** A proof took longer than the prover allows. */
export class ProvingTimeoutError extends BaseError {
  override readonly name = "ProvingTimeoutError";

  constructor({ circuit, timeoutMs }: { circuit: string; timeoutMs: number }) {
    super(`The proof for circuit ${circuit} took too long`, {
      details: [`expected: at most ${timeoutMs} ms`],
    });
  }
}

/** A witness file is damaged, or of another circuit or field; no value is named. */
export class InvalidWitnessFileError extends BaseError {
  override readonly name = "InvalidWitnessFileError";

  constructor(input: { file: string; expected: string; received: string; cause?: unknown }) {
    super(`${input.file} is not a usable witness`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
      cause: input.cause,
    });
  }
}
