/**
 * Montgomery multiplication of two lanes at once, in doubles and 64-bit integers.
 *
 * Sources: P. Montgomery, "Modular multiplication without trial division", 1985; N. Emmart,
 * F. Zheng and C. Weems, "Faster modular exponentiation using double precision floating point
 * arithmetic on the GPU", 2018 (the split of a product of doubles into two halves by fused multiply-adds).
 *
 * **Split.** For integers x, y with |xy| ≤ 2^102 let C₁ = 1.5·2^103. h = fma(x, y, C₁) lies in
 * [2^103, 2^104], where doubles are 2^51 apart, so h = C₁ + hi·2^51 with hi = round(xy/2^51), and as
 * 64-bit integers bits(h) = bits(C₁) + hi. With C₂ = C₁ + 1.5·2^52, C₂ − h is exact (a multiple of 2^51
 * below 2^104), and fma(x, y, C₂ − h) = 1.5·2^52 + lo with lo = xy − hi·2^51, |lo| ≤ 2^50: exact in
 * [2^52, 2^53], with bits = bits(1.5·2^52) + lo. So halves are summed as integers: every accumulator
 * starts from minus the known sum of the bits it will receive. Without a fused multiply-add lo is
 * wrong, which the self-test notices.
 *
 * **Accumulators.** s₀…s₉, position p worth 2^(51p). s₀…s₈ carry a bias of 2^62 + 2^50, so that as
 * unsigned integers they are v + 2^50 + 2^62 ≥ 0 for |v| < 2^62: `& (2^51 − 1)` minus 2^50 is the
 * signed digit of v in [−2^50, 2^50), and `>>> 51` is its carry plus 2^11, which the next
 * position's start takes away.
 *
 * **Reduction.** Rows 0, 1, 2 *fold*: with k·N ≡ −1 mod 2^51 and digit d of v,
 * d + d·k·N = 2^51·d·(k·N + 1)/2^51, so adding d·fold one position higher clears this one, without an
 * integer multiplication. Rows 3, 4 take m ≡ −v/N mod 2^51 (a 64-bit multiplication; 2^50·(1/N) ≡ 2^50
 * since 1/N is odd, so the bias is harmless). All digits are signed, |m| ≤ 2^50, and |k| ≤ 2^50, so
 *
 *   |result| ≤ (|Σab| + N·2^50·(|k|·(1 + 2^51 + 2^102) + 2^153 + 2^204))/R + |addends|
 *            ≤ |Σab|/R + 0.501·N + |addends|
 *
 * and no conditional subtraction is needed. Folding a fourth row would double the constant.
 *
 * Everything above that depends on operands is checked here from their bounds.
 */
import { carriedBounds, demand, type Element, exactBounds } from "./element.ts";
import type { Field } from "./field.ts";
import { doubleBits, HALF_RADIX, LIMBS, limbWeight, MONTGOMERY_R, RADIX } from "./limbs.ts";
import type { Program } from "./program.ts";

const HIGH_MAGIC = doubleBits(1.5 * 2 ** 103);
const LOW_MAGIC = doubleBits(1.5 * 2 ** 52);
const BIAS = 1n << 62n;
const BIAS_CARRY = BIAS / RADIX;
const FOLDED_ROWS = 3;
const POSITIONS = 2 * LIMBS;
const PRODUCT_BOUND = 1n << 102n;

/** Added to the result: the expression of each limb plus 1.5·2^52, and its bounds. */
export interface Addend {
  readonly biased: (index: number) => string;
  readonly limbBounds: readonly bigint[];
  readonly valueBound: bigint;
}

/** + element. */
export function plus(field: Field, element: Element): Addend {
  const magic = field.word(LOW_MAGIC);
  return { ...element, biased: (i) => `f64x2.add(${magic}, ${element.limbs[i]})` };
}

/** − element. */
export function minus(field: Field, element: Element): Addend {
  const magic = field.word(LOW_MAGIC);
  return { ...element, biased: (i) => `f64x2.sub(${magic}, ${element.limbs[i]})` };
}

/** + q·modulus for a small integer q in a double. The value's bound is left to the caller. */
export function plusMultiple(field: Field, q: string, qBound: bigint): Addend {
  const bounds = exactBounds(field.limbs);
  return {
    biased: (i) =>
      `f64x2.relaxed_madd(${q}, ${field.double(field.limbs[i] ?? 0n)}, ${field.word(LOW_MAGIC)})`,
    limbBounds: bounds.limbBounds.map((bound) => bound * qBound),
    valueBound: bounds.valueBound * qBound,
  };
}

