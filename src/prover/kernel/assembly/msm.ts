/**
 * Σ sₖ·Pₖ over fixed bases. Scalars are recoded in signed windows of c bits (digits in [−2^(c−1),
 * 2^(c−1)]), each non-zero digit sends its table point (negated for a negative digit) to the bucket
 * of its magnitude, buckets are summed by pairwise trees, and Σ b·bucket[b] is computed in two
 * steps: sums of rows and columns of buckets (b = u·2^h + v), then of those with a given bit in
 * their weight, which a chain of doublings combines. (N. Pippenger, "On the evaluation of powers
 * and monomials", 1980; fixed bases: E. Brickell, D. Gordon, K. McCurley, D. Wilson, 1992.)
 *
 * With windows = ⌈255/c⌉ and scalars below 2^254, the top window holds at most c − 1 bits plus a
 * carry, so its digit is at most 2^(c−1): no carry is left over.
 */
import {
  addProjective,
  copyPoint,
  doubleProjective,
  packedSize,
  projectiveSize,
  setInfinity,
  storePoint,
  unpack,
} from "./curve";
import { reserve } from "./memory";
import { CAPACITY, sumLists } from "./treeSum";

/** The widest window: row and column sums of its buckets fit one call of `sumLists`. */
export const MAX_WINDOW_BITS = 13;
const MAX_BUCKETS = (1 << (MAX_WINDOW_BITS - 1)) + 1;
/** Scalars a batch may have, and digits. */
export const BATCH_SCALARS = 16_384;
const BATCH_DIGITS = 20 * BATCH_SCALARS;

let scalars: usize = 0;
let indices: usize = 0;
let digits: usize = 0;
let references: usize = 0;
let starts: usize = 0;
let counts: usize = 0;
let listStarts: usize = 0;
let listCounts: usize = 0;
let listBuckets: usize = 0;
let sums: usize = 0;
let filled: usize = 0;
let lines: usize = 0;
let lineFilled: usize = 0;
let scratchEnd: usize = 0;

const TOTAL: usize = memory.data(480, 16);
const TERM: usize = memory.data(480, 16);

function reserveScratch(): void {
  if (scalars != 0) return;
  scalars = reserve(32 * BATCH_SCALARS);
  indices = reserve(4 * BATCH_SCALARS);
  digits = reserve(2 * BATCH_DIGITS);
  references = reserve(4 * (BATCH_DIGITS + MAX_BUCKETS + 1));
  starts = reserve(4 * (MAX_BUCKETS + 1));
  counts = reserve(4 * (MAX_BUCKETS + 1));
  listStarts = reserve(4 * (MAX_BUCKETS + 1));
  listCounts = reserve(4 * (MAX_BUCKETS + 1));
  listBuckets = reserve(4 * (MAX_BUCKETS + 1));
  sums = reserve(160 * MAX_BUCKETS);
  filled = reserve(MAX_BUCKETS);
  lines = reserve(160 * 512);
  lineFilled = reserve(512);
  scratchEnd = reserve(0);
}

/** Where scalars of a batch go, 32 bytes each. */
export function scalarBuffer(): usize {
  reserveScratch();
  return scalars;
}

/** Where indices of a batch go, when bases are selected. */
export function indexBuffer(): usize {
  reserveScratch();
  return indices;
}

/** Scalars that a batch may have with this many windows. */
export function batchLimit(windows: i32): i32 {
  return min(BATCH_SCALARS, BATCH_DIGITS / windows);
}

/** Starts a sum. */
export function msmBegin(windowBits: i32): void {
  reserveScratch();
  memory.fill(filled, 0, (1 << (windowBits - 1)) + 1);
}

/**
 * Adds a batch: scalar k (in the buffer) times base `first + k`, or times the base its index names.
 *
 * @returns −1, or the number of a scalar that is not below 2^254
 */
export function msmAdd(
  degree: i32,
  table: usize,
  flags: usize,
  windows: i32,
  windowBits: i32,
  first: i32,
  count: i32,
  selected: bool,
): i32 {
  for (let k = 0; k < count; k++) {
    if (load<u64>(scalars + 32 * k, 24) >> 62) return k;
  }
  recode(flags, windows, windowBits, first, count, selected);
  distribute(degree, table, windows, windowBits, first, count, selected);
  accumulate(degree, windowBits);
  return -1;
}

