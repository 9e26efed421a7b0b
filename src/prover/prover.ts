import type { CircuitName } from "../action/circuits.ts";
import type { CircuitInput } from "../witness/witness.ts";

/** The public inputs of every circuit in their order: `[c, z, y]` (docs/PROTOCOL.md §2). */
export const publicInputs = ["contextCommitment", "challenge", "fingerprint"] as const;

/** A Groth16 proof that an action satisfies the hidden policy. */
export interface Proof {
  circuit: CircuitName;
  /** `[A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y]`, the order of the EVM's pairing precompile. */
  points: readonly bigint[];
  /** `[c, z, y]`, field elements (docs/PROTOCOL.md §2). */
  publicSignals: readonly bigint[];
}

export interface ProveOptions {
  /** Gives up on the proof: `prove` then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Generates proofs without blocking the event loop. */
export interface Prover {
  /** Which implementation it is, for logs and benchmarks. */
  readonly name: string;

  /**
   * Proves that `input` satisfies the circuit.
   *
   * @param input every input signal of the circuit
   * @throws {WitnessError} if the inputs do not satisfy the circuit; names the restriction
   * @throws {ProvingError} if no proof, or not a valid proof for `[c, z, y]`, came out
   * @throws {ProvingTimeoutError} if it takes too long
   */
  prove(circuit: CircuitName, input: CircuitInput, options?: ProveOptions): Promise<Proof>;

  /** Gives up on proofs under way and releases every thread, process and file. */
  close(): Promise<void>;
}
