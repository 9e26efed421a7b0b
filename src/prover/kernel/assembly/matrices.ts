/**
 * A·w and B·w. Products with coefficients other than ±1 are computed first, two in the lanes; each
 * row is then a sum of wires and products, limb by limb in 64-bit integers.
 *
 * Wires and products of the last witness are kept, and only what changed is computed again. That wires
 * are the limbs of the bytes, and products the coefficients' with them, holds from the start and after
 * a wipe, when all of them are 0; and nothing is changed before every wire was found to be in range.
 *
 * Wires, coefficients and products lie two by two: number k in lane k & 1 of the element at 80·(k
 * >> 1).
 */
import { loadUnsigned, storeCanonical } from "./coordinate";
import {
  FR_FROM_DOUBLE,
  FR_LIMBS,
  FR_MODULUS,
  FR_PER_TOP,
  frMultiplyUnsigned,
  frWireProducts,
} from "./generated";

const PAIR: usize = 80;
/** Limbs are at most 2^51 in magnitude: as many stay below 2^61. */
const TERMS_BEFORE_REDUCTION = 1024;
/** x + 1.5·2^52 has the bits of 1.5·2^52 plus x, for an integer |x| ≤ 2^51. */
const MAGIC: f64 = 6755399441055744.0;
const MAGIC_BITS: i64 = 0x4338000000000000;

const PRODUCT: usize = memory.data(80, 16);
const UNSIGNED: usize = memory.data(80, 16);

/** Coefficients times 2^512, 32 bytes each, an even number, to Montgomery form. */
export function convertCoefficients(to: usize, from: usize, count: i32): void {
  for (let k = 0; k < count; k += 2) {
    loadUnsigned(UNSIGNED, 0, from + 32 * k);
    loadUnsigned(UNSIGNED, 1, from + 32 * k + 32);
    frMultiplyUnsigned(to + PAIR * <usize>(k >> 1), UNSIGNED, FR_FROM_DOUBLE);
  }
}

/**
 * Evaluates all rows; the lists are those of `matrixCode.ts`.
 *
 * @param incoming the witness
 * @param witness the last witness, which becomes the new one
 * @param changed a byte for each wire
 * @param productCount even
 * @param rows of A, then as many of B
 * @param plain where a plain scalar goes for each row; 0 for none
 * @param limbs where elements go instead, A's rows in lane 0 and B's in lane 1: plain scalars too,
 *   within stored bounds
 * @returns −1, or the number of a wire that is not below 2^254
 */
export function evaluateMatrices(
  incoming: usize,
  witness: usize,
  wireCount: i32,
  wires: usize,
  changed: usize,
  productWires: usize,
  coefficients: usize,
  products: usize,
  productCount: i32,
  starts: usize,
  codes: usize,
  rows: i32,
  plain: usize,
  limbs: usize,
): i32 {
  for (let k = 0; k < wireCount; k++) {
    if (load<u64>(incoming + 32 * <usize>k, 24) >> 62) return k;
  }
  takeChanges(incoming, witness, wireCount, wires, changed);
  frWireProducts(products, productWires, wires, coefficients, productCount >> 1, changed);
  const half = rows >> 1;
  for (let row = 0; row < rows; row++) {
    const from = load<i32>(starts + 4 * row);
    const to = load<i32>(starts + 4 * row, 4);
    sumRow(wires, products, codes, from, to);
    if (plain != 0) storePlain(plain + 32 * <usize>row);
    else storeLimbs(row < half ? limbs + PAIR * <usize>row : limbs + PAIR * <usize>(row - half) + 8);
  }
  return -1;
}

/** Wires that differ from the last witness' get new limbs and a mark. */
function takeChanges(
  incoming: usize,
  witness: usize,
  wireCount: i32,
  wires: usize,
  changed: usize,
): void {
  for (let k = 0; k < wireCount; k++) {
    const from = incoming + 32 * <usize>k;
    const to = witness + 32 * <usize>k;
    const low = v128.load(from);
    const high = v128.load(from, 16);
    const difference = v128.or(
      v128.xor(low, v128.load(to)),
      v128.xor(high, v128.load(to, 16)),
    );
    const differs = v128.any_true(difference);
    store<u8>(changed + k, differs ? 1 : 0);
    if (!differs) continue;
    v128.store(to, low);
    v128.store(to, high, 16);
    loadUnsigned(wires + PAIR * <usize>(k >> 1), k & 1, from);
  }
}

const SUM: usize = memory.data(40, 16);

