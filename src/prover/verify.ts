import type { CircuitName } from "../action/circuits.ts";
import { type ArtifactOptions, loadVerificationKey } from "./artifacts.ts";
import type { ProofCheck } from "./kernel/pairingVerifier.ts";
import { createProofVerifier } from "./proofVerifier.ts";
import type { Proof } from "./prover.ts";
import type { VerificationKey } from "./verificationKey.ts";

/** What was prepared for a key: as many as a process can need. */
const verifiers = new Map<string, ProofCheck>();
const MAX_VERIFIERS = 16;

/**
 * Whether a proof is valid for its public signals, off-chain (about 6 ms, 60 the first time).
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
  return verifierOf(vkey)(proof.points, proof.publicSignals);
}

/** The verifier of a key, made once. The key is read anew each time, and has to be the pinned one each time. */
function verifierOf(key: VerificationKey): ProofCheck {
  const name = JSON.stringify(key, (_, entry) => (typeof entry === "bigint" ? `${entry}` : entry));
  const known = verifiers.get(name);
  if (known) return known;
  if (verifiers.size >= MAX_VERIFIERS) verifiers.clear();
  const verifier = createProofVerifier(key);
  verifiers.set(name, verifier);
  return verifier;
}
