/**
 * A Groth16 proving key straight from the secrets, as snarkjs lays it out: sections 1 to 9 of a zkey
 * file. With the same secrets a ceremony gives the same bytes.
 *
 * @see Groth, On the Size of Pairing-based Non-interactive Arguments, section 3.2 (eprint 2016/260)
 */
import { FIELD_ORDER } from "../../field/field.ts";
import { BASE_FIELD_ORDER } from "../baseField.ts";
import { SCALAR_BYTES, scalarBytes } from "../kernel/layout.ts";
import type { Sections } from "./binFile.ts";
import type { GeneratorMultiplier } from "./generators.ts";
import { evaluateQap, inverse, qapSizes } from "./qap.ts";
import { keyEntries } from "./r1cs.ts";
import type { ToxicWaste } from "./toxicWaste.ts";

const GROTH16 = 1;
/** Matrix entries are stored times 2^512. */
const ENTRY_SCALE = (1n << 512n) % FIELD_ORDER;
const ENTRY_BYTES = 12 + SCALAR_BYTES;

/**
 * The sections of a circuit's key but the ceremony's record, by number, ascending.
 *
 * @param r1cs bytes of the constraint system
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if the constraint system is not usable
 */
export async function groth16Sections(
  r1cs: Uint8Array,
  name: string,
  { tau, alpha, beta, delta }: ToxicWaste,
  { multiply }: GeneratorMultiplier,
): Promise<Sections> {
  const { wires, publicSignals, domainSize } = qapSizes(r1cs, name);
  const { a, b, c, h } = evaluateQap(r1cs, name, tau);
  // What ties A, B and C together: (β·a + α·b + c) over γ = 1 for the public wires, over δ for the others.
  const bound = a.map(
    (value, wire) =>
      (beta * value + alpha * (b[wire] as bigint) + (c[wire] as bigint)) % FIELD_ORDER,
  );
  const deltaInverse = inverse(delta);
  const overDelta = (values: readonly bigint[]) =>
    values.map((value) => (value * deltaInverse) % FIELD_ORDER);

  const header = Buffer.concat([
    uint32(SCALAR_BYTES),
    scalarBytes(BASE_FIELD_ORDER),
    uint32(SCALAR_BYTES),
    scalarBytes(FIELD_ORDER),
    ...[wires, publicSignals, domainSize].map(uint32),
    await multiply("g1", [alpha, beta]),
    await multiply("g2", [beta, 1n]),
    await multiply("g1", [delta]),
    await multiply("g2", [delta]),
  ]);
  return new Map<number, Uint8Array>([
    [1, uint32(GROTH16)],
    [2, header],
    [3, await multiply("g1", bound.slice(0, publicSignals + 1))],
    [4, coefficients(r1cs, name)],
    [5, await multiply("g1", a)],
    [6, await multiply("g1", b)],
    [7, await multiply("g2", b)],
    [8, await multiply("g1", overDelta(bound.slice(publicSignals + 1)))],
    [9, await multiply("g1", overDelta(h))],
  ]);
}

/** Section 4: u32 count, then for each entry u32 matrix, row, wire, and its value. */
function coefficients(r1cs: Uint8Array, name: string): Uint8Array {
  const entries = [...keyEntries(r1cs, name)];
  const bytes = Buffer.alloc(4 + entries.length * ENTRY_BYTES);
  bytes.writeUInt32LE(entries.length);
  let at = 4;
  for (const { matrix, row, wire, value } of entries) {
    bytes.writeUInt32LE(matrix, at);
    bytes.writeUInt32LE(row, at + 4);
    bytes.writeUInt32LE(wire, at + 8);
    bytes.set(scalarBytes((value * ENTRY_SCALE) % FIELD_ORDER), at + 12);
    at += ENTRY_BYTES;
  }
  return bytes;
}

/** Four bytes, little-endian. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
