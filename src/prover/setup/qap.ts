/**
 * A circuit's quadratic arithmetic program, evaluated at one secret point τ: what a Groth16 key holds
 * multiples of the generators by.
 *
 * Row i of the constraint system belongs to ω^i, for ω of order n, the smallest power of two that the
 * rows fit into. With L_i the Lagrange polynomials of these points, wire j has the polynomials
 * a_j = Σ_i A_ij·L_i, and b_j, c_j likewise. The quotient's part is in another basis: the product
 * A·B − C of a valid witness vanishes on the n rows' points, so its values at the n odd powers of a root
 * of order 2n determine it, and snarkjs multiplies those with the odd Lagrange polynomials of that
 * domain. No polynomial is ever divided.
 *
 * @see Groth, On the Size of Pairing-based Non-interactive Arguments, section 3.2 (eprint 2016/260)
 */
import { InvalidSetupFileError } from "../../errors/setup.ts";
import { FIELD_ORDER } from "../../field/field.ts";
import { qapEntries, readR1csHeader } from "./r1cs.ts";

/** How large a circuit's key will be. */
export interface QapSizes {
  rows: number;
  wires: number;
  /** Outputs and public inputs; wires 1 to this. */
  publicSignals: number;
  /** n, a power of two. */
  domainSize: number;
}

/** Values at τ. */
export interface QapValues {
  /** By wire. */
  a: bigint[];
  b: bigint[];
  c: bigint[];
  /** The odd Lagrange polynomials of the domain of size 2n. */
  h: bigint[];
}

/** 5 generates the group of units of the scalar field. */
const MULTIPLICATIVE_GENERATOR = 5n;
/** 2n-th roots of unity have to exist: r − 1 is divisible by 2^28. */
const MAX_DOMAIN_SIZE = 2 ** 27;

/** `base^exponent` in the scalar field, exponent ≥ 0. */
export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** The inverse in the scalar field of a value other than 0. */
export const inverse = (value: bigint): bigint => power(value, FIELD_ORDER - 2n);

/**
 * The sizes of the key that a constraint system needs.
 *
 * @throws {InvalidSetupFileError} if it is no r1cs file over BN254's scalar field, is empty, too large, or
 *   contradicts itself
 */
export function qapSizes(r1cs: Uint8Array, name: string): QapSizes {
  const { scalarFieldOrder, wires, publicInputs, publicOutputs, rows } = readR1csHeader(r1cs, name);
  const publicSignals = publicInputs + publicOutputs;
  const expect = (holds: boolean, expected: string, received: string) => {
    if (!holds) throw new InvalidSetupFileError({ file: name, expected, received });
  };
  expect(
    scalarFieldOrder === FIELD_ORDER,
    "constraints over BN254's scalar field",
    `a field of order ${scalarFieldOrder}`,
  );
  expect(rows > 0, "at least one constraint", "none");
  expect(publicSignals < wires, "more wires than public signals", `${wires} wires`);
  const domainSize = 2 ** (Math.floor(Math.log2(rows + publicSignals)) + 1);
  expect(domainSize <= MAX_DOMAIN_SIZE, `at most ${MAX_DOMAIN_SIZE} rows`, `${rows} rows`);
  return { rows, wires, publicSignals, domainSize };
}

/**
 * Evaluates a circuit's polynomials.
 *
 * @param tau no 2n-th root of unity
 * @throws {InvalidSetupFileError} if an entry's wire does not exist or its value is not reduced
 */
export function evaluateQap(r1cs: Uint8Array, name: string, tau: bigint): QapValues {
  const { wires, domainSize } = qapSizes(r1cs, name);
  const rowValues = lagrangeValues(tau, domainSize);
  const columns = [0, 1, 2].map(() => new Array<bigint>(wires).fill(0n)) as [
    bigint[],
    bigint[],
    bigint[],
  ];
  for (const { matrix, row, wire, value } of qapEntries(r1cs, name)) {
    if (wire >= wires || value >= FIELD_ORDER) {
      throw new InvalidSetupFileError({
        file: name,
        expected: `wires below ${wires} with reduced coefficients`,
        received: `wire ${wire} times ${value} in row ${row}`,
      });
    }
    const column = columns[matrix];
    const term = value * (rowValues[row] as bigint);
    column[wire] = ((column[wire] as bigint) + term) % FIELD_ORDER;
  }
  const [a, b, c] = columns;
  const h = lagrangeValues(tau, 2 * domainSize).filter((_, i) => i % 2 === 1);
  return { a, b, c, h };
}

/**
 * All Lagrange polynomials of the domain of a given size at τ:
 * `L_i(τ) = ω^i · (τ^size − 1) / (size · (τ − ω^i))`.
 */
function lagrangeValues(tau: bigint, size: number): bigint[] {
  const order = BigInt(size);
  const root = power(MULTIPLICATIVE_GENERATOR, (FIELD_ORDER - 1n) / order);
  const points = new Array<bigint>(size);
  for (let i = 0, point = 1n; i < size; i++, point = (point * root) % FIELD_ORDER)
    points[i] = point;
  const vanishing = power(tau, order) - 1n;
  const scale = (vanishing * inverse(order)) % FIELD_ORDER;
  const inverses = batchInverse(points.map((point) => (tau - point + FIELD_ORDER) % FIELD_ORDER));
  return points.map(
    (point, i) => (((scale * point) % FIELD_ORDER) * (inverses[i] as bigint)) % FIELD_ORDER,
  );
}

/** The inverses of values other than 0, with one inversion (Montgomery's trick). */
function batchInverse(values: readonly bigint[]): bigint[] {
  const before: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    before.push(product);
    product = (product * value) % FIELD_ORDER;
  }
  if (product === 0n) throw new RangeError("τ is a root of unity of the domain");
  const inverses = new Array<bigint>(values.length);
  let rest = inverse(product);
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = (rest * (before[i] as bigint)) % FIELD_ORDER;
    rest = (rest * (values[i] as bigint)) % FIELD_ORDER;
  }
  return inverses;
}
