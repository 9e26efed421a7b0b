/**
 * Sums of many lists of points by pairwise trees: in each round every list's neighbours are added in
 * affine form, all pairs of all lists sharing one inversion, until each list has one point or none.
 *
 * A list is `counts[k]` references from `references[starts[k]]` on. Pairs that affine addition
 * cannot add (equal or opposite points) are replaced in the batch by a harmless pair and added one
 * by one; sums that are infinite are taken out of their lists, so a batch never meets infinity.
 * (The caller never puts it in.)
 */
import { addReferences, isPackedInfinity, packedSize } from "./curve";
import { ELEMENT, copy, invert, multiply } from "./coordinate";
import { FQ_ONE, forward1, forward2, inverses, slopes2, sums1, sums2 } from "./generated";
import { reserve } from "./memory";

/**
 * References that lists of one call may have in all: few enough that points and products stay in the
 * second-level cache between the passes, and as many as the lines of buckets have (`msm.ts`).
 */
export const CAPACITY = 8_192;
/** Additions of a batch handled at a time, so that points touched ahead are still in cache. */
const BLOCK_STEPS = 32;

let references: usize = 0;
let starts: usize = 0;
let counts: usize = 0;
let pairs: usize = 0;
let products: usize = 0;
let inverted: usize = 0;
let differences: usize = 0;
let work: usize = 0;
let specials: usize = 0;
let scratchEnd: usize = 0;
let harmless1: usize = 0;
let harmless2: usize = 0;

const RUNNING: usize = memory.data(160, 16);
const INVERSE: usize = memory.data(80, 16);

/** Padding of rounds: at most three pairs each, and a list halves in each. */
const SLACK = 64;

function reserveScratch(): void {
  if (work != 0) return;
  pairs = reserve(8 * (CAPACITY / 2 + SLACK));
  products = reserve(40 * (CAPACITY / 2 + SLACK));
  inverted = reserve(40 * (CAPACITY / 2 + SLACK));
  differences = reserve(80 * (CAPACITY / 2 + SLACK));
  specials = reserve(12 * (CAPACITY / 2 + SLACK));
  work = reserve(160 * (CAPACITY + SLACK));
  scratchEnd = reserve(0);
  // Points on no curve, which does not matter: x = 2^244 (in its last limb, or it would look like
  // zero) and 0.
  harmless1 = reserve(320);
  store<f64>(harmless1, 1099511627776.0, 64);
  harmless2 = harmless1 + 160;
}

/**
 * Sums `lists` lists in place: counts become 0 or 1, and the one reference left is the sum, which
 * lies in scratch memory until the next call (or is the input itself).
 *
 * @param fresh whether the references go to a big table, whose points are worth touching ahead
 */
export function sumLists(
  degree: i32,
  listReferences: usize,
  listStarts: usize,
  listCounts: usize,
  lists: i32,
  fresh: bool,
): void {
  reserveScratch();
  references = listReferences;
  starts = listStarts;
  counts = listCounts;
  let out = work;
  for (;;) {
    const found = pairUp(degree, lists, out);
    if (found == 0) return;
    if (addPairs(degree, found, out, fresh)) removeInfinities(degree, lists);
    out += packedSize(degree) * <usize>((found + 3) & ~3);
    fresh = false;
  }
}

/** Takes neighbours of all lists as pairs; their sums' references, from `out` on, stand for them. */
function pairUp(degree: i32, lists: i32, out: usize): i32 {
  const size = packedSize(degree);
  let found = 0;
  for (let list = 0; list < lists; list++) {
    const count = load<i32>(counts + 4 * list);
    if (count < 2) continue;
    let from = references + 4 * <usize>load<u32>(starts + 4 * list);
    let to = from;
    const half = count >> 1;
    for (let k = 0; k < half; k++) {
      store<u64>(pairs + 8 * found, load<u64>(from));
      store<u32>(to, <u32>(out + size * <usize>found));
      from += 8;
      to += 4;
      found++;
    }
    if (count & 1) store<u32>(to, load<u32>(from));
    store<i32>(counts + 4 * list, half + (count & 1));
  }
  return found;
}

function setHarmless(pair: usize): void {
  store<u32>(pair, <u32>harmless1);
  store<u32>(pair, <u32>harmless2, 4);
}

/**
 * Reads a little of each point of a block ahead of its use: random access is what a fresh batch
 * waits for.
 */
