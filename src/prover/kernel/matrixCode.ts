import { FIELD_ORDER } from "../../field/field.ts";
import { SCALAR_BYTES, scalarBytes } from "./layout.ts";

/** Bytes of an entry of a zkey's section 4: matrix, row, wire, value. */
const ENTRY_BYTES = 12 + SCALAR_BYTES;
/** In the top bits of a code: add the wire, subtract it, add the product of that number. */
const ADD = 0;
const SUBTRACT = 1;
const PRODUCT = 2;
const OPERATION_SHIFT = 30;

/** The matrices A and B as the kernel evaluates them: rows of A, then rows of B. */
export interface MatrixCode {
  /** Wires that a witness must have at least. */
  wires: number;
  /** Where each row's codes begin, and the end. */
  starts: Uint32Array;
  /** Operation in the top two bits, number of a wire or product in the others. */
  codes: Uint32Array;
  /** The wire of each product; a last one of an odd number is followed by one with coefficient 0. */
  productWires: Uint32Array;
  /** The coefficient of each product, times 2^512. */
  values: Uint8Array;
}

/**
 * Compiles section 4 of a zkey: most coefficients are 1 or −1 and need no multiplication.
 *
 * @throws {RangeError} if an entry's matrix or row does not exist or the section is cut short
 */
export function compileMatrices(section: Uint8Array, domainSize: number): MatrixCode {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const count = view.getUint32(0, true);
  if (section.length < 4 + count * ENTRY_BYTES) throw new RangeError("coefficients cut short");
  const one = (1n << 512n) % FIELD_ORDER;
  const [plus, minus] = [one, FIELD_ORDER - one].map((value) => Buffer.from(scalarBytes(value)));
  const entryAt = (k: number) => {
    const at = 4 + k * ENTRY_BYTES;
    const value = Buffer.from(section.buffer, section.byteOffset + at + 12, SCALAR_BYTES);
    const row = view.getUint32(at, true) * domainSize + view.getUint32(at + 4, true);
    return { row, wire: view.getUint32(at + 8, true), value };
  };
  const starts = new Uint32Array(2 * domainSize + 1);
  let [productCount, wires] = [0, 1];
  for (let k = 0; k < count; k++) {
    const { row, wire, value } = entryAt(k);
    if (row >= 2 * domainSize || view.getUint32(8 + k * ENTRY_BYTES, true) >= domainSize) {
      throw new RangeError("coefficient of a row that does not exist");
    }
    if (wire >>> OPERATION_SHIFT !== 0) throw new RangeError("wire that does not exist");
    wires = Math.max(wires, wire + 1);
    starts[row + 1] = (starts[row + 1] ?? 0) + 1;
    if (!value.equals(plus as Buffer) && !value.equals(minus as Buffer)) productCount++;
  }
  for (let row = 0; row < 2 * domainSize; row++) {
    starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
  }
  const next = starts.slice();
  const codes = new Uint32Array(count);
  const evenCount = productCount + (productCount % 2);
  const productWires = new Uint32Array(evenCount);
  const values = new Uint8Array(evenCount * SCALAR_BYTES);
  let product = 0;
  for (let k = 0; k < count; k++) {
    const { row, wire, value } = entryAt(k);
    const position = next[row] ?? 0;
    next[row] = position + 1;
    if (value.equals(plus as Buffer)) codes[position] = code(ADD, wire);
    else if (value.equals(minus as Buffer)) codes[position] = code(SUBTRACT, wire);
    else {
      productWires[product] = wire;
      values.set(value, product * SCALAR_BYTES);
      codes[position] = code(PRODUCT, product++);
    }
  }
  return { wires, starts, codes, productWires, values };
}

function code(operation: number, number: number): number {
  return ((operation << OPERATION_SHIFT) | number) >>> 0;
}
