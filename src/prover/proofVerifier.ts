import { BASE_FIELD_ORDER } from "./baseField.ts";
import { toG1, toG2 } from "./curve.ts";
import { verifyGroth16 } from "./groth16.ts";
import { pointBytes } from "./kernel/layout.ts";
import { createProofCheck, type ProofCheck } from "./kernel/pairingVerifier.ts";
import { isInSubgroup } from "./kernel/subgroup.ts";
import type { VerificationKey } from "./verificationKey.ts";

const isCanonical = (coordinate: bigint) => coordinate >= 0n && coordinate < BASE_FIELD_ORDER;

/**
 * A verifier for anyone's proofs of one key: the verdicts of `verifyGroth16`, in a fraction of its time.
 *
 * The pairing is wasmcurves', which takes whatever it is given for points of the right groups. What is not such a point
 * is refused before: coordinates that are not reduced, points off the curve (all of G1's are in its subgroup), points
 * of G2's curve outside the subgroup. Where WebAssembly is not to be had, `verifyGroth16` itself decides.
 *
 * @see EIP-196, EIP-197
 *
 * @example
 * const verifies = createProofVerifier(await loadVerificationKey("gate"));
 * const isValid = verifies(proof.points, proof.publicSignals);
 */
export function createProofVerifier(key: VerificationKey): ProofCheck {
  const check = isValid(key) ? fastCheck(key) : undefined;
  if (!check) return (points, publicSignals) => verifyGroth16(key, points, publicSignals);
  return (points, publicSignals) => {
    if (points.length !== 8 || !points.every(isCanonical)) return false;
    const [, , bx1, bx0, by1, by0] = points as [
      bigint,
      ...[bigint, bigint, bigint, bigint, bigint],
    ];
    return check(points, publicSignals) && isInSubgroup(pointBytes(bx0, bx1, by0, by1));
  };
}

function fastCheck(key: VerificationKey): ProofCheck | undefined {
  try {
    return createProofCheck(key);
  } catch {
    return undefined;
  }
}

/** Whether a key's points are such, and none of those that are paired with a proof's is at infinity. */
function isValid({ alpha1, beta2, gamma2, delta2, ic }: VerificationKey): boolean {
  const paired = [toG1(alpha1), ...[beta2, gamma2, delta2].map(toG2)];
  return paired.every((point) => point && !point.is0()) && ic.every((point) => toG1(point));
}
