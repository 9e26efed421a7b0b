/**
 * Inverses modulo q by division steps: D. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation
 * and modular inversion", 2019, in the form of libsecp256k1's `modinv32` (P. Wuille, "The safegcd
 * implementation in libsecp256k1 explained", 2021), not in constant time.
 *
 * With f = q, g = x, d = 0, e = 1 the invariants are d·x ≡ f and e·x ≡ g mod q. A division step halves
 * g, after a swap and an addition that make it even, so that g is 0 after at most 741 of them and
 * f = ±1: then ±d is the inverse. Thirty steps depend only on the lowest 30 bits of f and g; their
 * product is a 2×2 matrix t with entries of at most 2^30 in magnitude, and
 *
 *     (f, g) ← t·(f, g)/2^30        (d, e) ← t·(d, e)/2^30 mod q
 *
 * Numbers are nine signed limbs of 30 bits in 32-bit words, the last one with the sign. d and e stay
 * within (−2q, q). Sums of a limb's products stay below 2^63: two of 2^30·2^30 and one with q.
 *
 * About 2 µs, where the 254 squarings of Fermat's little theorem take 15.
 */
import { FQ_LIMBS_30, FQ_INVERSE_30 } from "./generated";

const LIMBS: i32 = 9;
const MASK: i32 = (1 << 30) - 1;
/** Turns of 30 division steps that suffice for any input below 2^256 (741 steps, P. Wuille). */
const MAX_TURNS = 25;

const D: usize = memory.data(36, 16);
const E: usize = memory.data(36, 16);
const F: usize = memory.data(36, 16);
const G: usize = memory.data(36, 16);
const T: usize = memory.data(16, 16);

/** The inverse of the integer in [0, q) at `bytes`, 32 bytes, in its place; 0 for 0. */
export function invertBytes(bytes: usize): void {
  memory.fill(D, 0, 36);
  memory.fill(E, 0, 36);
  store<i32>(E, 1);
  memory.copy(F, FQ_LIMBS_30, 36);
  split(G, bytes);
  let eta = -1;
  for (let turn = 0; turn < MAX_TURNS && !isZero(G); turn++) {
    eta = divide(eta, load<u32>(F), load<u32>(G));
    updateCoefficients();
    updateNumbers();
  }
  normalise(load<i32>(F, 4 * (LIMBS - 1)) < 0);
  join(bytes, D);
}

function split(to: usize, bytes: usize): void {
  for (let i = 0; i < LIMBS; i++) {
    const bit = 30 * i;
    const at = bytes + ((bit >> 5) << 2);
    // The last limb begins at bit 240: 16 bits are left.
    const word = i == LIMBS - 1 ? <u64>load<u32>(at) : load<u64>(at);
    store<i32>(to + 4 * i, <i32>(word >> <u64>(bit & 31)) & MASK);
  }
}

function join(bytes: usize, from: usize): void {
  let word: u64 = 0;
  let bits = 0;
  let to = bytes;
  for (let i = 0; i < LIMBS; i++) {
    word |= <u64>load<u32>(from + 4 * i) << <u64>bits;
    bits += 30;
    if (bits < 32) continue;
    store<u32>(to, <u32>word);
    to += 4;
    word >>= 32;
    bits -= 32;
  }
}

function isZero(a: usize): bool {
  let any = 0;
  for (let i = 0; i < LIMBS; i++) any |= load<i32>(a + 4 * i);
  return any == 0;
}

/**
 * Thirty division steps on the lowest words; their matrix (u v; q r) at T, times 2^30.
 *
 * Steps on an even g are done together; otherwise a multiple of f clears up to four bits of g at once:
 * w = −g/f mod 16, with f + 2·((f + 1) & 4) ≡ 1/f mod 16.
 *
 * @returns the new η
 */
function divide(eta: i32, f: u32, g: u32): i32 {
  let u: u32 = 1;
  let v: u32 = 0;
  let q: u32 = 0;
  let r: u32 = 1;
  let left = 30;
  for (;;) {
    const zeros = <i32>ctz(g | (0xffffffff << left));
    g >>= zeros;
    u <<= zeros;
    v <<= zeros;
    eta -= zeros;
    left -= zeros;
    if (left == 0) break;
    if (eta < 0) {
      eta = -eta;
      let swap = f;
      f = g;
      g = 0 - swap;
      swap = u;
      u = q;
      q = 0 - swap;
      swap = v;
      v = r;
      r = 0 - swap;
    }
    // No more bits than steps are left, nor than η allows before the next swap.
    const bits = min(min(eta + 1, left), 4);
    const mask = (<u32>1 << bits) - 1;
    const w = ((0 - (f + (((f + 1) & 4) << 1))) * g) & mask;
    g += f * w;
    q += u * w;
    r += v * w;
  }
  store<u32>(T, u);
  store<u32>(T, v, 4);
  store<u32>(T, q, 8);
  store<u32>(T, r, 12);
  return eta;
}