/** What is multiplied: Σ a·b/R + Σ addends. A factor given twice is squared. */
export interface Product {
  readonly factors: readonly (readonly [Element, Element])[];
  readonly addends?: readonly Addend[];
  /** |Σ addends|, where it is known to be less than the sum of their bounds. */
  readonly addendsBound?: bigint;
}

/** Accumulator positions: how many halves and addends go where, and how large they can get. */
class Accumulators {
  readonly start: bigint[] = Array.from({ length: POSITIONS }, () => 0n);
  readonly bound: bigint[] = Array.from({ length: POSITIONS }, () => 0n);

  receive(position: number, bits: bigint, bound: bigint): void {
    this.start[position] = (this.start[position] ?? 0n) - bits;
    this.bound[position] = (this.bound[position] ?? 0n) + bound;
  }

  product(position: number, x: bigint, y: bigint): void {
    demand(x * y <= PRODUCT_BOUND, `product of limbs ${x}·${y} at most 2^102`);
    this.receive(position + 1, HIGH_MAGIC, (x * y) / RADIX + 1n);
    this.receive(position, LOW_MAGIC, HALF_RADIX);
  }

  /** The starting word of each position, once everything received is known. */
  words(): bigint[] {
    let carry = 0n;
    return this.start.map((start, position) => {
      const bound = (this.bound[position] ?? 0n) + carry;
      demand(bound + HALF_RADIX < BIAS, `accumulator ${position} below 2^62`);
      carry = bound / RADIX + 1n;
      const bias = position < POSITIONS - 1 ? BIAS + HALF_RADIX : LOW_MAGIC;
      return start + bias - (position > 0 ? BIAS_CARRY : 0n);
    });
  }
}

/** The limb products of one factor pair, row by row: [x, y, position]. */
interface LimbProduct {
  readonly x: string;
  readonly y: string;
  readonly xBound: bigint;
  readonly yBound: bigint;
  readonly position: number;
}

function limbProducts(
  program: Program,
  [a, b]: readonly [Element, Element],
): readonly (readonly LimbProduct[])[] {
  const squared = a === b;
  const doubled = squared
    ? program.limbs("d", (i) => `f64x2.add(${a.limbs[i]}, ${a.limbs[i]})`)
    : [];
  return Array.from({ length: LIMBS }, (_, i) => {
    const row: LimbProduct[] = [];
    for (let j = squared ? i : 0; j < LIMBS; j++) {
      const twice = squared && j > i;
      row.push({
        x: (twice ? doubled[i] : b.limbs[i]) ?? "",
        y: a.limbs[j] ?? "",
        xBound: (b.limbBounds[i] ?? 0n) * (twice ? 2n : 1n),
        yBound: a.limbBounds[j] ?? 0n,
        position: i + j,
      });
    }
    return row;
  });
}

/**
 * Emits one multiplication, yielding after every limb product so that independent ones can be
 * interleaved.
 *
 * @returns the result: carried, its value bounded as above
 */
