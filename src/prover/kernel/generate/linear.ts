import { carriedBounds, demand, type Element, lowPartBound } from "./element.ts";
import type { Field } from "./field.ts";
import { HALF_RADIX, LIMB_BITS, LIMBS, RADIX } from "./limbs.ts";
import type { Program } from "./program.ts";

/** Integers of this magnitude are exact in a double. */
const EXACT = 1n << 53n;

/** a + b, limb by limb, without carries. Exact while limbs stay within 2^53. */
export function add(program: Program, a: Element, b: Element): Element {
  return combine(program, "add", a, b);
}

/** a − b, limb by limb, without carries. */
export function subtract(program: Program, a: Element, b: Element): Element {
  return combine(program, "sub", a, b);
}

/** −a. */
export function negate(program: Program, a: Element): Element {
  return { ...a, limbs: program.limbs("n", (index) => `f64x2.neg(${a.limbs[index]})`) };
}

function combine(program: Program, operation: "add" | "sub", a: Element, b: Element): Element {
  const limbBounds = a.limbBounds.map((bound, index) => bound + (b.limbBounds[index] ?? 0n));
  demand(
    limbBounds.every((bound) => bound <= EXACT),
    "sum of limbs exact",
  );
  return {
    limbs: program.limbs("s", (i) => `f64x2.${operation}(${a.limbs[i]}, ${b.limbs[i]})`),
    limbBounds,
    valueBound: a.valueBound + b.valueBound,
  };
}

/** How far the estimate of value/modulus from the last limb alone can be off, times the modulus. */
function estimateSlack(value: Element): bigint {
  // The limbs below the last one, plus three roundings of 2^−53 each: the modulus, the constant, the product.
  return lowPartBound(value) + (value.valueBound >> 50n);
}

/** The greatest |q| of `quotient`. */
export function quotientBound(field: Field, value: Element): bigint {
  return (value.valueBound + estimateSlack(value) + field.modulus / 2n) / field.modulus;
}

/** q = round(value/modulus) as a double in each lane, estimated from the last limb. */
export function quotient(program: Program, field: Field, value: Element): string {
  const perTop = field.double(2 ** 204 / Number(field.modulus));
  return program.let("q", `f64x2.nearest(f64x2.mul(${value.limbs[LIMBS - 1]}, ${perTop}))`);
}

/**
 * value − q·modulus with q = round(value/modulus): at most half the modulus, plus what the estimate of
 * q misses. Limbs are not carried. q·mᵢ is an exact integer, so it does not matter whether it is fused.
 */
export function reduce(program: Program, field: Field, value: Element): Element {
  const q = quotient(program, field, value);
  const times = quotientBound(field, value);
  const limbBounds = value.limbBounds.map((bound, i) => bound + times * field.limbMagnitude(i));
  demand(
    limbBounds.every((bound) => bound <= EXACT),
    "limbs of a reduction exact",
  );
  return {
    limbs: program.limbs(
      "r",
      (i) => `f64x2.relaxed_nmadd(${q}, ${field.double(field.limbs[i] ?? 0n)}, ${value.limbs[i]})`,
    ),
    limbBounds,
    valueBound: field.modulus / 2n + estimateSlack(value) + 1n,
  };
}

/**
 * Carries: adding and taking away 1.5·2^103 rounds a limb to a multiple of 2^51 (the distance of
 * doubles there), which moves on as a unit of the next limb. Limbs end within ±2^50.
 */
export function carry(program: Program, field: Field, value: Element): Element {
  const magic = field.double(1.5 * 2 ** 103);
  const perRadix = field.double(2 ** -51);
  const limbs: string[] = [];
  let incoming: string | undefined;
  let incomingBound = 0n;
  value.limbs.forEach((name, index) => {
    const bound = (value.limbBounds[index] ?? 0n) + incomingBound;
    demand(bound <= EXACT, "carried limb exact");
    const limb =
      incoming === undefined
        ? name
        : program.let("t", `f64x2.relaxed_madd(${incoming}, ${perRadix}, ${name})`);
    if (index === LIMBS - 1) {
      limbs.push(limb);
      return;
    }
    incoming = program.let("c", `f64x2.sub(f64x2.add(${limb}, ${magic}), ${magic})`);
    incomingBound = (bound + HALF_RADIX) >> LIMB_BITS;
    limbs.push(program.let("l", `f64x2.sub(${limb}, ${incoming})`));
  });
  demand(RADIX === 1n << 51n, "the magic number is made for a radix of 2^51");
  return { limbs, ...carriedBounds(value.valueBound) };
}
