/**
 * Points one at a time, by complete projective formulas: equal, opposite and infinite points need
 * no case of their own. J. Renes, C. Costello, L. Batina, "Complete addition formulas for prime
 * order elliptic curves", 2016, algorithms 7 and 9 (a = 0). They are complete on any curve of odd
 * order: G1's is prime, and that of the twist G2 lies on is r·(2q − r).
 *
 * A projective point is X, Y, Z in two lanes (two independent points), infinity (0, 1, 0).
 * A packed point (see generate/addition.ts) is affine; infinity is all zero, which is on neither curve.
 */
import {
  add,
  copy,
  ELEMENT,
  fromBytes,
  invert,
  isZero,
  multiply,
  setOne,
  setZero,
  subtract,
  toBytes,
} from "./coordinate";
import { CURVE_3B, CURVE_B, TWIST_3B, TWIST_B } from "./generated";

const T0: usize = memory.data(160, 16);
const T1: usize = memory.data(160, 16);
const T2: usize = memory.data(160, 16);
const T3: usize = memory.data(160, 16);
const T4: usize = memory.data(160, 16);
const X3: usize = memory.data(160, 16);
const Y3: usize = memory.data(160, 16);
const Z3: usize = memory.data(160, 16);

/** Bytes of a packed affine point. */
// @ts-ignore: decorator
@inline
export function packedSize(degree: i32): usize {
  return ELEMENT * <usize>degree;
}

/** Bytes of a projective point. */
// @ts-ignore: decorator
@inline
export function projectiveSize(degree: i32): usize {
  return 3 * ELEMENT * <usize>degree;
}

/** 3b of the curve of this degree, in both lanes. */
function threeB(degree: i32): usize {
  return degree == 1 ? CURVE_3B : TWIST_3B;
}

function storeProjective(degree: i32, result: usize): void {
  const size = ELEMENT * <usize>degree;
  copy(degree, result, X3);
  copy(degree, result + size, Y3);
  copy(degree, result + 2 * size, Z3);
}

/** result = P + Q in both lanes; any of the three may be the same address. */
export function addProjective(degree: i32, result: usize, p: usize, q: usize): void {
  const size = ELEMENT * <usize>degree;
  const b3 = threeB(degree);
  const x1 = p;
  const y1 = p + size;
  const z1 = p + 2 * size;
  const x2 = q;
  const y2 = q + size;
  const z2 = q + 2 * size;
  multiply(degree, T0, x1, x2);
  multiply(degree, T1, y1, y2);
  multiply(degree, T2, z1, z2);
  add(degree, T3, x1, y1);
  add(degree, T4, x2, y2);
  multiply(degree, T3, T3, T4);
  add(degree, T4, T0, T1);
  subtract(degree, T3, T3, T4);
  add(degree, T4, y1, z1);
  add(degree, X3, y2, z2);
  multiply(degree, T4, T4, X3);
  add(degree, X3, T1, T2);
  subtract(degree, T4, T4, X3);
  add(degree, X3, x1, z1);
  add(degree, Y3, x2, z2);
  multiply(degree, X3, X3, Y3);
  add(degree, Y3, T0, T2);
  subtract(degree, Y3, X3, Y3);
  add(degree, X3, T0, T0);
  add(degree, T0, X3, T0);
  multiply(degree, T2, b3, T2);
  add(degree, Z3, T1, T2);
  subtract(degree, T1, T1, T2);
  multiply(degree, Y3, b3, Y3);
  multiply(degree, X3, T4, Y3);
  multiply(degree, T2, T3, T1);
  subtract(degree, X3, T2, X3);
  multiply(degree, Y3, Y3, T0);
  multiply(degree, T1, T1, Z3);
  add(degree, Y3, T1, Y3);
  multiply(degree, T0, T0, T3);
  multiply(degree, Z3, Z3, T4);
  add(degree, Z3, Z3, T0);
  storeProjective(degree, result);
}