function baseOf(k: i32, first: i32, selected: bool): i32 {
  return selected ? load<i32>(indices + 4 * k) : first + k;
}

/** Scalars to digits, and how many each bucket gets. Infinite bases get none. */
function recode(
  flags: usize,
  windows: i32,
  windowBits: i32,
  first: i32,
  count: i32,
  selected: bool,
): void {
  const half = 1 << (windowBits - 1);
  const mask: u64 = (1 << windowBits) - 1;
  memory.fill(counts, 0, 4 * (half + 1));
  let to = digits;
  for (let k = 0; k < count; k++) {
    if (load<u8>(flags + baseOf(k, first, selected))) {
      memory.fill(to, 0, 2 * windows);
      to += 2 * windows;
      continue;
    }
    const scalar = scalars + 32 * k;
    let carry = 0;
    for (let window = 0; window < windows; window++) {
      const bit = window * windowBits;
      const word = bit >> 6;
      const offset = bit & 63;
      let bits: u64 = load<u64>(scalar + 8 * word) >> offset;
      if (offset + windowBits > 64 && word < 3) {
        bits |= load<u64>(scalar + 8 * word, 8) << (64 - offset);
      }
      let digit = <i32>(bits & mask) + carry;
      carry = 0;
      if (digit > half) {
        digit -= 1 << windowBits;
        carry = 1;
      }
      store<i16>(to, <i16>digit);
      to += 2;
      const bucket = counts + 4 * (digit < 0 ? -digit : digit);
      store<i32>(bucket, load<i32>(bucket) + 1);
    }
  }
}

/** Digits to references, bucket after bucket, each with one place ahead for the bucket's sum so far. */
function distribute(
  degree: i32,
  table: usize,
  windows: i32,
  windowBits: i32,
  first: i32,
  count: i32,
  selected: bool,
): void {
  const half = 1 << (windowBits - 1);
  let position = 0;
  for (let bucket = 1; bucket <= half; bucket++) {
    position++;
    store<i32>(starts + 4 * bucket, position);
    position += load<i32>(counts + 4 * bucket);
    store<i32>(counts + 4 * bucket, 0);
  }
  const size = packedSize(degree);
  let from = digits;
  for (let k = 0; k < count; k++) {
    let point = table + size * <usize>windows * <usize>baseOf(k, first, selected);
    for (let window = 0; window < windows; window++) {
      const digit = <i32>load<i16>(from);
      from += 2;
      if (digit != 0) {
        const bucket = digit < 0 ? -digit : digit;
        const filling = load<i32>(counts + 4 * bucket);
        const at = <usize>(load<i32>(starts + 4 * bucket) + filling);
        store<u32>(references + 4 * at, <u32>point | (digit < 0 ? 1 : 0));
        store<i32>(counts + 4 * bucket, filling + 1);
      }
      point += size;
    }
  }
}

/** Adds the batch's references to the buckets' sums, as many at a time as `sumLists` takes. */
function accumulate(degree: i32, windowBits: i32): void {
  const half = 1 << (windowBits - 1);
  const size = packedSize(degree);
  let bucket = 1;
  let done = 0;
  while (bucket <= half) {
    let lists = 0;
    let taken = 0;
    // One place is kept for a bucket's sum so far.
    while (bucket <= half && taken + 1 < CAPACITY) {
      const left = load<i32>(counts + 4 * bucket) - done;
      if (left == 0) {
        bucket++;
        done = 0;
        continue;
      }
      let start = load<i32>(starts + 4 * bucket) + done;
      const part = min(left, CAPACITY - 1 - taken);
      let length = part;
      if (load<u8>(filled + bucket)) {
        start--;
        length++;
        store<u32>(references + 4 * start, <u32>(sums + size * <usize>bucket));
      }
      store<i32>(listStarts + 4 * lists, start);
      store<i32>(listCounts + 4 * lists, length);
      store<i32>(listBuckets + 4 * lists, bucket);
      lists++;
      taken += length;
      done += part;
      // The next part of this bucket adds to this one's sum: end the call here.
      if (part < left) break;
    }
    if (lists == 0) return;
    sumLists(degree, references, listStarts, listCounts, lists, true);
    for (let list = 0; list < lists; list++) {
      const owner = load<i32>(listBuckets + 4 * list);
      const any = load<i32>(listCounts + 4 * list) != 0;
      store<u8>(filled + owner, any ? 1 : 0);
      if (!any) continue;
      const reference = load<u32>(references + 4 * <usize>load<i32>(listStarts + 4 * list));
      copyPoint(degree, sums + size * <usize>owner, reference);
    }
  }
}

