import { Reader, readSections, type Sections } from "./binFile.ts";

/** The size of a circuit. */
export interface R1csHeader {
  scalarFieldOrder: bigint;
  wires: number;
  publicOutputs: number;
  publicInputs: number;
  rows: number;
}

/** One non-zero entry of the matrices A (0), B (1) and C (2). */
export interface MatrixEntry<Matrix extends 0 | 1 | 2 = 0 | 1> {
  matrix: Matrix;
  row: number;
  wire: number;
  value: bigint;
}

/**
 * Reads the header of a circuit's constraint system.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it is not a complete r1cs file
 * @see https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md
 */
export function readR1csHeader(bytes: Uint8Array, name: string): R1csHeader {
  return header(readSections(bytes, "r1cs", name), name);
}

function header(sections: Sections, name: string): R1csHeader {
  const reader = new Reader(sections.get(1), name);
  const scalarFieldOrder = reader.order();
  const wires = reader.uint32();
  const publicOutputs = reader.uint32();
  const publicInputs = reader.uint32();
  reader.bytes(4 + 8); // private inputs, labels
  return { scalarFieldOrder, wires, publicOutputs, publicInputs, rows: reader.uint32() };
}

/**
 * The entries of A and B that a Groth16 key of this circuit holds, in the key's order: the
 * constraints', then one row for each public signal and the constant 1.
 */
export function* keyEntries(bytes: Uint8Array, name: string): Generator<MatrixEntry> {
  for (const entry of qapEntries(bytes, name)) {
    if (entry.matrix !== 2) yield entry as MatrixEntry;
  }
}

/**
 * The entries of A, B and C that a Groth16 key of this circuit follows from, row by row: the
 * constraints', then one row of A for each public signal and the constant 1, without which the public
 * signals' polynomials could be dependent.
 */
export function* qapEntries(bytes: Uint8Array, name: string): Generator<MatrixEntry<0 | 1 | 2>> {
  const sections = readSections(bytes, "r1cs", name);
  const { rows, publicInputs, publicOutputs } = header(sections, name);
  const reader = new Reader(sections.get(2), name);
  for (let row = 0; row < rows; row++) {
    for (const matrix of [0, 1, 2] as const) {
      for (let left = reader.uint32(); left > 0; left--) {
        yield { matrix, row, wire: reader.uint32(), value: reader.integer(32) };
      }
    }
  }
  for (let wire = 0; wire <= publicOutputs + publicInputs; wire++) {
    yield { matrix: 0, row: rows + wire, wire, value: 1n };
  }
}
