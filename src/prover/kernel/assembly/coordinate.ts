/**
 * Coordinates of points: Fq (degree 1) or Fq2 = Fq[u]/(u² + 1) (degree 2), in two lanes, at addresses.
 * An element takes 80 bytes per degree. Used where speed does not matter; hot loops are generated.
 */
import {
  FQ_FROM_BYTES,
  FQ_FROM_PLAIN,
  FQ_MODULUS,
  FQ_ONE,
  FQ_RAW_ONE,
  FQ_TO_BYTES,
  FR_FROM_PLAIN,
  FR_MODULUS,
  FR_ONE,
  fq2Multiply,
  fqAdd,
  fqMultiply,
  fqMultiplyUnsigned,
  fqSquare,
  fqSubtract,
  frMultiply,
  frMultiplyUnsigned,
} from "./generated";
import { invertBytes } from "./inverse";

/** Bytes of an Fq element in two lanes. */
export const ELEMENT: usize = 80;

const ZERO: usize = memory.data(160, 16);
const SWAPPED: usize = memory.data(80, 16);
const PLAIN: usize = memory.data(80, 16);
const BYTES: usize = memory.data(32, 16);
const NORM: usize = memory.data(80, 16);
const SQUARE: usize = memory.data(80, 16);
const UNSIGNED: usize = memory.data(80, 16);
const DIGITS: usize = memory.data(40, 16);
const PROBE: usize = memory.data(32, 16);

export function copy(degree: i32, to: usize, from: usize): void {
  memory.copy(to, from, ELEMENT * <usize>degree);
}

export function multiply(degree: i32, result: usize, a: usize, b: usize): void {
  if (degree == 1) fqMultiply(result, a, b);
  else fq2Multiply(result, a, b);
}

export function add(degree: i32, result: usize, a: usize, b: usize): void {
  fqAdd(result, a, b);
  if (degree == 2) fqAdd(result + ELEMENT, a + ELEMENT, b + ELEMENT);
}

export function subtract(degree: i32, result: usize, a: usize, b: usize): void {
  fqSubtract(result, a, b);
  if (degree == 2) fqSubtract(result + ELEMENT, a + ELEMENT, b + ELEMENT);
}

export function setZero(degree: i32, result: usize): void {
  copy(degree, result, ZERO);
}

export function setOne(degree: i32, result: usize): void {
  setZero(degree, result);
  copy(1, result, FQ_ONE);
}

/**
 * The inverse in both lanes, 0 of 0. One inversion serves both, as 1/a₀ = a₁/(a₀·a₁), unless one of them
 * is 0. Result and operand may be the same.
 */
function invertBase(result: usize, a: usize): void {
  for (let i: usize = 0; i < ELEMENT; i += 16) {
    const limb = v128.load(a + i);
    v128.store(SWAPPED + i, v128.shuffle<i64>(limb, limb, 1, 0));
  }
  fqMultiply(PLAIN, a, SWAPPED);
  fqMultiply(PLAIN, PLAIN, FQ_RAW_ONE);
  if (invertLane(0)) {
    loadUnsigned(UNSIGNED, 1, BYTES);
    fqMultiplyUnsigned(PLAIN, UNSIGNED, FQ_FROM_PLAIN);
    fqMultiply(result, PLAIN, SWAPPED);
    return;
  }
  fqMultiply(PLAIN, a, FQ_RAW_ONE);
  invertLane(0);
  invertLane(1);
  fqMultiplyUnsigned(result, UNSIGNED, FQ_FROM_PLAIN);
}

/** A lane of UNSIGNED becomes the inverse of PLAIN's; false if that is 0. */
function invertLane(lane: usize): bool {
  storeCanonical(BYTES, PLAIN, lane, FQ_MODULUS);
  invertBytes(BYTES);
  loadUnsigned(UNSIGNED, lane, BYTES);
  return (load<u64>(BYTES) | load<u64>(BYTES, 8) | load<u64>(BYTES, 16) | load<u64>(BYTES, 24)) != 0;
}

/** 1/a in both lanes (0 of 0). In Fq2, (a₀ − a₁u)/(a₀² + a₁²). */
export function invert(degree: i32, result: usize, a: usize): void {
  if (degree == 1) {
    invertBase(result, a);
    return;
  }
  fqSquare(NORM, a);
  fqSquare(SQUARE, a + ELEMENT);
  fqAdd(NORM, NORM, SQUARE);
  invertBase(NORM, NORM);
  fqMultiply(result, a, NORM);
  fqMultiply(result + ELEMENT, a + ELEMENT, NORM);
  fqSubtract(result + ELEMENT, ZERO, result + ELEMENT);
}

