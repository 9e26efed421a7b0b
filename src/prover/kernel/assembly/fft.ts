/**
 * Number-theoretic transforms over Fr and the quotient of Groth16.
 *
 * Two transforms run in the two lanes. The inverse transform is Gentleman–Sande (natural order in,
 * bit-reversed out), the forward one Cooley–Tukey (bit-reversed in, natural out), so nothing is
 * ever permuted. (J. Cooley, J. Tukey, 1965; W. Gentleman, G. Sande, 1966.)
 *
 * Quotient: for A, B given by their values on the n-th roots of unity, and C with C = A·B on them,
 * the values of A·B − C on the coset g·H, g the 2n-th root: what snarkjs multiplies its H bases
 * with. A and B share the two lanes; C's transform is split in two of half the size: a first (last)
 * butterfly across lanes leaves its halves in the lanes.
 *
 * A and B are plain, not in Montgomery form: transforms are linear, the products A·B and C lose the same
 * factor R, and it comes back with the quotient's last multiplication.
 *
 * A transform's plain stages leave limbs uncarried; generate/butterflies.ts proves how many may
 * follow each other.
 */
import { copy, ELEMENT, loadScalars, storeTimesR } from "./coordinate";
import {
  FR_HALF,
  FR_ONE,
  FR_ROOT,
  frAdd,
  frMultiply,
  frSubtract,
  frequency_plain,
  frequency_tidy,
  PLAIN_FREQUENCY,
  PLAIN_TIME,
  time_plain,
  time_tidy,
} from "./generated";
import { reserve } from "./memory";

/** Bytes of an element both lanes share, as twiddles are kept. */
const SHARED: usize = 40;

/** log₂ of the size everything below is prepared for; −1 for none. */
let preparedLog: i32 = -1;
let capacityLog: i32 = -1;
/** w^k and w^−k for k < n/2, w the n-th root. */
let twiddles: usize = 0;
let inverseTwiddles: usize = 0;
/** gⁱ/n in bit-reversed order of i. */
let shifts: usize = 0;
/** A and B in the lanes, n elements. */
let ab: usize = 0;
/** C, its halves in the lanes, n/2 elements. */
let c: usize = 0;
/** Plain bytes: A's and B's in, the quotient's out. */
let bytes: usize = 0;

const ROOT: usize = memory.data(80, 16);
const INVERSE_ROOT: usize = memory.data(80, 16);
const SHIFT: usize = memory.data(80, 16);
const SCALE: usize = memory.data(80, 16);
const POWER: usize = memory.data(80, 16);
const FACTOR: usize = memory.data(80, 16);
const OTHER: usize = memory.data(80, 16);

/** Prepares for transforms of size 2^log, log ≤ 27; returns where the bytes of A go, B's after them. */
export function prepareTransforms(log: i32): usize {
  if (log == preparedLog) return bytes;
  const n: usize = 1 << log;
  if (log > capacityLog) {
    twiddles = reserve(SHARED * n);
    inverseTwiddles = reserve(SHARED * n);
    shifts = reserve(SHARED * n);
    ab = reserve(ELEMENT * n);
    c = reserve(ELEMENT * n);
    bytes = reserve(64 * n);
    capacityLog = log;
  }
  preparedLog = log;
  // The 2n-th root g, its square w, and w^−1 = w^(n−1).
  copy(1, SHIFT, FR_ROOT);
  for (let i = log + 1; i < 28; i++) frMultiply(SHIFT, SHIFT, SHIFT);
  frMultiply(ROOT, SHIFT, SHIFT);
  copy(1, INVERSE_ROOT, FR_ONE);
  copy(1, POWER, ROOT);
  for (let i = 0; i < log; i++) {
    frMultiply(INVERSE_ROOT, INVERSE_ROOT, POWER);
    frMultiply(POWER, POWER, POWER);
  }
  copy(1, SCALE, FR_ONE);
  for (let i = 0; i < log; i++) frMultiply(SCALE, SCALE, FR_HALF);
  fillPowers(twiddles, FR_ONE, ROOT, <i32>(n >> 1), 0);
  fillPowers(inverseTwiddles, FR_ONE, INVERSE_ROOT, <i32>(n >> 1), 0);
  fillPowers(shifts, SCALE, SHIFT, <i32>n, log);
  return bytes;
}

