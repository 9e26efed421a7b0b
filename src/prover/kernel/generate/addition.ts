/**
 * Affine additions in batches with one shared inversion (P. Montgomery's trick, 1987), for
 * y² = x³ + b over Fq (degree 1, G1) and Fq2 (degree 2, G2). Two pairs are added in the two lanes; four
 * pairs make one step of the passes that carry a chain of products, so that two chains hide each
 * other's latency.
 *
 *   λ = (y_b − y_a)/(x_b − x_a)    x = λ² − x_a − x_b    y = λ·(x_a − x) − y_a
 *
 * - `forward`: d = x_b − x_a of every pair, and the products of all earlier ones. In Fq2 what is
 *   inverted is the norm d₀² + d₁², and 1/d = (d₀ − d₁·u)/norm. A step in which some d may be zero
 *   is not done: the function returns its index, and the driver takes such pairs out.
 * - `inverses`: from the last pair back, each product becomes the inverse of its own d (or norm).
 * - `slopes` (degree 2 only) and `sums`: λ, then the points.
 *
 * A point in memory is affine and packed, 80 bytes per coordinate degree: x₀x₁ x₂x₃ y₀y₁ y₂y₃ x₄y₄.
 * A pair is two 32-bit references, each the address of a point, 16-aligned, whose lowest bit
 * negates y.
 */
import {
  type Bounds,
  demand,
  type Element,
  lowPartBound,
  storedBounds,
  widest,
} from "./element.ts";
import type { Field } from "./field.ts";
import { type Fq2, multiplyQuadratic, squareQuadratic } from "./fieldFunctions.ts";
import { LIMBS } from "./limbs.ts";
import { add, carry, quotient, quotientBound, reduce, subtract } from "./linear.ts";
import { type Addend, minus, multiplyTwo, plusMultiple } from "./multiplication.ts";
import { Program } from "./program.ts";

type Degree = 1 | 2;
type Coordinate = "x" | "y";

/** Bytes of a packed coordinate pair (x, y) over Fq. */
const BLOCK = 80;

export function emitAdditionKernels(program: Program, field: Field): void {
  for (const degree of [1, 2] as const) emitForward(program, field, degree);
  emitInverses(program, field);
  emitSums(program, field);
  emitQuadraticSums(program, field, emitSlopes(program, field));
}

/** Loads the references of the two pairs at `offset` of `pairs`; returns their names. */
function loadReferences(program: Program, offset: number) {
  const names = ["a0", "b0", "a1", "b1"].map((hint, index) =>
    program.let(hint, `load<u32>(pairs, ${offset + 4 * index})`),
  );
  const [a0 = "", b0 = "", a1 = "", b1 = ""] = names;
  return { a: [a0, a1] as const, b: [b0, b1] as const };
}

/** The coordinates of two packed points, one per lane, with the signs of their references applied. */
function gather(
  program: Program,
  field: Field,
  references: readonly [string, string],
  block: number,
  coordinates: readonly Coordinate[],
): Record<Coordinate, Element> {
  const [first, second] = references.map((name) => program.let("p", `${name} & ~15`));
  const at = (base: string | undefined, offset: number) =>
    program.let("g", `v128.load(${base}, ${block * BLOCK + offset})`);
  const lasts = [at(first, 64), at(second, 64)];
  const result: Partial<Record<Coordinate, Element>> = {};
  for (const coordinate of coordinates) {
    const offset = coordinate === "x" ? 0 : 32;
    const pick = (from: readonly string[], high: boolean) =>
      program.let("e", `v128.shuffle<i64>(${from[0]}, ${from[1]}, ${high ? "1, 3" : "0, 2"})`);
    const low = [at(first, offset), at(second, offset)];
    const high = [at(first, offset + 16), at(second, offset + 16)];
    let limbs = [
      pick(low, false),
      pick(low, true),
      pick(high, false),
      pick(high, true),
      pick(lasts, coordinate === "y"),
    ];
    if (coordinate === "y") {
      const signs = program.let(
        "z",
        `i64x2.shl(i64x2.replace_lane(i64x2.splat(${references[0]}), 1, ${references[1]}), 63)`,
      );
      limbs = limbs.map((limb) => program.let("y", `v128.xor(${limb}, ${signs})`));
    }
    result[coordinate] = { limbs, ...storedBounds(field) };
  }
  return result as Record<Coordinate, Element>;
}

