/**
 * Fixed-base tables: for each base P the packed points 2^(c·j)·P, j = 0…windows−1, base after base
 * (E. Brickell, D. Gordon, K. McCurley, D. Wilson, "Fast exponentiation with precomputation",
 * 1992). A digit in any window then selects a point of the table, and all windows share one set of
 * buckets.
 */
import { ELEMENT, copy, invert, multiply, setOne } from "./coordinate";
import {
  doubleProjective,
  isOnCurve,
  isPackedInfinity,
  isZeroBytes,
  loadPoints,
  pack,
  packedSize,
  projectiveSize,
} from "./curve";
import { reserve } from "./memory";

/** Bases computed at a time. */
const BATCH = 512;

let points: usize = 0;
let prefixes: usize = 0;
const RUNNING: usize = memory.data(160, 16);
const INVERSE: usize = memory.data(160, 16);

/**
 * Fills the table of `count` points of the zkey at `bytes`.
 *
 * @returns −1, or the index of a point (or its neighbour) that is not on the curve
 */
export function buildTable(
  degree: i32,
  bytes: usize,
  count: i32,
  windows: i32,
  windowBits: i32,
  table: usize,
): i32 {
  if (points == 0) {
    points = reserve((BATCH / 2) * projectiveSize(2));
    prefixes = reserve((BATCH / 2) * ELEMENT * 2);
  }
  const byteSize = 64 * <usize>degree;
  for (let first = 0; first < count; first += BATCH) {
    const length = min(BATCH, count - first);
    const bad = buildBatch(
      degree,
      bytes + byteSize * <usize>first,
      length,
      windows,
      windowBits,
      table + packedSize(degree) * <usize>windows * <usize>first,
    );
    if (bad >= 0) return first + bad;
  }
  return -1;
}

function buildBatch(
  degree: i32,
  bytes: usize,
  count: i32,
  windows: i32,
  windowBits: i32,
  table: usize,
): i32 {
  const size = projectiveSize(degree);
  const packed = packedSize(degree);
  const byteSize = 64 * <usize>degree;
  const halves = (count + 1) >> 1;
  for (let k = 0; k < halves; k++) {
    const a = bytes + byteSize * <usize>(2 * k);
    const b = 2 * k + 1 < count ? a + byteSize : a;
    loadPoints(degree, points + size * <usize>k, a, b);
    if (!isOnCurve(degree, points + size * <usize>k)) return 2 * k;
  }
  for (let window = 0; window < windows; window++) {
    if (window > 0) {
      for (let k = 0; k < halves; k++) {
        const point = points + size * <usize>k;
        for (let bit = 0; bit < windowBits; bit++) doubleProjective(degree, point, point);
      }
      normaliseAll(degree, bytes, count);
    }
    for (let k = 0; k < count; k++) {
      const to = table + packed * (<usize>windows * <usize>k + <usize>window);
      if (isZeroBytes(degree, bytes + byteSize * <usize>k)) memory.fill(to, 0, packed);
      else pack(degree, to, points + size * <usize>(k >> 1), k & 1);
    }
  }
  return -1;
}

/**
 * All points to Z = 1 with one inversion. A finite point of odd order never doubles to infinity, so
 * Z is zero only where a base is; there it counts as 1, and is 0 again afterwards.
 */
function normaliseAll(degree: i32, bytes: usize, count: i32): void {
  const halves = (count + 1) >> 1;
  const size = projectiveSize(degree);
  const part = ELEMENT * <usize>degree;
  setOne(degree, RUNNING);
  for (let k = 0; k < halves; k++) {
    const z = points + size * <usize>k + 2 * part;
    for (let lane = 0; lane < 2; lane++) {
      if (isInfinite(degree, bytes, count, 2 * k + lane)) setLane(degree, z, lane, 1);
    }
    copy(degree, prefixes + part * <usize>k, RUNNING);
    multiply(degree, RUNNING, RUNNING, z);
  }
  invert(degree, RUNNING, RUNNING);
  for (let k = halves - 1; k >= 0; k--) {
    const point = points + size * <usize>k;
    const z = point + 2 * part;
    multiply(degree, INVERSE, prefixes + part * <usize>k, RUNNING);
    multiply(degree, RUNNING, RUNNING, z);
    multiply(degree, point, point, INVERSE);
    multiply(degree, point + part, point + part, INVERSE);
    setOne(degree, z);
    for (let lane = 0; lane < 2; lane++) {
      if (isInfinite(degree, bytes, count, 2 * k + lane)) setLane(degree, z, lane, 0);
    }
  }
}

/** Whether point `index` of a batch is infinite; after an odd number the last one comes twice. */
function isInfinite(degree: i32, bytes: usize, count: i32, index: i32): bool {
  return isZeroBytes(degree, bytes + 64 * <usize>degree * <usize>min(index, count - 1));
}

/** Sets one lane of an element to a small integer. */
function setLane(degree: i32, element: usize, lane: i32, value: f64): void {
  for (let i: usize = 0; i < ELEMENT * <usize>degree; i += 16) {
    store<f64>(element + i + 8 * <usize>lane, i == 0 ? value : 0);
  }
}

/** Marks the bases whose first table entry is infinity: 1 in `flags`. */
export function flagInfinities(
  degree: i32,
  table: usize,
  count: i32,
  windows: i32,
  flags: usize,
): void {
  const stride = packedSize(degree) * <usize>windows;
  for (let k = 0; k < count; k++) {
    store<u8>(flags + k, isPackedInfinity(degree, table + stride * <usize>k) ? 1 : 0);
  }
}