/** Ends a sum: Σ b·bucket[b], as a point of the zkey at `out`. */
export function msmEnd(degree: i32, windowBits: i32, out: usize): void {
  const low = windowBits >> 1;
  const rows = ((1 << (windowBits - 1)) >> low) + 1;
  sumRowsAndColumns(degree, windowBits, low, rows);
  sumBits(degree, windowBits, low, rows);
  const size = packedSize(degree);
  const projective = projectiveSize(degree);
  setInfinity(degree, TOTAL);
  for (let bit = windowBits - 1; bit >= 0; bit--) {
    doubleProjective(degree, TOTAL, TOTAL);
    if (load<i32>(listCounts + 4 * bit) == 0) continue;
    unpack(degree, TERM, load<u32>(references + 4 * <usize>load<i32>(listStarts + 4 * bit)));
    addProjective(degree, TOTAL, TOTAL, TERM);
  }
  storePoint(degree, out, TOTAL);
}

/** Line u < rows: Σ buckets u·2^low + v over v. Line rows + v: the same over u. */
function sumRowsAndColumns(degree: i32, windowBits: i32, low: i32, rows: i32): void {
  const half = 1 << (windowBits - 1);
  const columns = 1 << low;
  const size = packedSize(degree);
  let position = 0;
  for (let line = 0; line < rows + columns; line++) {
    store<i32>(listStarts + 4 * line, position);
    const isRow = line < rows;
    const length = isRow ? columns : rows;
    for (let k = 0; k < length; k++) {
      const bucket = isRow ? line * columns + k : k * columns + line - rows;
      if (bucket == 0 || bucket > half || !load<u8>(filled + bucket)) continue;
      store<u32>(references + 4 * position++, <u32>(sums + size * <usize>bucket));
    }
    store<i32>(listCounts + 4 * line, position - load<i32>(listStarts + 4 * line));
  }
  sumLists(degree, references, listStarts, listCounts, rows + columns, false);
  for (let line = 0; line < rows + columns; line++) {
    const any = load<i32>(listCounts + 4 * line) != 0;
    store<u8>(lineFilled + line, any ? 1 : 0);
    if (!any) continue;
    const reference = load<u32>(references + 4 * <usize>load<i32>(listStarts + 4 * line));
    copyPoint(degree, lines + size * <usize>line, reference);
  }
}

/** List t: Σ of the columns (t < low) or rows whose weight has bit t. */
function sumBits(degree: i32, windowBits: i32, low: i32, rows: i32): void {
  const columns = 1 << low;
  const size = packedSize(degree);
  let position = 0;
  for (let bit = 0; bit < windowBits; bit++) {
    store<i32>(listStarts + 4 * bit, position);
    const isColumn = bit < low;
    const length = isColumn ? columns : rows;
    const place = isColumn ? bit : bit - low;
    for (let k = 0; k < length; k++) {
      if (!((k >> place) & 1)) continue;
      const line = isColumn ? rows + k : k;
      if (!load<u8>(lineFilled + line)) continue;
      store<u32>(references + 4 * position++, <u32>(lines + size * <usize>line));
    }
    store<i32>(listCounts + 4 * bit, position - load<i32>(listStarts + 4 * bit));
  }
  sumLists(degree, references, listStarts, listCounts, windowBits, false);
}

/** Forgets scalars, digits and sums. */
export function wipeMsm(): void {
  if (scalars != 0) memory.fill(scalars, 0, scratchEnd - scalars);
  memory.fill(TOTAL, 0, 480);
  memory.fill(TERM, 0, 480);
}