/** Splits 32 bytes into five unsigned 51-bit limbs in one lane. */
export function loadUnsigned(to: usize, lane: usize, bytes: usize): void {
  const mask: u64 = (1 << 51) - 1;
  const w0 = load<u64>(bytes);
  const w1 = load<u64>(bytes, 8);
  const w2 = load<u64>(bytes, 16);
  const w3 = load<u64>(bytes, 24);
  to += 8 * lane;
  store<f64>(to, <f64>(<i64>(w0 & mask)));
  store<f64>(to, <f64>(<i64>(((w0 >> 51) | (w1 << 13)) & mask)), 16);
  store<f64>(to, <f64>(<i64>(((w1 >> 38) | (w2 << 26)) & mask)), 32);
  store<f64>(to, <f64>(<i64>(((w2 >> 25) | (w3 << 39)) & mask)), 48);
  store<f64>(to, <f64>(<i64>(w3 >> 12)), 64);
}

/**
 * The canonical 32 bytes, in [0, modulus), of one lane of an element in (−modulus, modulus).
 *
 * Limbs become unsigned by carries from below; the last limb's sign is then the value's.
 */
export function storeCanonical(bytes: usize, from: usize, lane: usize, modulus: usize): void {
  const mask: i64 = (1 << 51) - 1;
  from += 8 * lane;
  let carry: i64 = 0;
  for (let i: usize = 0; i < 5; i++) {
    const limb = <i64>load<f64>(from + 16 * i) + carry;
    if (i < 4) {
      store<i64>(DIGITS + 8 * i, limb & mask);
      carry = limb >> 51;
    } else store<i64>(DIGITS, limb, 32);
  }
  if (load<i64>(DIGITS, 32) < 0) {
    carry = 0;
    for (let i: usize = 0; i < 5; i++) {
      const limb = load<i64>(DIGITS + 8 * i) + load<i64>(modulus + 8 * i) + carry;
      if (i < 4) {
        store<i64>(DIGITS + 8 * i, limb & mask);
        carry = limb >> 51;
      } else store<i64>(DIGITS, limb, 32);
    }
  }
  const d0 = load<u64>(DIGITS);
  const d1 = load<u64>(DIGITS, 8);
  const d2 = load<u64>(DIGITS, 16);
  const d3 = load<u64>(DIGITS, 24);
  const d4 = load<u64>(DIGITS, 32);
  store<u64>(bytes, d0 | (d1 << 51));
  store<u64>(bytes, (d1 >> 13) | (d2 << 38), 8);
  store<u64>(bytes, (d2 >> 26) | (d3 << 25), 16);
  store<u64>(bytes, (d3 >> 39) | (d4 << 12), 24);
}

/** Two coordinates of the zkey (Montgomery form with R = 2^256), one per lane, to ours. Below 2^256. */
export function fromBytes(degree: i32, result: usize, first: usize, second: usize): void {
  for (let part: usize = 0; part < <usize>degree; part++) {
    loadUnsigned(UNSIGNED, 0, first + 32 * part);
    loadUnsigned(UNSIGNED, 1, second + 32 * part);
    fqMultiplyUnsigned(result + ELEMENT * part, UNSIGNED, FQ_FROM_BYTES);
  }
}

/** Lane `lane` of an element to the zkey's form. Stored elements times 2^256 stay within ± modulus. */
export function toBytes(degree: i32, bytes: usize, a: usize, lane: usize): void {
  for (let part: usize = 0; part < <usize>degree; part++) {
    fqMultiply(UNSIGNED, a + ELEMENT * part, FQ_TO_BYTES);
    storeCanonical(bytes + 32 * part, UNSIGNED, lane, FQ_MODULUS);
  }
}

/** Whether lane `lane` is zero modulo q. */
export function isZero(degree: i32, a: usize, lane: usize): bool {
  for (let part: usize = 0; part < <usize>degree; part++) {
    toBytes(1, PROBE, a + ELEMENT * part, lane);
    const words = load<u64>(PROBE) | load<u64>(PROBE, 8) | load<u64>(PROBE, 16) | load<u64>(PROBE, 24);
    if (words != 0) return false;
  }
  return true;
}

/** Two plain scalars below 2^256, one per lane, as they are. */
export function loadScalars(result: usize, first: usize, second: usize): void {
  loadUnsigned(UNSIGNED, 0, first);
  loadUnsigned(UNSIGNED, 1, second);
  frMultiplyUnsigned(result, UNSIGNED, FR_ONE);
}

/** Both lanes of an element of Fr, times R, as plain bytes. */
export function storeTimesR(first: usize, second: usize, a: usize): void {
  frMultiply(UNSIGNED, a, FR_FROM_PLAIN);
  storeCanonical(first, UNSIGNED, 0, FR_MODULUS);
  storeCanonical(second, UNSIGNED, 1, FR_MODULUS);
}

/** Forgets what passed through the temporaries here. */
export function wipeCoordinates(): void {
  memory.fill(SWAPPED, 0, 80);
  memory.fill(PLAIN, 0, 80);
  memory.fill(BYTES, 0, 32);
  memory.fill(NORM, 0, 80);
  memory.fill(SQUARE, 0, 80);
  memory.fill(UNSIGNED, 0, 80);
  memory.fill(DIGITS, 0, 40);
  memory.fill(PROBE, 0, 32);
}
