import { FIELD_ORDER } from "../field/field.ts";
import { pairingIsOne, toG1, toG2 } from "./curve.ts";
import type { VerificationKey } from "./verificationKey.ts";

/**
 * Whether a Groth16 proof is valid, as the verifier contracts judge it.
 *
 * Written on `@noble/curves` and not on snarkjs, so that a proof is checked by other code than made it.
 *
 * @param points `[A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y]`, EVM order
 * @param publicSignals field elements; values ≥ p are refused, not reduced
 * @see Groth, "On the Size of Pairing-Based Non-interactive Arguments", EUROCRYPT 2016
 */
export function verifyGroth16(
  key: VerificationKey,
  points: readonly bigint[],
  publicSignals: readonly bigint[],
): boolean {
  if (points.length !== 8 || publicSignals.length !== key.ic.length - 1) return false;
  if (publicSignals.some((signal) => signal < 0n || signal >= FIELD_ORDER)) return false;
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = points as Eight;
  const a = toG1({ x: ax, y: ay });
  const b = toG2({ x: { c0: bx0, c1: bx1 }, y: { c0: by0, c1: by1 } });
  const c = toG1({ x: cx, y: cy });
  const alpha = toG1(key.alpha1);
  const [beta, gamma, delta] = [toG2(key.beta2), toG2(key.gamma2), toG2(key.delta2)];
  const inputs = publicInputPoint(key, publicSignals);
  if (!a || !b || !c || !alpha || !beta || !gamma || !delta || !inputs) return false;
  return pairingIsOne([
    { g1: a.negate(), g2: b },
    { g1: alpha, g2: beta },
    { g1: inputs, g2: gamma },
    { g1: c, g2: delta },
  ]);
}

type Eight = [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** `IC₀ + Σ sᵢ·ICᵢ`, or undefined for an invalid key. */
function publicInputPoint(key: VerificationKey, publicSignals: readonly bigint[]) {
  const [first, ...rest] = key.ic.map(toG1);
  return rest.reduce(
    (sum, point, i) => point && sum?.add(point.multiplyUnsafe(publicSignals[i] as bigint)),
    first,
  );
}