/** result = 2P in both lanes; both may be the same address. */
export function doubleProjective(degree: i32, result: usize, p: usize): void {
  const size = ELEMENT * <usize>degree;
  const b3 = threeB(degree);
  const x = p;
  const y = p + size;
  const z = p + 2 * size;
  multiply(degree, T0, y, y);
  add(degree, Z3, T0, T0);
  add(degree, Z3, Z3, Z3);
  add(degree, Z3, Z3, Z3);
  multiply(degree, T1, y, z);
  multiply(degree, T2, z, z);
  multiply(degree, T2, b3, T2);
  multiply(degree, X3, T2, Z3);
  add(degree, Y3, T0, T2);
  multiply(degree, Z3, T1, Z3);
  add(degree, T1, T2, T2);
  add(degree, T2, T1, T2);
  subtract(degree, T0, T0, T2);
  multiply(degree, Y3, T0, Y3);
  add(degree, Y3, X3, Y3);
  multiply(degree, T1, x, y);
  multiply(degree, X3, T0, T1);
  add(degree, X3, X3, X3);
  storeProjective(degree, result);
}

/** Infinity in both lanes. */
export function setInfinity(degree: i32, result: usize): void {
  const size = ELEMENT * <usize>degree;
  setZero(degree, result);
  setOne(degree, result + size);
  setZero(degree, result + 2 * size);
}

/** X/Z and Y/Z in place of X and Y, in both lanes; (0, 0) for infinity. Z is used up. */
export function normalise(degree: i32, p: usize): void {
  const size = ELEMENT * <usize>degree;
  const z = p + 2 * size;
  invert(degree, z, z);
  multiply(degree, p, p, z);
  multiply(degree, p + size, p + size, z);
}

/** Whether all bytes of a packed point are zero, which stands for infinity. */
export function isPackedInfinity(degree: i32, point: usize): bool {
  for (let i: usize = 0; i < packedSize(degree); i += 16) {
    if (v128.any_true(v128.load(point + i))) return false;
  }
  return true;
}

/** Address of limb `limb` of a packed point's coordinate (0 for x, 1 for y) over one degree. */
// @ts-ignore: decorator
@inline
function packedLimb(point: usize, coordinate: usize, limb: usize): usize {
  return limb == 4 ? point + 64 + 8 * coordinate : point + 32 * coordinate + 8 * limb;
}

/** A reference's point (lowest bit: negated) to projective form, the same in both lanes. */
export function unpack(degree: i32, result: usize, reference: u32): void {
  const point = <usize>(reference & ~15);
  const size = ELEMENT * <usize>degree;
  if (isPackedInfinity(degree, point)) {
    setInfinity(degree, result);
    return;
  }
  const sign: f64 = reference & 1 ? -1.0 : 1.0;
  for (let part: usize = 0; part < <usize>degree; part++) {
    for (let limb: usize = 0; limb < 5; limb++) {
      const block = point + ELEMENT * part;
      const to = result + ELEMENT * part + 16 * limb;
      v128.store(to, f64x2.splat(load<f64>(packedLimb(block, 0, limb))));
      v128.store(to + size, f64x2.splat(sign * load<f64>(packedLimb(block, 1, limb))));
    }
  }
  setOne(degree, result + 2 * size);
}

/** One lane of X and Y to a packed point. */
export function pack(degree: i32, point: usize, xy: usize, lane: usize): void {
  const size = ELEMENT * <usize>degree;
  for (let part: usize = 0; part < <usize>degree; part++) {
    for (let limb: usize = 0; limb < 5; limb++) {
      const block = point + ELEMENT * part;
      const from = xy + ELEMENT * part + 16 * limb + 8 * lane;
      store<f64>(packedLimb(block, 0, limb), load<f64>(from));
      store<f64>(packedLimb(block, 1, limb), load<f64>(from + size));
    }
  }
}

const LEFT: usize = memory.data(480, 16);
const RIGHT: usize = memory.data(480, 16);

/** The packed sum of two references' points, whatever they are. Slow: it inverts on its own. */
export function addReferences(degree: i32, a: u32, b: u32, result: usize): void {
  unpack(degree, LEFT, a);
  unpack(degree, RIGHT, b);
  addProjective(degree, LEFT, LEFT, RIGHT);
  packNormalised(degree, result, LEFT);
}

/** Lane 0 of a projective point, packed; all zero for infinity. Uses the point up. */
export function packNormalised(degree: i32, result: usize, p: usize): void {
  if (isZero(degree, p + 2 * ELEMENT * <usize>degree, 0)) {
    memory.fill(result, 0, packedSize(degree));
    return;
  }
  normalise(degree, p);
  pack(degree, result, p, 0);
}

