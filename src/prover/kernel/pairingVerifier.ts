import { FIELD_ORDER } from "../../field/field.ts";
import type { G1Point, G2Point } from "../curve.ts";
import type { VerificationKey } from "../verificationKey.ts";
import { isZero, POINT_BYTES, pointBytes, SCALAR_BYTES, scalarBytes } from "./layout.ts";
import { firstOffCurve } from "./onCurve.ts";
import { PREPARED_BYTES, TARGET_BYTES, Wasmcurves } from "./wasmcurves.ts";

/** Whether points in EVM order are a valid proof for the public signals. */
export type ProofCheck = (points: readonly bigint[], publicSignals: readonly bigint[]) => boolean;

const g1Bytes = ({ x, y }: G1Point) => pointBytes(x, y);
const g2Bytes = ({ x, y }: G2Point) => pointBytes(x.c0, x.c1, y.c0, y.c1);

/**
 * A verifier for the proofs of one key, on wasmcurves' arithmetic: other code than the kernel, and a
 * quarter of the time of `verifyGroth16` since `e(α, β)` is computed once and γ and δ are prepared once.
 *
 * For one's own proofs: it takes coordinates modulo the field's order, and leaves to the pairing equation that B lies
 * in the subgroup of order r. `createProofVerifier` is for anyone's.
 */
export function createProofCheck(key: VerificationKey): ProofCheck {
  const curve = new Wasmcurves();
  /** Puts a point into room of its own, as the Jacobian point that all functions take. */
  const point = (group: "g1m" | "g2m", bytes: Uint8Array): number => {
    const address = curve.reserve((bytes.length / 2) * 3);
    curve.scoped(() => curve.call(`${group}_toJacobian`, curve.place(bytes), address));
    return address;
  };
  const g1 = (bytes: Uint8Array) => point("g1m", bytes);
  const g2 = (bytes: Uint8Array) => point("g2m", bytes);
  const prepared = (group: "g1" | "g2", of: number): number => {
    const address = curve.reserve(PREPARED_BYTES[group]);
    curve.call(group === "g1" ? "bn128_prepareG1" : "bn128_prepareG2", of, address);
    return address;
  };

  const constant = curve.reserve(TARGET_BYTES);
  curve.call("bn128_pairing", g1(g1Bytes(key.alpha1)), g2(g2Bytes(key.beta2)), constant);
  const gamma = prepared("g2", g2(g2Bytes(key.gamma2)));
  const delta = prepared("g2", g2(g2Bytes(key.delta2)));
  const [first, ...rest] = key.ic.map((each) => g1(g1Bytes(each))) as [number, ...number[]];

  /** `IC₀ + Σ sᵢ·ICᵢ` */
  const inputPoint = (publicSignals: readonly bigint[]): number => {
    const [sum, term] = [g1(new Uint8Array(POINT_BYTES.g1)), g1(new Uint8Array(POINT_BYTES.g1))];
    curve.call("g1m_copy", first, sum);
    for (const [k, signal] of publicSignals.entries()) {
      const scalar = curve.place(scalarBytes(signal));
      curve.call("g1m_timesScalar", rest[k] as number, scalar, SCALAR_BYTES, term);
      curve.call("g1m_add", sum, term, sum);
    }
    return sum;
  };
  const negative = (of: number) => {
    curve.call("g1m_neg", of, of);
    return of;
  };
  /** Whether `Π e(Pᵢ, Qᵢ)` is the constant; a pair with a point at infinity contributes 1. */
  const productIsConstant = (pairs: readonly (readonly [p: number, preparedQ: number])[]) => {
    const [total, factor] = [curve.reserve(TARGET_BYTES), curve.reserve(TARGET_BYTES)];
    curve.call("ftm_one", total);
    for (const [p, q] of pairs) {
      if (curve.call("g1m_isZero", p) !== 0) continue;
      curve.call("bn128_millerLoop", prepared("g1", p), q, factor);
      curve.call("ftm_mul", total, factor, total);
    }
    curve.call("bn128_finalExponentiation", total, total);
    return curve.call("ftm_eq", total, constant) !== 0;
  };

  return (points, publicSignals) => {
    if (points.length !== 8 || publicSignals.length !== rest.length) return false;
    if (publicSignals.some((signal) => signal < 0n || signal >= FIELD_ORDER)) return false;
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = points as [
      ...[bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint],
    ];
    const [a, c] = [pointBytes(ax, ay), pointBytes(cx, cy)];
    const b = pointBytes(bx0, bx1, by0, by1);
    const isOnCurve = [a, c].every((each) => firstOffCurve(each, "g1") === undefined);
    if (!isOnCurve || firstOffCurve(b, "g2") !== undefined) return false;
    // e(A, B) · e(−inputs, γ) · e(−C, δ) = e(α, β)
    return curve.scoped(() =>
      productIsConstant([
        ...(isZero(b) ? [] : [[g1(a), prepared("g2", g2(b))] as const]),
        [negative(inputPoint(publicSignals)), gamma],
        [negative(g1(c)), delta],
      ]),
    );
  };
}
