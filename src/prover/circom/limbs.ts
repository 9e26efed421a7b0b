/**
 * §4.1 How the machine holds field elements: nine limbs of 29 bits, in circom's own Montgomery form.
 *
 * Limbs of fewer bits than the words they lie in let carries wait. Source of the idea: D. J. Bernstein, "Curve25519: new
 * Diffie-Hellman speed records", 2006.
 */
import { FIELD_ORDER } from "../../field/field.ts";

/** An element is nine limbs of 29 bits: 64 bits hold the sum of 63 products of two limbs. */
export const LIMBS = 9;
export const LIMB_BITS = 29;
/** Limbs lie in 32 bits each. */
export const ELEMENT_BYTES = 4 * LIMBS;

/** Elements are kept as x·2^256 mod p, as circom keeps them, so that no conversion lies between. */
export const MONTGOMERY_BITS = 256;
const MONTGOMERY = 1n << BigInt(MONTGOMERY_BITS);
/** 1/2^256 mod p. */
export const MONTGOMERY_INVERSE = power(MONTGOMERY % FIELD_ORDER, FIELD_ORDER - 2n);

const buffer = new DataView(new ArrayBuffer(40));

/** The limbs of an integer below 2^256. */
export function limbsOf(value: bigint): number[] {
  for (let k = 0; k < 4; k++) buffer.setBigUint64(8 * k, value >> BigInt(64 * k), true);
  return Array.from({ length: LIMBS }, (_, k) => {
    const bit = LIMB_BITS * k;
    const at = 4 * Math.floor(bit / 32);
    const shift = bit % 32;
    const low = buffer.getUint32(at, true) >>> shift;
    const high = shift === 0 ? 0 : buffer.getUint32(at + 4, true) << (32 - shift);
    return (low | high) & (2 ** LIMB_BITS - 1);
  });
}

/** The limbs of an element's Montgomery form. */
export function montgomeryLimbs(element: bigint): number[] {
  return limbsOf((element * MONTGOMERY) % FIELD_ORDER);
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}
