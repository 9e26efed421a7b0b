/**
 * How a number is held: five signed limbs of 51 bits, x = Σ xᵢ·2^(51i), each limb an integer in an
 * IEEE double. A limb has 53 bits of room, so sums need no carries; a Montgomery form uses R = 2^255.
 */

/** Limbs of an element. */
export const LIMBS = 5;
/** Bits of a limb. */
export const LIMB_BITS = 51n;
/** 2^51, the radix. */
export const RADIX = 1n << LIMB_BITS;
/** 2^50: a carried limb lies within ± this. */
export const HALF_RADIX = RADIX / 2n;
/** Montgomery's R. */
export const MONTGOMERY_R = 1n << (LIMB_BITS * BigInt(LIMBS));

/** 2^(51·i), what a limb is worth. */
export function limbWeight(index: number): bigint {
  return 1n << (LIMB_BITS * BigInt(index));
}

/** The limbs of an integer: the low four in [−2^50, 2^50), the last takes the rest, sign included. */
export function signedLimbs(value: bigint): bigint[] {
  const limbs: bigint[] = [];
  let rest = value;
  for (let index = 0; index < LIMBS - 1; index++) {
    const limb = BigInt.asIntN(Number(LIMB_BITS), rest);
    limbs.push(limb);
    rest = (rest - limb) >> LIMB_BITS;
  }
  limbs.push(rest);
  return limbs;
}

/** The 64 bits of a double. */
export function doubleBits(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** The inverse of `value` modulo an odd or prime `modulus` it has no factor in common with. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, ((value % modulus) + modulus) % modulus];
  let [before, coefficient] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [before, coefficient] = [coefficient, before - quotient * coefficient];
  }
  return ((before % modulus) + modulus) % modulus;
}

/** The absolute value. */
export function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