/** Packs the points of both lanes into two consecutive points. */
function scatter(
  program: Program,
  field: Field,
  base: string,
  degree: Degree,
  block: number,
  { x, y }: { x: Element; y: Element },
): void {
  const stored = storedBounds(field);
  for (const element of [x, y]) {
    demand(element.valueBound <= stored.valueBound, "a sum's coordinate within the stored bounds");
    element.limbBounds.forEach((bound, i) => {
      demand(bound <= (stored.limbBounds[i] ?? 0n), "a sum's limbs within the stored bounds");
    });
  }
  const couples = [
    [x.limbs[0], x.limbs[1]],
    [x.limbs[2], x.limbs[3]],
    [y.limbs[0], y.limbs[1]],
    [y.limbs[2], y.limbs[3]],
    [x.limbs[4], y.limbs[4]],
  ];
  for (const lane of [0, 1]) {
    couples.forEach(([a, b], index) => {
      const offset = lane * degree * BLOCK + block * BLOCK + 16 * index;
      const lanes = lane === 0 ? "0, 2" : "1, 3";
      program.line(`  v128.store(${base}, v128.shuffle<i64>(${a}, ${b}, ${lanes}), ${offset});`);
    });
  }
}

/** Loads or stores both chains' running products, kept in locals `c0_0`…`c1_4` during a loop. */
function chains(program: Program, field: Field): Element[] {
  return [0, 1].map((chain) => {
    const limbs = Array.from({ length: LIMBS }, (_, i) => `c${chain}_${i}`);
    limbs.forEach((name, i) => {
      program.line(`  let ${name} = v128.load(running, ${BLOCK * chain + 16 * i});`);
    });
    return { limbs, ...storedBounds(field) };
  });
}

function storeChains(program: Program, field: Field, running: readonly Element[]): void {
  running.forEach((element, chain) => {
    program.store(field, element, "running", BLOCK * chain);
  });
}

function assignChain(program: Program, chain: Element | undefined, value: Element): void {
  chain?.limbs.forEach((name, i) => {
    program.line(`  ${name} = ${value.limbs[i]};`);
  });
}

/** d is zero in a lane only if its last limb is this small: the lower limbs cannot make up for more. */
function mayBeZero(program: Program, field: Field, d: Element): string {
  const bound = (lowPartBound(d) >> 204n) + 1n;
  return program.let("w", `f64x2.le(f64x2.abs(${d.limbs[LIMBS - 1]}), ${field.double(bound)})`);
}

function emitForward(program: Program, field: Field, degree: Degree): void {
  const extra = degree === 2 ? ", differences: usize" : "";
  program.function(
    `forward${degree}(pairs: usize, from: i32, steps: i32, products: usize, inverted: usize, running: usize${extra}): i32`,
    () => {
      const running = chains(program, field);
      program.line("  pairs += 32 * from; products += 160 * from; inverted += 160 * from;");
      if (degree === 2) program.line("  differences += 320 * from;");
      program.line("  for (let i = from; i < steps; i++) {");
      const suspicious: string[] = [];
      const differences = [0, 1].map((chain) => {
        const { a, b } = loadReferences(program, 16 * chain);
        const parts = Array.from({ length: degree }, (_, block) => {
          const xa = gather(program, field, a, block, ["x"]).x;
          const xb = gather(program, field, b, block, ["x"]).x;
          const d = reduce(program, field, subtract(program, xb, xa));
          return { d, zero: mayBeZero(program, field, d) };
        });
        suspicious.push(
          parts.map((part) => part.zero).reduce((all, zero) => `v128.and(${all}, ${zero})`),
        );
        return parts.map(({ d }) => d);
      });
      program.line(`  if (v128.any_true(v128.or(${suspicious.join(", ")}))) {`);
      storeChains(program, field, running);
      program.line("  return i; }");
      const inverted = degree === 1 ? differences.flat() : norms(program, field, differences);
      inverted.forEach((element, chain) => {
        program.store(field, element, "inverted", BLOCK * chain, invertedBounds(field));
        program.store(field, running[chain] as Element, "products", BLOCK * chain);
      });
      const [first, second] = inverted as [Element, Element];
      const next = multiplyTwo(
        program,
        field,
        { factors: [[first, running[0] as Element]] },
        { factors: [[second, running[1] as Element]] },
      );
      next.forEach((value, chain) => {
        assignChain(program, running[chain], value);
      });
      program.line("  pairs += 32; products += 160; inverted += 160;");
      if (degree === 2) program.line("  differences += 320;");
      program.line("  }");
      storeChains(program, field, running);
      program.line("  return steps;");
    },
  );
}