/** first·ratioⁱ for i < count, at i, or at i's bit reversal in `log` bits. */
function fillPowers(to: usize, first: usize, ratio: usize, count: i32, log: i32): void {
  copy(1, POWER, first);
  for (let i = 0; i < count; i++) {
    storeShared(to + SHARED * <usize>(log > 0 ? reverse(i, log) : i), POWER);
    frMultiply(POWER, POWER, ratio);
  }
}

function reverse(value: i32, bits: i32): i32 {
  let reversed = 0;
  for (let bit = 0; bit < bits; bit++) reversed |= ((value >> bit) & 1) << (bits - 1 - bit);
  return reversed;
}

/** Keeps lane 0, reduced so that shared elements are centred, as butterflies assume. */
function storeShared(to: usize, element: usize): void {
  frAdd(FACTOR, element, ZERO);
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(to + 8 * limb, load<f64>(FACTOR + 16 * limb));
  }
}

const ZERO: usize = memory.data(80, 16);

function loadShared(to: usize, lane0: usize, lane1: usize): void {
  for (let limb: usize = 0; limb < 5; limb++) {
    store<f64>(to + 16 * limb, load<f64>(lane0 + 8 * limb));
    store<f64>(to + 16 * limb + 8, load<f64>(lane1 + 8 * limb));
  }
}

/** The butterflies of one stage: blocks of 2·half elements, twiddle k of a block at k·step. */
function stage(data: usize, log: i32, half: i32, table: usize, step: i32, time: bool, tidy: bool): void {
  const blocks = (1 << log) / (2 * half);
  const distance = ELEMENT * <usize>half;
  // Two twiddles at a time, or with a single one two blocks at a time.
  const turns = half == 1 ? 1 : half >> 1;
  const apart: usize = half == 1 ? 2 * ELEMENT : ELEMENT;
  const stride: usize = half == 1 ? 4 * ELEMENT : 2 * distance;
  const count = half == 1 ? blocks >> 1 : blocks;
  for (let turn = 0; turn < turns; turn++) {
    const first = data + 2 * ELEMENT * <usize>turn;
    const w0 = table + SHARED * <usize>(2 * turn * step);
    const w1 = half == 1 ? w0 : w0 + SHARED * <usize>step;
    if (time) {
      if (tidy) time_tidy(first, w0, first + apart, w1, distance, stride, count);
      else time_plain(first, w0, first + apart, w1, distance, stride, count);
    } else {
      if (tidy) frequency_tidy(first, w0, first + apart, w1, distance, stride, count);
      else frequency_plain(first, w0, first + apart, w1, distance, stride, count);
    }
  }
}

/** Size 2: (a, b) → (a + b, a − b), either way. */
function transformTwo(data: usize): void {
  frAdd(OTHER, data, data + ELEMENT);
  frSubtract(data + ELEMENT, data, data + ELEMENT);
  copy(1, data, OTHER);
}

/** Inverse transforms in both lanes without the factor 1/n; natural order in, bit-reversed out. */
function inverseTransform(data: usize, log: i32): void {
  if (log == 0) return;
  if (log == 1) return transformTwo(data);
  let plain = 0;
  for (let s = log - 1; s >= 0; s--) {
    const tidy = plain == PLAIN_FREQUENCY || s == 0;
    plain = tidy ? 0 : plain + 1;
    stage(data, log, 1 << s, inverseTwiddles, 1 << (preparedLog - 1 - s), false, tidy);
  }
}

/** Transforms in both lanes; bit-reversed order in, natural out. */
function forwardTransform(data: usize, log: i32): void {
  if (log == 0) return;
  if (log == 1) return transformTwo(data);
  let plain = 0;
  for (let s = 0; s < log; s++) {
    const tidy = plain == PLAIN_TIME || s == log - 1;
    plain = tidy ? 0 : plain + 1;
    stage(data, log, 1 << s, twiddles, 1 << (preparedLog - 1 - s), true, tidy);
  }
}

/** (u, v) → (u + v, u − v) across the lanes of one element. */
function crossLanes(element: usize): void {
  const sign = i64x2(0, i64.MIN_VALUE);
  for (let i: usize = 0; i < ELEMENT; i += 16) {
    const limb = v128.load(element + i);
    v128.store(OTHER + i, v128.shuffle<i64>(limb, limb, 1, 0));
    v128.store(element + i, v128.xor(limb, sign));
  }
  frAdd(element, element, OTHER);
}