/** The sum of a row's codes at SUM, reduced. */
function sumRow(wires: usize, products: usize, codes: usize, from: i32, to: i32): void {
  let s0: i64 = 0;
  let s1: i64 = 0;
  let s2: i64 = 0;
  let s3: i64 = 0;
  let s4: i64 = 0;
  let terms = 0;
  for (let k = from; k < to; k++) {
    const code = load<u32>(codes + 4 * k);
    const number = code & 0x3fffffff;
    const base = code >> 30 == 2 ? products : wires;
    const at = base + PAIR * <usize>(number >> 1) + 8 * <usize>(number & 1);
    if (code >> 30 == 1) {
      s0 += reinterpret<i64>(MAGIC - load<f64>(at)) - MAGIC_BITS;
      s1 += reinterpret<i64>(MAGIC - load<f64>(at, 16)) - MAGIC_BITS;
      s2 += reinterpret<i64>(MAGIC - load<f64>(at, 32)) - MAGIC_BITS;
      s3 += reinterpret<i64>(MAGIC - load<f64>(at, 48)) - MAGIC_BITS;
      s4 += reinterpret<i64>(MAGIC - load<f64>(at, 64)) - MAGIC_BITS;
    } else {
      s0 += reinterpret<i64>(MAGIC + load<f64>(at)) - MAGIC_BITS;
      s1 += reinterpret<i64>(MAGIC + load<f64>(at, 16)) - MAGIC_BITS;
      s2 += reinterpret<i64>(MAGIC + load<f64>(at, 32)) - MAGIC_BITS;
      s3 += reinterpret<i64>(MAGIC + load<f64>(at, 48)) - MAGIC_BITS;
      s4 += reinterpret<i64>(MAGIC + load<f64>(at, 64)) - MAGIC_BITS;
    }
    if (++terms == TERMS_BEFORE_REDUCTION) {
      storeSum(s0, s1, s2, s3, s4);
      reduceSum();
      s0 = load<i64>(SUM);
      s1 = load<i64>(SUM, 8);
      s2 = load<i64>(SUM, 16);
      s3 = load<i64>(SUM, 24);
      s4 = load<i64>(SUM, 32);
      terms = 1;
    }
  }
  storeSum(s0, s1, s2, s3, s4);
  reduceSum();
}

/** The sum as bytes. */
function storePlain(out: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(PRODUCT + 16 * limb, <f64>load<i64>(SUM + 8 * limb));
  }
  storeCanonical(out, PRODUCT, 0, FR_MODULUS);
}

/** The sum as limbs in a lane: the lower ones in [−2^50, 2^50), its value below r as `reduceSum` left it. */
function storeLimbs(out: usize): void {
  let carry: i64 = 0;
  for (let limb: usize = 0; limb < 4; limb++) {
    const sum = load<i64>(SUM + 8 * limb) + carry;
    carry = (sum + (1 << 50)) >> 51;
    store<f64>(out + 16 * limb, <f64>(sum - (carry << 51)));
  }
  store<f64>(out, <f64>(load<i64>(SUM, 32) + carry), 64);
}

function storeSum(s0: i64, s1: i64, s2: i64, s3: i64, s4: i64): void {
  store<i64>(SUM, s0);
  store<i64>(SUM, s1, 8);
  store<i64>(SUM, s2, 16);
  store<i64>(SUM, s3, 24);
  store<i64>(SUM, s4, 32);
}

function carrySum(): void {
  let carry: i64 = 0;
  for (let limb: usize = 0; limb < 4; limb++) {
    const sum = load<i64>(SUM + 8 * limb) + carry;
    carry = sum >> 51;
    store<i64>(SUM + 8 * limb, sum & ((1 << 51) - 1));
  }
  store<i64>(SUM, load<i64>(SUM, 32) + carry, 32);
}

/**
 * Takes the nearest multiple of r away. With at most 1,024 terms below 1.2·r each (wires below
 * 2^254 < 1.33·r), |q| ≤ 1,366 and |q·limb| < 2^61; the estimate of q from the last limb, an
 * integer below 2^61 rounded to a double, is off by far less than one half, so |sum| < r
 * afterwards.
 */
function reduceSum(): void {
  carrySum();
  const q = <i64>nearest(<f64>load<i64>(SUM, 32) * FR_PER_TOP);
  for (let limb: usize = 0; limb < 5; limb++) {
    store<i64>(SUM + 8 * limb, load<i64>(SUM + 8 * limb) - q * load<i64>(FR_LIMBS + 8 * limb));
  }
  carrySum();
}

/** Forgets wires and products that passed through here. */
export function wipeMatrices(): void {
  memory.fill(PRODUCT, 0, 80);
  memory.fill(UNSIGNED, 0, 80);
  memory.fill(SUM, 0, 40);
}