/** d₀² + d₁² of both chains; keeps d for the slopes. */
function norms(program: Program, field: Field, differences: Element[][]): Element[] {
  const carried = differences.map((parts) => parts.map((part) => carry(program, field, part)));
  carried.forEach((parts, chain) => {
    parts.forEach((part, block) => {
      program.store(field, part, "differences", 160 * chain + BLOCK * block);
    });
  });
  const squares = carried.map((parts) => ({
    factors: parts.map((part) => [part, part] as const),
  }));
  return multiplyTwo(program, field, squares[0] ?? { factors: [] }, squares[1] ?? { factors: [] });
}

/** Bounds of what is inverted: a reduced, uncarried difference of stored elements, or a norm. */
function invertedBounds(field: Field): Bounds {
  // A program nobody reads, to compute bounds.
  const scratch = new Program();
  const stored = { limbs: Array.from({ length: LIMBS }, () => ""), ...storedBounds(field) };
  const { limbBounds } = reduce(scratch, field, subtract(scratch, stored, stored));
  return { limbBounds, valueBound: (field.modulus * 3n) / 4n };
}

function emitInverses(program: Program, field: Field): void {
  program.function(
    "inverses(steps: i32, products: usize, inverted: usize, running: usize): void",
    () => {
      const running = chains(program, field);
      const [first, second] = running as [Element, Element];
      program.line("  products += 160 * steps; inverted += 160 * steps;");
      program.line("  for (let i = 0; i < steps; i++) { products -= 160; inverted -= 160;");
      const bounds = invertedBounds(field);
      const [p0, p1] = [0, 1].map((k) => program.load(field, "p", "products", BLOCK * k));
      const [d0, d1] = [0, 1].map((k) => program.load(field, "d", "inverted", BLOCK * k, bounds));
      const inverses = multiplyTwo(
        program,
        field,
        { factors: [[p0 as Element, first]] },
        { factors: [[p1 as Element, second]] },
      );
      inverses.forEach((value, chain) => {
        program.store(field, value, "products", BLOCK * chain);
      });
      const next = multiplyTwo(
        program,
        field,
        { factors: [[d0 as Element, first]] },
        { factors: [[d1 as Element, second]] },
      );
      next.forEach((value, chain) => {
        assignChain(program, running[chain], value);
      });
      program.line("  }");
      storeChains(program, field, running);
    },
  );
}

/** −x_a − x_b, reduced: the three addends and the bound of their sum. */
function minusBoth(program: Program, field: Field, xa: Element, xb: Element) {
  const sum = add(program, xa, xb);
  const q = quotient(program, field, sum);
  const addends: Addend[] = [minus(field, sum), plusMultiple(field, q, quotientBound(field, sum))];
  return { addends, addendsBound: reduce(new Program(), field, sum).valueBound };
}

function emitSums(program: Program, field: Field): void {
  program.function("sums1(pairs: usize, steps: i32, inverses: usize, out: usize): void", () => {
    program.line("  for (let i = 0; i < steps; i++) {");
    const pairs = [0, 1].map((chain) => {
      const { a, b } = loadReferences(program, 16 * chain);
      const inverse = program.load(field, "i", "inverses", BLOCK * chain);
      const pa = gather(program, field, a, 0, ["x", "y"]);
      const pb = gather(program, field, b, 0, ["x", "y"]);
      const dy = reduce(program, field, subtract(program, pb.y, pa.y));
      return { inverse, pa, dy, both: minusBoth(program, field, pa.x, pb.x) };
    });
    const [first, second] = pairs as [(typeof pairs)[0], (typeof pairs)[0]];
    const slopes = multiplyTwo(
      program,
      field,
      { factors: [[first.dy, first.inverse]] },
      { factors: [[second.dy, second.inverse]] },
    );
    const xs = multiplyTwo(
      program,
      field,
      { factors: [[slopes[0], slopes[0]]], ...first.both },
      { factors: [[slopes[1], slopes[1]]], ...second.both },
    );
    const parts = pairs.map(({ pa }, k) => ({
      dx: reduce(program, field, subtract(program, pa.x, xs[k] as Element)),
      y: reduce(program, field, pa.y),
    }));
    const [p0, p1] = parts as [(typeof parts)[0], (typeof parts)[0]];
    const ys = multiplyTwo(
      program,
      field,
      { factors: [[slopes[0], p0.dx]], addends: [minus(field, p0.y)] },
      { factors: [[slopes[1], p1.dx]], addends: [minus(field, p1.y)] },
    );
    scatter(program, field, "out", 1, 0, { x: xs[0], y: ys[0] });
    program.line("  out += 160;");
    scatter(program, field, "out", 1, 0, { x: xs[1], y: ys[1] });
    program.line("  out += 160; pairs += 32; inverses += 160;");
    program.line("  }");
  });
}