/** (d, e) ← t·(d, e)/2^30 mod q: a multiple of q makes the lowest limb 0. */
function updateCoefficients(): void {
  const u = <i64>load<i32>(T);
  const v = <i64>load<i32>(T, 4);
  const q = <i64>load<i32>(T, 8);
  const r = <i64>load<i32>(T, 12);
  // Negative numbers are brought towards (−q, q) first.
  const dSign = load<i32>(D, 4 * (LIMBS - 1)) >> 31;
  const eSign = load<i32>(E, 4 * (LIMBS - 1)) >> 31;
  let md = (<i32>u & dSign) + (<i32>v & eSign);
  let me = (<i32>q & dSign) + (<i32>r & eSign);
  let d = <i64>load<i32>(D);
  let e = <i64>load<i32>(E);
  let sumD = u * d + v * e;
  let sumE = q * d + r * e;
  md -= (FQ_INVERSE_30 * <i32>sumD + md) & MASK;
  me -= (FQ_INVERSE_30 * <i32>sumE + me) & MASK;
  sumD += <i64>load<i32>(FQ_LIMBS_30) * md;
  sumE += <i64>load<i32>(FQ_LIMBS_30) * me;
  for (let i = 1; i < LIMBS; i++) {
    const limb = <i64>load<i32>(FQ_LIMBS_30 + 4 * i);
    d = <i64>load<i32>(D + 4 * i);
    e = <i64>load<i32>(E + 4 * i);
    sumD = (sumD >> 30) + u * d + v * e + limb * md;
    sumE = (sumE >> 30) + q * d + r * e + limb * me;
    store<i32>(D + 4 * (i - 1), <i32>sumD & MASK);
    store<i32>(E + 4 * (i - 1), <i32>sumE & MASK);
  }
  store<i32>(D, <i32>(sumD >> 30), 4 * (LIMBS - 1));
  store<i32>(E, <i32>(sumE >> 30), 4 * (LIMBS - 1));
}

/** (f, g) ← t·(f, g)/2^30, exact. */
function updateNumbers(): void {
  const u = <i64>load<i32>(T);
  const v = <i64>load<i32>(T, 4);
  const q = <i64>load<i32>(T, 8);
  const r = <i64>load<i32>(T, 12);
  let f = <i64>load<i32>(F);
  let g = <i64>load<i32>(G);
  let sumF = u * f + v * g;
  let sumG = q * f + r * g;
  for (let i = 1; i < LIMBS; i++) {
    f = <i64>load<i32>(F + 4 * i);
    g = <i64>load<i32>(G + 4 * i);
    sumF = (sumF >> 30) + u * f + v * g;
    sumG = (sumG >> 30) + q * f + r * g;
    store<i32>(F + 4 * (i - 1), <i32>sumF & MASK);
    store<i32>(G + 4 * (i - 1), <i32>sumG & MASK);
  }
  store<i32>(F, <i32>(sumF >> 30), 4 * (LIMBS - 1));
  store<i32>(G, <i32>(sumG >> 30), 4 * (LIMBS - 1));
}

/** d, or −d, in (−2q, 2q), brought to [0, q). */
function normalise(negated: bool): void {
  if (negated) {
    for (let i = 0; i < LIMBS; i++) store<i32>(D + 4 * i, -load<i32>(D + 4 * i));
  }
  carry();
  while (load<i32>(D, 4 * (LIMBS - 1)) < 0) addModulus(1);
  addModulus(-1);
  if (load<i32>(D, 4 * (LIMBS - 1)) < 0) addModulus(1);
}

function addModulus(sign: i32): void {
  for (let i = 0; i < LIMBS; i++) {
    store<i32>(D + 4 * i, load<i32>(D + 4 * i) + sign * load<i32>(FQ_LIMBS_30 + 4 * i));
  }
  carry();
}

function carry(): void {
  for (let i = 0; i < LIMBS - 1; i++) {
    const limb = load<i32>(D + 4 * i);
    store<i32>(D + 4 * i, limb & MASK);
    store<i32>(D + 4 * (i + 1), load<i32>(D + 4 * (i + 1)) + (limb >> 30));
  }
}

/** Forgets the numbers of the last inversion. */
export function wipeInverse(): void {
  memory.fill(D, 0, 36);
  memory.fill(E, 0, 36);
  memory.fill(F, 0, 36);
  memory.fill(G, 0, 36);
  memory.fill(T, 0, 16);
}