/** Lanes (x, x′) and (y, y′) to (x, y) at `a` and (x′, y′) at `b`. */
function transpose(a: usize, b: usize, first: usize, second: usize): void {
  for (let i: usize = 0; i < ELEMENT; i += 16) {
    const x = v128.load(first + i);
    const y = v128.load(second + i);
    v128.store(a + i, v128.shuffle<i64>(x, y, 0, 2));
    v128.store(b + i, v128.shuffle<i64>(x, y, 1, 3));
  }
}

/** Multiplies lane 1 of element k by table[k], leaving lane 0. */
function twistSecondHalf(table: usize, k: i32): void {
  loadShared(FACTOR, ONE_SHARED, table + SHARED * <usize>k);
  frMultiply(c + ELEMENT * <usize>k, c + ELEMENT * <usize>k, FACTOR);
}

const ONE_SHARED: usize = memory.data(40, 16);

/** Where the elements of A (lane 0) and B (lane 1) go, plain scalars, instead of their bytes. */
export function transformRoom(): usize {
  return ab;
}

/** The quotient of the A and B in the byte buffer, in place of A. */
export function quotient(): void {
  const n = 1 << preparedLog;
  for (let i = 0; i < n; i++) {
    const at = bytes + 32 * <usize>i;
    loadScalars(ab + ELEMENT * <usize>i, at, at + 32 * <usize>n);
  }
  divide();
}

/** The quotient of the A and B in the transforms' room, to where the bytes of A would be. */
export function divide(): void {
  const log = preparedLog;
  const n = 1 << log;
  if (log == 0) {
    // One point: A·B − C on the coset is what it is on the domain, zero.
    memory.fill(bytes, 0, 32);
    return;
  }
  const half = n >> 1;
  storeShared(ONE_SHARED, FR_ONE);
  for (let i = 0; i < half; i++) {
    const low = ab + ELEMENT * <usize>i;
    transpose(LEFT, RIGHT, low, low + ELEMENT * <usize>half);
    frMultiply(c + ELEMENT * <usize>i, LEFT, RIGHT);
  }
  // Coefficients, times gⁱ/n.
  inverseTransform(ab, log);
  for (let i = 0; i < n; i++) {
    loadShared(FACTOR, shifts + SHARED * <usize>i, shifts + SHARED * <usize>i);
    frMultiply(ab + ELEMENT * <usize>i, ab + ELEMENT * <usize>i, FACTOR);
  }
  for (let i = 0; i < half; i++) {
    crossLanes(c + ELEMENT * <usize>i);
    twistSecondHalf(inverseTwiddles, i);
  }
  inverseTransform(c, log - 1);
  for (let i = 0; i < half; i++) {
    const at = shifts + SHARED * <usize>i;
    loadShared(FACTOR, at, at + SHARED * <usize>half);
    frMultiply(c + ELEMENT * <usize>i, c + ELEMENT * <usize>i, FACTOR);
  }
  // Values on the coset.
  forwardTransform(ab, log);
  forwardTransform(c, log - 1);
  for (let i = 0; i < half; i++) {
    twistSecondHalf(twiddles, i);
    crossLanes(c + ELEMENT * <usize>i);
    const low = ab + ELEMENT * <usize>i;
    transpose(LEFT, RIGHT, low, low + ELEMENT * <usize>half);
    frMultiply(LEFT, LEFT, RIGHT);
    frSubtract(LEFT, LEFT, c + ELEMENT * <usize>i);
    const at = bytes + 32 * <usize>i;
    storeTimesR(at, at + 32 * <usize>half, LEFT);
  }
}

const LEFT: usize = memory.data(80, 16);
const RIGHT: usize = memory.data(80, 16);

/** Forgets values and coefficients; roots and shifts are public. */
export function wipeTransforms(): void {
  if (capacityLog >= 0) {
    const n: usize = 1 << capacityLog;
    memory.fill(ab, 0, ELEMENT * n);
    memory.fill(c, 0, ELEMENT * n);
    memory.fill(bytes, 0, 64 * n);
  }
  memory.fill(OTHER, 0, 80);
  memory.fill(LEFT, 0, 80);
  memory.fill(RIGHT, 0, 80);
}

/** One pair of forward transforms of whatever is there, to be timed. */
export function transform(): void {
  forwardTransform(ab, preparedLog);
}
