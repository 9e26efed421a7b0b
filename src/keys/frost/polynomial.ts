import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { CurvePoint } from "../schnorr.ts";
import type { FrostSuite } from "./suite.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** Where randomness comes from: that many bytes. The system's, but in tests of vectors. */
export type Random = (bytes?: number) => Uint8Array;

/** Uniform coefficients, none of them 0. */
export function randomCoefficients(suite: FrostSuite, count: number, random?: Random): bigint[] {
  return Array.from({ length: count }, () =>
    Fn.fromBytes(suite.frost.utils.randomScalar(random as never)),
  );
}

/** The value at x of the polynomial with these coefficients, constant first. */
export function evaluate(coefficients: readonly bigint[], x: number): bigint {
  return coefficients.reduceRight((value, c) => Fn.add(Fn.mul(value, BigInt(x)), c), 0n);
}

/** Feldman's commitments to coefficients. */
export function commitTo(coefficients: readonly bigint[]): CurvePoint[] {
  return coefficients.map((coefficient) => Point.BASE.multiply(coefficient));
}

/** The commitment to the value at x, of public commitments to the coefficients. */
export function evaluateCommitments(commitments: readonly CurvePoint[], x: number): CurvePoint {
  return commitments.reduceRight(
    (value, commitment) => value.multiplyUnsafe(BigInt(x)).add(commitment),
    Point.ZERO,
  );
}
