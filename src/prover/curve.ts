import { bn254 } from "@noble/curves/bn254.js";
import { BASE_FIELD_ORDER } from "./baseField.ts";

/** An affine point of BN254's G1; (0, 0) is the point at infinity, as for the EVM's precompiles. */
export interface G1Point {
  x: bigint;
  y: bigint;
}

/** An element `c0 + c1·u` of BN254's quadratic extension field. */
export interface Fp2 {
  c0: bigint;
  c1: bigint;
}

/** An affine point of BN254's G2; all zero is the point at infinity. */
export interface G2Point {
  x: Fp2;
  y: Fp2;
}

/** The generator of G1 that Groth16 keys are written in. */
export const G1_GENERATOR: G1Point = bn254.G1.Point.BASE.toAffine();
/** The generator of G2; γ of every key that snarkjs makes. */
export const G2_GENERATOR: G2Point = bn254.G2.Point.BASE.toAffine();

const isZero = ({ x, y }: G1Point) => x === 0n && y === 0n;
const isBelowOrder = (...coordinates: bigint[]) =>
  coordinates.every((coordinate) => coordinate >= 0n && coordinate < BASE_FIELD_ORDER);

/**
 * A point for calculations.
 *
 * @returns undefined if the coordinates are not canonical or the point is not on the curve
 */
export function toG1({ x, y }: G1Point) {
  if (!isBelowOrder(x, y)) return undefined;
  if (isZero({ x, y })) return bn254.G1.Point.ZERO;
  const point = bn254.G1.Point.fromAffine({ x, y });
  return isValid(point) ? point : undefined;
}

/**
 * A point for calculations.
 *
 * @returns undefined if the coordinates are not canonical or the point is not on the curve or not in
 *   the subgroup of prime order
 */
export function toG2({ x, y }: G2Point) {
  if (!isBelowOrder(x.c0, x.c1, y.c0, y.c1)) return undefined;
  if (x.c0 === 0n && x.c1 === 0n && y.c0 === 0n && y.c1 === 0n) return bn254.G2.Point.ZERO;
  const point = bn254.G2.Point.fromAffine({ x, y });
  return isValid(point) && point.isTorsionFree() ? point : undefined;
}

function isValid(point: { assertValidity(): void }): boolean {
  try {
    point.assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** A point of G1 for calculations. */
export type G1 = NonNullable<ReturnType<typeof toG1>>;
/** A point of G2 for calculations. */
export type G2 = NonNullable<ReturnType<typeof toG2>>;

/**
 * Whether the product of pairings is 1, as the EVM's precompile at address 8 tells.
 *
 * @param pairs valid points; a pair with a point at infinity contributes 1
 * @see EIP-197
 */
export function pairingIsOne(pairs: readonly { g1: G1; g2: G2 }[]): boolean {
  const finite = pairs.filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
  if (finite.length === 0) return true;
  const { Fp12 } = bn254.fields;
  return Fp12.eql(bn254.pairingBatch(finite), Fp12.ONE);
}

/** Whether a point of G1 and one of G2 are the same multiple of their generators; false if invalid. */
export function sameSecret(inG1: G1Point, inG2: G2Point): boolean {
  const [first, second] = [toG1(inG1), toG2(inG2)];
  if (!first || !second) return false;
  return pairingIsOne([
    { g1: first, g2: bn254.G2.Point.BASE },
    { g1: bn254.G1.Point.BASE.negate(), g2: second },
  ]);
}
