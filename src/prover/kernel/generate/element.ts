import type { Field } from "./field.ts";
import { HALF_RADIX, LIMBS, limbWeight, magnitude } from "./limbs.ts";

/**
 * An element in the emitted code: five names of 128-bit locals (two lanes each), and what is proven
 * about them. Every template computes the bounds of its result from those of its operands and throws
 * when a step could be inexact; so code that was emitted is proven, for every input that keeps the
 * bounds its loads assume. Stores demand the bounds that loads assume (`storedBounds`), which closes
 * the induction.
 */
export interface Element extends Bounds {
  readonly limbs: readonly string[];
}

export interface Bounds {
  /** Greatest magnitude of each limb. */
  readonly limbBounds: readonly bigint[];
  /** Greatest magnitude of Σ xᵢ·2^(51i), often far below what the limbs alone allow. */
  readonly valueBound: bigint;
}

/**
 * Bounds after a carry: the low limbs within ±2^50, so |low part| ≤ 2^50·(1 + 2^51 + 2^102 + 2^153)
 * < 2^204, and the last limb is within one of value/2^204.
 */
export function carriedBounds(valueBound: bigint): Bounds {
  const limbBounds = Array.from({ length: LIMBS - 1 }, () => HALF_RADIX);
  limbBounds.push((valueBound >> 204n) + 2n);
  return { limbBounds, valueBound };
}

/**
 * What every element in memory satisfies between kernels: carried, and |value| ≤ 1.2·modulus.
 * (The product of two such is at most 1.05·modulus; the sum of two is reduced before it is stored.
 * Up to 1.25·modulus the quotient of a difference stays within ±2, which keeps its limbs within
 * 2^52.)
 */
export function storedBounds(field: Field): Bounds {
  return carriedBounds((field.modulus * 6n) / 5n);
}

/**
 * Constants and twiddles: reduced, so |value| ≤ modulus/2 and a little (`reduce` misses by less than
 * modulus/2^40 for what `Add` and `MultiplyUnsigned` give it).
 */
export function centredBounds(field: Field): Bounds {
  return carriedBounds(field.modulus / 2n + (field.modulus >> 40n));
}

/** Throws unless `actual` implies `demanded`. */
export function demandBounds(actual: Bounds, demanded: Bounds, where: string): void {
  demand(
    actual.valueBound <= demanded.valueBound,
    `${where}: value ${actual.valueBound} above ${demanded.valueBound}`,
  );
  actual.limbBounds.forEach((bound, index) => {
    demand(bound <= (demanded.limbBounds[index] ?? 0n), `${where}: limb ${index} at ${bound}`);
  });
}

/** Throws when a step of a proof does not hold: the template must not be emitted. */
export function demand(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new RangeError(`bound not met: ${claim}`);
}

/** Greatest magnitude of the part below the last limb. */
export function lowPartBound(bounds: Bounds): bigint {
  return bounds.limbBounds
    .slice(0, LIMBS - 1)
    .reduce((sum, bound, index) => sum + bound * limbWeight(index), 0n);
}

/** Bounds of a known integer's limbs. */
export function exactBounds(limbs: readonly bigint[]): Bounds {
  const value = limbs.reduce((sum, limb, index) => sum + limb * limbWeight(index), 0n);
  return { limbBounds: limbs.map(magnitude), valueBound: magnitude(value) };
}

/** Bounds that hold for each of several elements. */
export function widest(all: readonly Bounds[]): Bounds {
  const max = (a: bigint, b: bigint) => (a > b ? a : b);
  return all.reduce((a, b) => ({
    limbBounds: a.limbBounds.map((bound, i) => max(bound, b.limbBounds[i] ?? 0n)),
    valueBound: max(a.valueBound, b.valueBound),
  }));
}
