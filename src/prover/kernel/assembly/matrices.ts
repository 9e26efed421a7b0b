/**
 * A·w and B·w. Products with coefficients other than ±1 are computed first, two in the lanes; each row is then
 * a sum of wires and products, limb by limb in 64-bit integers.
 */
import { loadUnsigned, storeCanonical } from "./coordinate";
import {
  FR_FROM_DOUBLE,
  FR_LIMBS,
  FR_MODULUS,
  FR_PER_TOP,
  frMultiplyUnsigned,
} from "./generated";

/** Bytes of an element as five doubles. */
const SHARED: usize = 40;
/** Limbs are at most 2^51 in magnitude: as many stay below 2^61. */
const TERMS_BEFORE_REDUCTION = 1024;

const FACTOR: usize = memory.data(80, 16);
const WIRES: usize = memory.data(80, 16);
const PRODUCT: usize = memory.data(80, 16);
const UNSIGNED: usize = memory.data(80, 16);

/** Coefficients times 2^512, 32 bytes each, to Montgomery form in 40 bytes each. */
export function convertCoefficients(to: usize, from: usize, count: i32): void {
  for (let k = 0; k < count; k++) {
    loadUnsigned(UNSIGNED, 0, from + 32 * k);
    loadUnsigned(UNSIGNED, 1, from + 32 * k);
    frMultiplyUnsigned(PRODUCT, UNSIGNED, FR_FROM_DOUBLE);
    storeLane(to + SHARED * <usize>k, PRODUCT, 0);
  }
}

function storeLane(to: usize, element: usize, lane: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(to + 8 * limb, load<f64>(element + 16 * limb + 8 * lane));
  }
}

function loadLanes(to: usize, lane0: usize, lane1: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(to + 16 * limb, load<f64>(lane0 + 8 * limb));
    store<f64>(to + 16 * limb + 8, load<f64>(lane1 + 8 * limb));
  }
}

/**
 * Evaluates all rows; the lists are those of `matrixCode.ts`.
 *
 * @param limbs room for the wires, 40 bytes each; `products` likewise
 * @param out a plain scalar for each row
 */
export function evaluateMatrices(
  witness: usize,
  wires: i32,
  limbs: usize,
  productWires: usize,
  coefficients: usize,
  products: usize,
  productCount: i32,
  starts: usize,
  codes: usize,
  rows: i32,
  out: usize,
): void {
  for (let k = 0; k < wires; k++) {
    loadUnsigned(UNSIGNED, 0, witness + 32 * k);
    storeLane(limbs + SHARED * <usize>k, UNSIGNED, 0);
  }
  for (let k = 0; k < productCount; k += 2) {
    // The last one of an odd number goes in both lanes.
    const other = min(k + 1, productCount - 1);
    loadLanes(
      WIRES,
      limbs + SHARED * <usize>load<u32>(productWires + 4 * k),
      limbs + SHARED * <usize>load<u32>(productWires + 4 * other),
    );
    loadLanes(FACTOR, coefficients + SHARED * <usize>k, coefficients + SHARED * <usize>other);
    frMultiplyUnsigned(PRODUCT, WIRES, FACTOR);
    storeLane(products + SHARED * <usize>k, PRODUCT, 0);
    storeLane(products + SHARED * <usize>other, PRODUCT, 1);
  }
  for (let row = 0; row < rows; row++) {
    sumRow(
      limbs,
      products,
      codes,
      load<i32>(starts + 4 * row),
      load<i32>(starts + 4 * row, 4),
      out + 32 * <usize>row,
    );
  }
}

const SUM: usize = memory.data(40, 16);

function sumRow(
  limbs: usize,
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
    const at = (code >> 30 == 2 ? products : limbs) + SHARED * <usize>(code & 0x3fffffff);
    if (code >> 30 == 1) {
      s0 -= <i64>load<f64>(at);
      s1 -= <i64>load<f64>(at, 8);
      s2 -= <i64>load<f64>(at, 16);
      s3 -= <i64>load<f64>(at, 24);
      s4 -= <i64>load<f64>(at, 32);
    } else {
      s0 += <i64>load<f64>(at);
      s1 += <i64>load<f64>(at, 8);
      s2 += <i64>load<f64>(at, 16);
      s3 += <i64>load<f64>(at, 24);
      s4 += <i64>load<f64>(at, 32);
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
 * Takes the nearest multiple of r away. With at most 1,024 terms below 1.2·r each (wires below 2^254 < 1.33·r), |q| ≤ 1,366
 * and |q·limb| < 2^61; the estimate of q from the last limb, an integer below 2^61 rounded to a double, is off by far less than
 * one half, so |sum| < r afterwards.
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
  memory.fill(FACTOR, 0, 80);
  memory.fill(WIRES, 0, 80);
  memory.fill(PRODUCT, 0, 80);
  memory.fill(UNSIGNED, 0, 80);
  memory.fill(SUM, 0, 40);
}
