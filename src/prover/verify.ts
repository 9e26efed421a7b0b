import type { CircuitName } from "../action/circuits.ts";
import { type ArtifactOptions, loadVerificationKey } from "./artifacts.ts";
import { verifyGroth16 } from "./groth16.ts";
import type { Proof } from "./prover.ts";

/**
 * Whether a proof is valid for its public signals, off-chain (about 30 ms).
 *
 * That the public signals are those of some action is the gate's to check: it computes them itself.
 *
 * @param circuit the circuit that the proof must be for
 * @throws {ArtifactMismatchError} if the verification key is not the pinned one
 * @throws {DevelopmentKeysError} if it is a development key and production mode is on
 *
 * @example
 * const valid = await verifyProof("gate", await prover.prove("gate", input));
 */
export async function verifyProof(
  circuit: CircuitName,
  proof: Proof,
  options: ArtifactOptions = {},
): Promise<boolean> {
  if (proof.circuit !== circuit) return false;
  const vkey = await loadVerificationKey(circuit, options);
  return verifyGroth16(vkey, proof.points, proof.publicSignals);
}
