import { mod } from "../../src/field/field.ts";
import { type Constraint, inverse, nameOf, type R1cs, sidesOf } from "./r1cs.ts";
import { freeColumns, jacobian, type SparseRow } from "./rank.ts";

/** x·(x − 1) = 0 and the like: a product over one wire. */
function isBooleanity({ left, right, output }: Constraint): boolean {
  const touched = new Set([...left.wires, ...right.wires, ...output.wires]);
  touched.delete(0);
  return touched.size === 1 && left.wires.length > 0 && right.wires.length > 0;
}

/** The wires that the source computes as hints, by `<--`, other than bits and IsZero's inverse. */
export const hintNames = [
  /^leaf\.selector$/,
  /^schedule\.split\.quotient$/,
  /^schedule\.weekday\.(quotient|hint\[\d\])$/,
  /^charges\.slot\[\d\]\.last$/,
  /^charges\.slot\[\d\]\.leaked\.hint$/,
  /^regime\.absent\.inv$/,
];

/** What to leave out of the question, so that it is about less than the whole statement. */
export interface Without {
  /** Constraints on wires of these names, with the wires. */
  components: RegExp;
  /** Inputs that count as unknown too. */
  inputs: RegExp;
}

const nothing: Without = { components: /^$/, inputs: /^$/ };

/**
 * Prepares the question what a prover could choose if numbers had no size: bits count as determined by
 * their number alone and no longer as 0 or 1, so that neither a range check nor a booleanity fixes
 * anything. What is free then is fixed only by an argument about sizes, which has to be given in words.
 *
 * @param r1cs compiled without simplification, with all names
 * @returns for a witness the names of the free wires, unknown inputs and hints first
 */
export function createRangeArguments(
  r1cs: R1cs,
  without: Without = nothing,
): (witness: readonly bigint[]) => string[] {
  const isLeftOut = r1cs.names.map((_, wire) => without.components.test(nameOf(r1cs, wire)));
  const touchesLeftOut = ({ left, right, output }: Constraint) =>
    [left, right, output].some(({ wires }) => wires.some((wire) => isLeftOut[wire]));
  const constraints = r1cs.constraints.filter((c) => !isBooleanity(c) && !touchesLeftOut(c));
  const unsized = { ...r1cs, constraints };
  const wireOf = new Map(r1cs.names.flatMap((names, wire) => names.map((name) => [name, wire])));
  const bitsOf = new Map<number, { bit: number; weight: bigint }[]>();
  for (const [name, bit] of wireOf) {
    const match = /^(.*\.decomposition)\.out\[(\d+)\]$/.exec(name as string);
    if (!match) continue;
    const number = wireOf.get(`${match[1]}.in`) as number;
    const bits = bitsOf.get(number) ?? [];
    bits.push({ bit: bit as number, weight: 1n << BigInt(match[2] as string) });
    bitsOf.set(number, bits);
  }
  // bit = share·number with shares that add up to the number and are otherwise arbitrary.
  const rowsOfBits = [...bitsOf].flatMap(([number, bits]) => {
    const shares = bits.map(({ bit }) => BigInt(bit) ** 3n + 0x9e3779b97f4a7c15n);
    const total = bits.reduce((sum, { weight }, i) => sum + weight * (shares[i] as bigint), 0n);
    const scale = inverse(total);
    return bits.map(({ bit }, i) => ({ bit, number, share: mod((shares[i] as bigint) * scale) }));
  });
  const all = Array.from({ length: r1cs.wires }, (_, wire) => wire);
  const isUnknownInput = (wire: number) =>
    wire <= r1cs.outside && without.inputs.test(nameOf(r1cs, wire));
  const columns = all.filter(
    (wire) => (wire > r1cs.outside && !isLeftOut[wire]) || isUnknownInput(wire),
  );
  const known = new Set(all.filter((wire) => wire <= r1cs.outside && !isUnknownInput(wire)));
  const preferFree = new Set(
    columns.filter(
      (wire) => isUnknownInput(wire) || hintNames.some((hint) => hint.test(nameOf(r1cs, wire))),
    ),
  );

  return (witness) => {
    const rows = jacobian(unsized, sidesOf(unsized, witness), (wire) => known.has(wire));
    for (const { bit, number, share } of rowsOfBits) {
      const row: SparseRow = new Map([[bit, 1n]]);
      if (!known.has(number)) row.set(number, mod(-share));
      rows.push(row);
    }
    return freeColumns(rows, columns, preferFree).map((wire) => nameOf(r1cs, wire));
  };
}
