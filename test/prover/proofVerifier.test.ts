import { bn254 } from "@noble/curves/bn254.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { FIELD_ORDER, mod } from "../../src/field/field.ts";
import { BASE_FIELD_ORDER } from "../../src/prover/baseField.ts";
import type { G1Point, G2Point } from "../../src/prover/curve.ts";
import { verifyGroth16 } from "../../src/prover/groth16.ts";
import { pointBytes } from "../../src/prover/kernel/layout.ts";
import { firstOffCurve } from "../../src/prover/kernel/onCurve.ts";
import { isInSubgroup } from "../../src/prover/kernel/subgroup.ts";
import { Wasmcurves } from "../../src/prover/kernel/wasmcurves.ts";
import { createProofVerifier } from "../../src/prover/proofVerifier.ts";
import type { VerificationKey } from "../../src/prover/verificationKey.ts";

const { G1, G2 } = bn254;
const { Fp, Fp2 } = bn254.fields;
type Point1 = typeof G1.Point.BASE;
type Point2 = typeof G2.Point.BASE;
const g1 = (scalar: bigint) => G1.Point.BASE.multiplyUnsafe(mod(scalar));
const g2 = (scalar: bigint) => G2.Point.BASE.multiplyUnsafe(mod(scalar));
const affine1 = (point: Point1): G1Point => (point.is0() ? { x: 0n, y: 0n } : point.toAffine());
const affine2 = (point: Point2): G2Point =>
  point.is0() ? { x: Fp2.ZERO, y: Fp2.ZERO } : point.toAffine();

const bytesOf = (point: Point2) => {
  const { x, y } = affine2(point);
  return pointBytes(x.c0, x.c1, y.c0, y.c1);
};

/** A key whose trapdoor is known: every statement has a proof. */
const trapdoor = { alpha: 5n, beta: 7n, gamma: 11n, delta: 13n, ic: [17n, 19n, 23n, 0n] };
const keyOf = ({ alpha, beta, gamma, delta, ic }: typeof trapdoor): VerificationKey => ({
  alpha1: affine1(g1(alpha)),
  beta2: affine2(g2(beta)),
  gamma2: affine2(g2(gamma)),
  delta2: affine2(g2(delta)),
  ic: ic.map((scalar) => affine1(g1(scalar))),
});

const inverse = (value: bigint) => bn254.fields.Fr.inv(mod(value));
/** The scalar of C that proves a statement for A and B of known scalars. */
function closing(a: bigint, b: bigint, signals: readonly bigint[], secret = trapdoor): bigint {
  const { alpha, beta, gamma, delta, ic } = secret;
  const inputs = signals.reduce((sum, s, k) => sum + s * (ic[k + 1] as bigint), ic[0] as bigint);
  return mod((a * b - alpha * beta - inputs * gamma) * inverse(delta));
}
const pointsOf = (a: Point1, b: Point2, c: Point1): bigint[] => {
  const { x, y } = affine2(b);
  return [affine1(a).x, affine1(a).y, x.c1, x.c0, y.c1, y.c0, affine1(c).x, affine1(c).y];
};

const SIGNALS = [3n, FIELD_ORDER - 1n, 29n];
const C = closing(31n, 37n, SIGNALS);
const valid = pointsOf(g1(31n), g2(37n), g1(C));

/** A point of G2's curve that is not in the subgroup. */
function stray(seed = 1n): Point2 {
  for (let c0 = seed; ; c0++) {
    const x = { c0, c1: 1n };
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), G2.Point.CURVE().b);
    let y: { c0: bigint; c1: bigint };
    try {
      y = Fp2.sqrt(square);
    } catch {
      continue;
    }
    const point = G2.Point.fromAffine({ x, y });
    if (!point.isTorsionFree()) return point;
  }
}
/** Of an order that divides the cofactor: r times a stray point, in two steps since noble takes scalars below r. */
const cofactorPoint = () => {
  const point = stray(100n);
  return point.multiplyUnsafe(FIELD_ORDER - 1n).add(point);
};

const key = keyOf(trapdoor);
let verifies: ReturnType<typeof createProofVerifier>;
beforeAll(() => {
  verifies = createProofVerifier(key);
});

/** What both verifiers say, which must be the same. */
function verdict(points: readonly bigint[], signals: readonly bigint[] = SIGNALS): boolean {
  const fast = verifies(points, signals);
  expect(fast).toBe(verifyGroth16(key, points, signals));
  return fast;
}

const negated = (points: readonly bigint[], ...at: number[]) =>
  at.reduce((all, k) => all.with(k, Fp.neg(all[k] as bigint)), [...points]);

