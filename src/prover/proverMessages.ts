import type { CircuitName } from "../action/circuits.ts";
import { BaseError } from "../errors/base.ts";
import { ProvingError, WitnessError } from "../errors/prover.ts";
import type { CircuitInput } from "../witness/witness.ts";
import type { ArtifactOptions } from "./artifacts.ts";

/** How a prover process is set up; handed over on its command line. */
export interface ProverProcessSettings extends ArtifactOptions {
  /** All work on one thread. */
  singleThread: boolean;
  /** Every proof is verified before it is handed out. */
  verify: boolean;
}

/** What a prover process is asked. */
export interface ProofRequest {
  circuit: CircuitName;
  input: CircuitInput;
}

/** What it answers. */
export type ProofReply =
  | { ok: true; points: bigint[]; publicSignals: bigint[] }
  | { ok: false; failure: Failure };

/** An error as it passes between processes, which keep only plain data. */
export interface Failure {
  shortMessage: string;
  details: readonly string[];
  witness?: { circuit: string; restriction: string; trace: readonly string[]; reason: string };
}

export function toFailure(error: unknown): Failure {
  if (error instanceof WitnessError) {
    const { circuit, restriction, trace, reason, shortMessage, details } = error;
    return { shortMessage, details, witness: { circuit, restriction, trace, reason } };
  }
  if (error instanceof BaseError) {
    return { shortMessage: error.shortMessage, details: [`${error.name}`, ...error.details] };
  }
  return { shortMessage: "No proof was generated", details: [String(error)] };
}

export function fromFailure({ shortMessage, details, witness }: Failure): BaseError {
  return witness ? new WitnessError(witness) : new ProvingError(shortMessage, { details });
}
