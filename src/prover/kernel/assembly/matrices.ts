/**
 * A·w and B·w. Products with coefficients other than ±1 are computed first, two in the lanes; each
 * row is then a sum of wires and products, limb by limb in 64-bit integers.
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
 * @param productCount even
 * @param out a plain scalar for each row
 * @returns −1, or the number of a wire that is not below 2^254
 */
export function evaluateMatrices(
  witness: usize,
  wireCount: i32,
  wires: usize,
  productWires: usize,
  coefficients: usize,
  products: usize,
  productCount: i32,
  starts: usize,
  codes: usize,
  rows: i32,
  out: usize,
): i32 {
  for (let k = 0; k < wireCount; k++) {
    const bytes = witness + 32 * <usize>k;
    if (load<u64>(bytes, 24) >> 62) return k;
    loadUnsigned(wires + PAIR * <usize>(k >> 1), k & 1, bytes);
  }
  frWireProducts(products, productWires, wires, coefficients, productCount >> 1);
  for (let row = 0; row < rows; row++) {
    const from = load<i32>(starts + 4 * row);
    const to = load<i32>(starts + 4 * row, 4);
    sumRow(wires, products, codes, from, to, out + 32 * <usize>row);
  }
  return -1;
}

const SUM: usize = memory.data(40, 16);

function sumRow(
  wires: usize,
  products: usize,
  codes: usize,
  from: i32,
  to: i32,
  out: usize,
): void {
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
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(PRODUCT + 16 * limb, <f64>load<i64>(SUM + 8 * limb));
  }
  storeCanonical(out, PRODUCT, 0, FR_MODULUS);
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