export function* multiplySteps(
  program: Program,
  field: Field,
  { factors, addends = [], addendsBound }: Product,
): Generator<void, Element> {
  const rows = factors.map((pair) => limbProducts(program, pair));
  const reduction = Array.from({ length: LIMBS }, (_, row) =>
    row < FOLDED_ROWS
      ? { limbs: field.foldLimbs, shift: 1, folded: true }
      : { limbs: field.limbs, shift: 0, folded: false },
  );

  // What each position receives, before anything is emitted.
  const plan = new Accumulators();
  for (const row of rows.flat(2)) plan.product(row.position, row.xBound, row.yBound);
  reduction.forEach(({ limbs, shift }, i) => {
    exactBounds(limbs).limbBounds.forEach((bound, j) => {
      plan.product(i + shift + j, HALF_RADIX, bound);
    });
  });
  for (const addend of addends) {
    addend.limbBounds.forEach((bound, i) => {
      demand(bound <= RADIX, "limb of an addend at most 2^51");
      plan.receive(LIMBS + i, LOW_MAGIC, bound);
    });
  }
  const start = plan.words();

  const high = program.let("hc", field.word(HIGH_MAGIC));
  const split = program.let("lc", field.double(1.5 * 2 ** 103 + 1.5 * 2 ** 52));
  const sums: string[] = [];
  const accumulate = (position: number, expression: string) => {
    const name = sums[position];
    if (name === undefined) {
      const first = program.fresh("a");
      sums[position] = first;
      program.line(
        `  let ${first} = i64x2.add(${field.word(start[position] ?? 0n)}, ${expression});`,
      );
    } else program.line(`  ${name} = i64x2.add(${name}, ${expression});`);
  };
  // One name for all high halves: a value of its own for each would let the optimiser move the sums apart
  // and so keep more alive than there are registers.
  const h = program.fresh("h");
  program.line(`  let ${h}: v128;`);
  const multiplyLimbs = (x: string, y: string, position: number) => {
    program.line(`  ${h} = f64x2.relaxed_madd(${x}, ${y}, ${high});`);
    accumulate(position + 1, h);
    accumulate(position, `f64x2.relaxed_madd(${x}, ${y}, f64x2.sub(${split}, ${h}))`);
  };
  /** The low 51 bits of an accumulator (or of a multiple of it) as a signed digit. */
  const digit = (word: string) =>
    program.let(
      "m",
      `f64x2.sub(v128.or(v128.and(${word}, ${field.word(RADIX - 1n)}), ${field.double(2 ** 52)}), ${field.double(2 ** 52 + 2 ** 50)})`,
    );
  const carryFrom = (position: number) =>
    accumulate(position + 1, `i64x2.shr_u(${sums[position]}, 51)`);

  for (const addend of addends) {
    for (let i = 0; i < LIMBS; i++) accumulate(LIMBS + i, addend.biased(i));
  }
  for (let i = 0; i < LIMBS; i++) {
    for (const pair of rows) {
      for (const { x, y, position } of pair[i] ?? []) {
        multiplyLimbs(x, y, position);
        yield;
      }
    }
    const { limbs, shift, folded } = reduction[i] ?? { limbs: [], shift: 0, folded: false };
    const m = digit(
      folded ? `${sums[i]}` : `i64x2.mul(${sums[i]}, ${field.word(field.negatedInverse)})`,
    );
    if (folded) carryFrom(i);
    for (let j = 0; j < LIMBS; j++) {
      multiplyLimbs(m, field.double(limbs[j] ?? 0n), i + shift + j);
      yield;
    }
    if (!folded) carryFrom(i);
  }
  const out: string[] = [];
  for (let position = LIMBS; position < POSITIONS - 1; position++) {
    out.push(digit(`${sums[position]}`));
    carryFrom(position);
  }
  out.push(program.let("m", `f64x2.sub(${sums[POSITIONS - 1]}, ${field.word(LOW_MAGIC)})`));

  const products = factors.reduce((sum, [a, b]) => sum + a.valueBound * b.valueBound, 0n);
  const reductionBound = reduction.reduce(
    (sum, { folded }, i) =>
      sum +
      HALF_RADIX *
        limbWeight(i) *
        field.modulus *
        (folded ? (field.foldFactor < 0n ? -field.foldFactor : field.foldFactor) : 1n),
    0n,
  );
  const added = addendsBound ?? addends.reduce((sum, addend) => sum + addend.valueBound, 0n);
  const valueBound = (products + reductionBound) / MONTGOMERY_R + 1n + added;
  demand(valueBound < (MONTGOMERY_R * 3n) / 4n, "result below 3/4·R: its last limb within 2^51");
  return { limbs: out, ...carriedBounds(valueBound) };
}

/** One multiplication. */
export function multiply(program: Program, field: Field, product: Product): Element {
  const steps = multiplySteps(program, field, product);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Limb products emitted of one multiplication before the other has its turn. */
const INTERLEAVE = 25;

/** Two independent multiplications, interleaved so that each hides the other's latency. */
export function multiplyTwo(
  program: Program,
  field: Field,
  first: Product,
  second: Product,
): [Element, Element] {
  const steps = [multiplySteps(program, field, first), multiplySteps(program, field, second)];
  const results: (Element | undefined)[] = [undefined, undefined];
  while (results.includes(undefined)) {
    steps.forEach((running, index) => {
      for (let k = 0; k < INTERLEAVE && results[index] === undefined; k++) {
        const step = running.next();
        if (step.done) results[index] = step.value;
      }
    });
  }
  return results as [Element, Element];
}