function touch(degree: i32, from: usize, count: i32): u64 {
  const size = packedSize(degree);
  let seen: u64 = 0;
  for (let k = 0; k < count; k++) {
    const point = <usize>(load<u32>(from + 4 * k) & ~15);
    seen ^= load<u64>(point) ^ load<u64>(point + size - 8);
    if (degree == 2) seen ^= load<u64>(point, 64);
  }
  return seen;
}

let touched: u64 = 0;

/** Adds pairs 0…count−1 to `out`; true if some sum is infinite. */
function addPairs(degree: i32, count: i32, out: usize, fresh: bool): bool {
  let padded = count;
  while (padded & 3) setHarmless(pairs + 8 * padded++);
  const steps = padded >> 2;
  copy(1, RUNNING, FQ_ONE);
  copy(1, RUNNING + ELEMENT, FQ_ONE);
  let special = 0;
  for (let block = 0; block < steps; block += BLOCK_STEPS) {
    const end = min(block + BLOCK_STEPS, steps);
    if (fresh) touched ^= touch(degree, pairs + 32 * block, 8 * (end - block));
    let done = block;
    for (;;) {
      done = degree == 1
        ? forward1(pairs, done, end, products, inverted, RUNNING)
        : forward2(pairs, done, end, products, inverted, RUNNING, differences);
      if (done == end) break;
      special = takeOut(done, special);
    }
  }
  // One inversion for both chains: 1/first = second/(first·second).
  multiply(1, INVERSE, RUNNING, RUNNING + ELEMENT);
  invert(1, INVERSE, INVERSE);
  multiply(1, RUNNING, RUNNING, INVERSE);
  multiply(1, RUNNING + ELEMENT, RUNNING + ELEMENT, INVERSE);
  copy(1, INVERSE, RUNNING);
  copy(1, RUNNING, RUNNING + ELEMENT);
  copy(1, RUNNING + ELEMENT, INVERSE);
  const size = packedSize(degree);
  for (let block = (steps - 1) / BLOCK_STEPS * BLOCK_STEPS; block >= 0; block -= BLOCK_STEPS) {
    const length = min(BLOCK_STEPS, steps - block);
    const blockPairs = pairs + 32 * block;
    const blockProducts = products + 160 * block;
    if (fresh) touched ^= touch(degree, blockPairs, 8 * length);
    inverses(length, blockProducts, inverted + 160 * block, RUNNING);
    const blockOut = out + size * 4 * <usize>block;
    if (degree == 1) sums1(blockPairs, length, blockProducts, blockOut);
    else {
      const blockDifferences = differences + 320 * block;
      slopes2(blockPairs, 2 * length, blockProducts, blockDifferences);
      sums2(blockPairs, 2 * length, blockDifferences, blockOut);
    }
  }
  let infinite = false;
  for (let k = 0; k < special; k++) {
    const entry = specials + 12 * k;
    const sum = out + size * <usize>load<u32>(entry);
    addReferences(degree, load<u32>(entry, 4), load<u32>(entry, 8), sum);
    if (isPackedInfinity(degree, sum)) infinite = true;
  }
  return infinite;
}

/** Sets the pairs of a suspicious step aside: all four, as it costs little and happens rarely. */
function takeOut(step: i32, special: i32): i32 {
  for (let k = 4 * step; k < 4 * step + 4; k++) {
    const pair = pairs + 8 * k;
    const a = load<u32>(pair);
    if (a == <u32>harmless1) continue;
    const entry = specials + 12 * special++;
    store<u32>(entry, k);
    store<u64>(entry, load<u64>(pair), 4);
    setHarmless(pair);
  }
  return special;
}

function removeInfinities(degree: i32, lists: i32): void {
  for (let list = 0; list < lists; list++) {
    const first = references + 4 * <usize>load<u32>(starts + 4 * list);
    const count = load<i32>(counts + 4 * list);
    let kept = 0;
    for (let k = 0; k < count; k++) {
      const reference = load<u32>(first + 4 * k);
      if (isPackedInfinity(degree, <usize>(reference & ~15))) continue;
      store<u32>(first + 4 * kept++, reference);
    }
    store<i32>(counts + 4 * list, kept);
  }
}

/** Forgets the points and products of past sums. */
export function wipeTreeSum(): void {
  memory.fill(RUNNING, 0, 160);
  memory.fill(INVERSE, 0, 80);
  if (work != 0) memory.fill(pairs, 0, scratchEnd - pairs);
}