/** Degree 2, two pairs a turn: λ = (y_b − y_a)·(d₀ − d₁u)/norm, over the differences in place. */
function emitSlopes(program: Program, field: Field): Bounds {
  let bounds: Bounds = storedBounds(field);
  program.function(
    "slopes2(pairs: usize, turns: i32, inverses: usize, differences: usize): void",
    () => {
      program.line("  for (let i = 0; i < turns; i++) {");
      const { a, b } = loadReferences(program, 0);
      const inverse = program.load(field, "i", "inverses");
      const d = [0, 1].map((block) => program.load(field, "d", "differences", BLOCK * block));
      const dy = [0, 1].map((block) => {
        const ya = gather(program, field, a, block, ["y"]).y;
        const yb = gather(program, field, b, block, ["y"]).y;
        return carry(program, field, reduce(program, field, subtract(program, yb, ya)));
      });
      const [d0, d1] = d as [Element, Element];
      const [i0, i1] = multiplyTwo(
        program,
        field,
        { factors: [[d0, inverse]] },
        { factors: [[d1, inverse]] },
      );
      const conjugate = i1.limbs.map((limb) => program.let("n", `f64x2.neg(${limb})`));
      const slope = multiplyQuadratic(program, field, dy as unknown as Fq2, [
        i0,
        { ...i1, limbs: conjugate },
      ]);
      bounds = widest(slope);
      slope.forEach((part, block) => {
        program.store(field, part, "differences", BLOCK * block, bounds);
      });
      program.line("  pairs += 16; inverses += 80; differences += 160;");
      program.line("  }");
    },
  );
  return bounds;
}

/** Degree 2, two pairs a turn: the points from their slopes. */
function emitQuadraticSums(program: Program, field: Field, slopeBounds: Bounds): void {
  program.function("sums2(pairs: usize, turns: i32, slopes: usize, out: usize): void", () => {
    program.line("  for (let i = 0; i < turns; i++) {");
    const { a, b } = loadReferences(program, 0);
    const slope = [0, 1].map((block) =>
      program.load(field, "l", "slopes", BLOCK * block, slopeBounds),
    ) as unknown as Fq2;
    const points = [0, 1].map((block) => {
      const pa = gather(program, field, a, block, ["x", "y"]);
      const pb = gather(program, field, b, block, ["x"]);
      return { pa, y: reduce(program, field, pa.y), sum: add(program, pa.x, pb.x) };
    });
    const square = squareQuadratic(program, field, slope);
    const x = square.map((part, block) =>
      carry(
        program,
        field,
        reduce(program, field, subtract(program, part, points[block]?.sum as Element)),
      ),
    );
    const dx = points.map(({ pa }, block) =>
      carry(program, field, reduce(program, field, subtract(program, pa.x, x[block] as Element))),
    );
    const y = multiplyQuadratic(program, field, slope, dx as unknown as Fq2, {
      sign: "minus",
      value: points.map((point) => point.y) as unknown as Fq2,
    }).map((part) => carry(program, field, reduce(program, field, part)));
    for (const block of [0, 1]) {
      scatter(program, field, "out", 2, block, { x: x[block] as Element, y: y[block] as Element });
    }
    program.line("  pairs += 16; slopes += 160; out += 320;");
    program.line("  }");
  });
}
