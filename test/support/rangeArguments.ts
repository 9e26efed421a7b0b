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

/**
 * Prepares the question what a prover could choose if numbers had no size: bits count as determined by
 * their number alone and no longer as 0 or 1, so that neither a range check nor a booleanity fixes
 * anything. What is free then is fixed only by an argument about sizes, which has to be given in words.
 *
 * @param r1cs compiled without simplification, with all names
 * @returns for a witness the names of the free wires, hints first
 */
export function createRangeArguments(r1cs: R1cs): (witness: readonly bigint[]) => string[] {
  const unsized = { ...r1cs, constraints: r1cs.constraints.filter((c) => !isBooleanity(c)) };
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
  const inside = Array.from(
    { length: r1cs.wires - r1cs.outside - 1 },
    (_, i) => r1cs.outside + 1 + i,
  );
  const hints = new Set(inside.filter((w) => hintNames.some((hint) => hint.test(nameOf(r1cs, w)))));

  return (witness) => {
    const rows = jacobian(unsized, sidesOf(unsized, witness), (wire) => wire <= r1cs.outside);
    for (const { bit, number, share } of rowsOfBits) {
      const row: SparseRow = new Map([[bit, 1n]]);
      if (number > r1cs.outside) row.set(number, mod(-share));
      rows.push(row);
    }
    return freeColumns(rows, inside, hints).map((wire) => nameOf(r1cs, wire));
  };
}
