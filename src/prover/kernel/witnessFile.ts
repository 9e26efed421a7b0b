import { InvalidWitnessFileError } from "../../errors/prover.ts";
import { FIELD_ORDER } from "../../field/field.ts";
import { Reader, readSections } from "../setup/binFile.ts";
import { areScalars, readInteger, SCALAR_BYTES } from "./layout.ts";

/**
 * The wires of a .wtns file: 32 bytes each, little-endian.
 *
 * @param wires how many the circuit has
 * @returns a view of `bytes`, or a copy where it is not aligned to 32-bit words; secret
 * @throws {InvalidWitnessFileError} if it is damaged, of another field or circuit; says no value
 */
export function readWitnessFile(bytes: Uint8Array, wires: number, name = "witness"): Uint8Array {
  const fail = (expected: string, received: string, cause?: unknown) =>
    new InvalidWitnessFileError({ file: name, expected, received, cause });
  try {
    const sections = readSections(bytes, "wtns", name);
    const header = new Reader(sections.get(1), name);
    if (header.order() !== FIELD_ORDER) throw fail("elements of BN254's scalar field", "others");
    const count = header.uint32();
    if (count !== wires) throw fail(`${wires} wires`, `${count} wires`);
    const values = sections.get(2)?.length ?? 0;
    const expected = wires * SCALAR_BYTES;
    if (values !== expected) throw fail(`${expected} bytes of values`, `${values} bytes`);
    const witness = new Reader(sections.get(2), name).bytes(values);
    return checkWitness(witness.byteOffset % 4 === 0 ? witness : witness.slice(), name);
  } catch (error) {
    if (error instanceof InvalidWitnessFileError) throw error;
    throw fail("a complete wtns file", "a damaged one", error);
  }
}

/**
 * Checks that values are field elements and the constant wire is 1.
 *
 * @throws {InvalidWitnessFileError} if not
 */
export function checkWitness(values: Uint8Array, name = "witness"): Uint8Array {
  const fail = (expected: string, received: string) =>
    new InvalidWitnessFileError({ file: name, expected, received });
  if (readInteger(values) !== 1n) throw fail("1 on wire 0", "another value");
  if (!areScalars(values)) throw fail("values below the order of the scalar field", "another");
  return values;
}
