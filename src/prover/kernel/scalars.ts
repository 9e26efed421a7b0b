/**
 * Arithmetic on arrays of scalars as bytes: 32 bytes each, little-endian, below the field's order.
 *
 * In 32-bit words and without allocation, since it runs over a whole witness for each proof.
 */
import { FIELD_ORDER } from "../../field/field.ts";
import { SCALAR_BYTES } from "./layout.ts";

const WORDS = SCALAR_BYTES / 4;
const ORDER = Uint32Array.from({ length: WORDS }, (_, k) =>
  Number(BigInt.asUintN(32, FIELD_ORDER >> BigInt(32 * k))),
);

/** The array as 32-bit words; it must be aligned to them. */
function wordsOf(scalars: Uint8Array): Uint32Array {
  return new Uint32Array(scalars.buffer, scalars.byteOffset, scalars.length / 4);
}

/** Scalars that are not 0, by index. */
export function nonZeroIndices(scalars: Uint8Array): Uint32Array {
  const words = wordsOf(scalars);
  const indices = new Uint32Array(scalars.length / SCALAR_BYTES);
  let count = 0;
  for (let index = 0, at = 0; at < words.length; index++, at += WORDS) {
    let any = 0;
    for (let k = at; k < at + WORDS; k++) any |= words[k] as number;
    if (any !== 0) indices[count++] = index;
  }
  return indices.subarray(0, count);
}

/**
 * `a − b`, element by element.
 *
 * @param difference receives it
 * @returns how many elements differ
 */
export function subtract(a: Uint8Array, b: Uint8Array, difference: Uint8Array): number {
  const [x, y, z] = [wordsOf(a), wordsOf(b), wordsOf(difference)];
  let changes = 0;
  for (let at = 0; at < x.length; at += WORDS) {
    let borrow = 0;
    let any = 0;
    for (let k = at; k < at + WORDS; k++) {
      const word = (x[k] as number) - (y[k] as number) - borrow;
      borrow = word < 0 ? 1 : 0;
      z[k] = word;
      any |= word;
    }
    if (borrow === 1) {
      let carry = 0;
      for (let k = 0; k < WORDS; k++) {
        const word = (z[at + k] as number) + (ORDER[k] as number) + carry;
        carry = word > 0xffff_ffff ? 1 : 0;
        z[at + k] = word;
      }
    }
    if (any !== 0) changes++;
  }
  return changes;
}