describe("createProofVerifier says what verifyGroth16 says", () => {
  it("of valid proofs, malleated ones included", () => {
    const calls = vi.spyOn(Wasmcurves.prototype, "call");
    expect(verdict(valid)).toBe(true);
    expect(verdict(valid)).toBe(true);
    expect(calls).toHaveBeenCalledWith(
      "bn128_finalExponentiation",
      expect.anything(),
      expect.anything(),
    );
    calls.mockRestore();
    expect(verdict(negated(valid, 1, 4, 5))).toBe(true);
    expect(verdict(pointsOf(g1(31n * 3n), g2(37n * inverse(3n)), g1(C)))).toBe(true);
  });

  it("of signals that are altered, not reduced, negative, 0, missing or too many", () => {
    for (const k of SIGNALS.keys()) {
      for (const difference of [1n, -1n, FIELD_ORDER, -FIELD_ORDER]) {
        const signals = SIGNALS.with(k, (SIGNALS[k] as bigint) + difference);
        // The last signal's point is at infinity: the key says nothing about it.
        const isReduced = signals.every((signal) => signal >= 0n && signal < FIELD_ORDER);
        expect(verdict(valid, signals)).toBe(k === 2 && isReduced);
      }
    }
    expect(verdict(valid, SIGNALS.slice(1))).toBe(false);
    expect(verdict(valid, [...SIGNALS, 0n])).toBe(false);
    const zeros = [0n, 0n, 0n];
    expect(verdict(pointsOf(g1(31n), g2(37n), g1(closing(31n, 37n, zeros))), zeros)).toBe(true);
  });

  it("of coordinates that are altered, off the curve or not reduced", () => {
    for (const k of valid.keys()) {
      for (const difference of [1n, BASE_FIELD_ORDER, -BASE_FIELD_ORDER, 1n << 256n]) {
        expect(verdict(valid.with(k, (valid[k] as bigint) + difference))).toBe(false);
      }
    }
    expect(verdict([])).toBe(false);
    expect(verdict(valid.slice(1))).toBe(false);
    expect(verdict([...valid, 0n])).toBe(false);
  });

  it("of points that are swapped, negated or of another proof", () => {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = valid as [
      ...[bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint],
    ];
    for (const points of [
      [cx, cy, bx1, bx0, by1, by0, ax, ay],
      [ax, ay, bx0, bx1, by0, by1, cx, cy],
      [ay, ax, bx1, bx0, by1, by0, cx, cy],
      [ax, ay, by1, by0, bx1, bx0, cx, cy],
      negated(valid, 1),
      negated(valid, 4, 5),
      negated(valid, 7),
      pointsOf(g1(31n), g2(37n), g1(C + 1n)),
      pointsOf(g1(32n), g2(37n), g1(C)),
    ]) {
      expect(verdict(points)).toBe(false);
    }
  });

  it("of points on G2's curve outside the subgroup, alone or added to the right one", () => {
    for (const b of [stray(), stray(50n), cofactorPoint(), g2(37n).add(cofactorPoint())]) {
      expect(b.isTorsionFree()).toBe(false);
      expect(firstOffCurve(bytesOf(b), "g2")).toBeUndefined();
      expect(verdict(pointsOf(g1(31n), b, g1(C)))).toBe(false);
    }
  });

  it("of points at infinity, as the gate's verifier takes them", () => {
    const zero = { g1: G1.Point.ZERO, g2: G2.Point.ZERO };
    expect(verdict(Array(8).fill(0n))).toBe(false);
    expect(verdict(pointsOf(zero.g1, g2(37n), g1(C)))).toBe(false);
    expect(verdict(pointsOf(g1(31n), zero.g2, g1(C)))).toBe(false);
    expect(verdict(pointsOf(g1(31n), g2(37n), zero.g1))).toBe(false);
    // With the trapdoor they can be made to fit.
    const without = g1(closing(0n, 0n, SIGNALS));
    expect(verdict(pointsOf(zero.g1, g2(37n), without))).toBe(true);
    expect(verdict(pointsOf(g1(31n), zero.g2, without))).toBe(true);
    expect(verdict(pointsOf(zero.g1, zero.g2, without))).toBe(true);
    expect(verdict(pointsOf(zero.g1, stray(), without))).toBe(false);
    const b = closingFactor();
    expect(verdict(pointsOf(g1(31n), g2(b), zero.g1))).toBe(true);
  });

  it("of signals that add up to infinity", () => {
    const { alpha, beta, delta } = trapdoor;
    const cancelling = { ...trapdoor, ic: [17n, FIELD_ORDER - 17n] };
    const own = keyOf(cancelling);
    const c = g1((31n * 37n - alpha * beta) * inverse(delta));
    for (const [signals, expected] of [
      [[1n], true],
      [[2n], false],
    ] as const) {
      const points = pointsOf(g1(31n), g2(37n), c);
      expect(createProofVerifier(own)(points, signals)).toBe(expected);
      expect(verifyGroth16(own, points, signals)).toBe(expected);
    }
  });

  it("of any statement and any proof", () => {
    const scalar = fc.bigInt({ min: 1n, max: FIELD_ORDER - 1n });
    fc.assert(
      fc.property(scalar, scalar, scalar, fc.boolean(), (a, b, signal, isTrue) => {
        const signals = [signal, a, b];
        const c = closing(a, b, signals) + (isTrue ? 0n : 1n);
        expect(verdict(pointsOf(g1(a), g2(b), g1(c)), signals)).toBe(isTrue);
      }),
      { numRuns: 10 },
    );
  });

  it("of keys that are none", () => {
    const strayKey = { ...key, gamma2: affine2(stray()) };
    const off = { ...key, alpha1: { x: 1n, y: 1n } };
    const empty = { ...key, delta2: affine2(G2.Point.ZERO) };
    for (const bad of [strayKey, off, empty]) {
      expect(createProofVerifier(bad)(valid, SIGNALS)).toBe(false);
      expect(verifyGroth16(bad, valid, SIGNALS)).toBe(false);
    }
  });
});

/** The scalar of B that proves the statement for A = 31 and C at infinity. */
function closingFactor(): bigint {
  const { alpha, beta, gamma, ic } = trapdoor;
  const inputs = SIGNALS.reduce((sum, s, k) => sum + s * (ic[k + 1] as bigint), ic[0] as bigint);
  return mod((alpha * beta + inputs * gamma) * inverse(31n));
}

describe("isInSubgroup", () => {
  it("holds for multiples of the generator and infinity, and for no stray point", () => {
    for (const scalar of [0n, 1n, 2n, 37n, FIELD_ORDER - 1n]) {
      expect(isInSubgroup(bytesOf(g2(scalar)))).toBe(true);
    }
    for (const point of [stray(), stray(2n), cofactorPoint(), g2(5n).add(cofactorPoint())]) {
      expect(isInSubgroup(bytesOf(point))).toBe(false);
    }
  });
});