/** Copies a reference's point, negated where it says so. */
export function copyPoint(degree: i32, to: usize, reference: u32): void {
  memory.copy(to, <usize>(reference & ~15), packedSize(degree));
  if (!(reference & 1)) return;
  for (let part: usize = 0; part < <usize>degree; part++) {
    for (let limb: usize = 0; limb < 5; limb++) {
      const at = packedLimb(to + ELEMENT * part, 1, limb);
      store<f64>(at, -load<f64>(at));
    }
  }
}

/** Whether 64·degree bytes are all zero, the zkey's infinity. */
export function isZeroBytes(degree: i32, bytes: usize): bool {
  for (let i: usize = 0; i < 64 * <usize>degree; i += 16) {
    if (v128.any_true(v128.load(bytes + i))) return false;
  }
  return true;
}

/** Two points of the zkey, one per lane, to projective form. */
export function loadPoints(degree: i32, result: usize, first: usize, second: usize): void {
  const size = ELEMENT * <usize>degree;
  const coordinate = 32 * <usize>degree;
  fromBytes(degree, result, first, second);
  fromBytes(degree, result + size, first + coordinate, second + coordinate);
  setOne(degree, result + 2 * size);
  for (let lane: usize = 0; lane < 2; lane++) {
    if (!isZeroBytes(degree, lane ? second : first)) continue;
    // (0, 1, 0) in this lane.
    for (let i: usize = 0; i < size; i += 16) {
      const y = result + size + i + 8 * lane;
      const z = result + 2 * size + i + 8 * lane;
      store<f64>(y, load<f64>(z));
      store<f64>(z, 0);
    }
  }
}

/** Lane 0 of a projective point to the zkey's bytes. Uses the point up. */
export function storePoint(degree: i32, bytes: usize, p: usize): void {
  const size = ELEMENT * <usize>degree;
  if (isZero(degree, p + 2 * size, 0)) {
    memory.fill(bytes, 0, 64 * <usize>degree);
    return;
  }
  normalise(degree, p);
  toBytes(degree, bytes, p, 0);
  toBytes(degree, bytes + 32 * <usize>degree, p + size, 0);
}

/** Whether both lanes, affine with Z = 1 or infinite, satisfy Y²·Z = X³ + b·Z³. */
export function isOnCurve(degree: i32, p: usize): bool {
  const size = ELEMENT * <usize>degree;
  const z = p + 2 * size;
  multiply(degree, T0, p + size, p + size);
  multiply(degree, T0, T0, z);
  multiply(degree, T1, p, p);
  multiply(degree, T1, T1, p);
  subtract(degree, T0, T0, T1);
  multiply(degree, T2, degree == 1 ? CURVE_B : TWIST_B, z);
  subtract(degree, T0, T0, T2);
  return isZero(degree, T0, 0) && isZero(degree, T0, 1);
}

/** result = scalar·P in both lanes, scalar 32 bytes little-endian: windows of four bits. */
export function multiplyProjective(degree: i32, result: usize, p: usize, scalar: usize): void {
  const size = projectiveSize(degree);
  setInfinity(degree, MULTIPLES);
  for (let i: usize = 1; i < 16; i++) {
    addProjective(degree, MULTIPLES + size * i, MULTIPLES + size * (i - 1), p);
  }
  setInfinity(degree, result);
  for (let i = 63; i >= 0; i--) {
    for (let k = 0; k < 4; k++) doubleProjective(degree, result, result);
    const nibble = (load<u8>(scalar + (<usize>i >> 1)) >> (i & 1 ? 4 : 0)) & 15;
    addProjective(degree, result, result, MULTIPLES + size * <usize>nibble);
  }
}

const MULTIPLES: usize = memory.data(16 * 480, 16);

/** Forgets what passed through the temporaries here. */
export function wipeCurve(): void {
  memory.fill(T0, 0, 160);
  memory.fill(T1, 0, 160);
  memory.fill(T2, 0, 160);
  memory.fill(T3, 0, 160);
  memory.fill(T4, 0, 160);
  memory.fill(X3, 0, 160);
  memory.fill(Y3, 0, 160);
  memory.fill(Z3, 0, 160);
  memory.fill(LEFT, 0, 480);
  memory.fill(RIGHT, 0, 480);
  memory.fill(MULTIPLES, 0, 16 * 480);
}
