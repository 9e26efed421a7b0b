import { InvalidFieldElementError } from "../errors/field.ts";

/** Order of the BN254 scalar field, the field every circuit works in. */
export const FIELD_ORDER =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/**
 * Reduces any integer into [0, p).
 *
 * @example
 * mod(-1n) === FIELD_ORDER - 1n;
 */
export function mod(value: bigint): bigint {
  const remainder = value % FIELD_ORDER;
  return remainder < 0n ? remainder + FIELD_ORDER : remainder;
}

/**
 * The inverse of a field element by Euclid's algorithm.
 *
 * @param value in [1, p)
 *
 * @example
 * mod(inverse(3n) * 3n) === 1n;
 */
export function inverse(value: bigint): bigint {
  let [previous, current] = [FIELD_ORDER, value];
  let [before, coefficient] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [before, coefficient] = [coefficient, before - quotient * coefficient];
  }
  return mod(before);
}

/**
 * Returns `value` if it is a canonical field element.
 *
 * @param name what the value is, for the error
 * @throws {InvalidFieldElementError} if value is negative or not below p
 */
export function assertFieldElement(value: bigint, name: string): bigint {
  if (value < 0n || value >= FIELD_ORDER) throw new InvalidFieldElementError({ name, value });
  return value;
}
