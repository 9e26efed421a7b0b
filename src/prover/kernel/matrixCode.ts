import { mod } from "../../field/field.ts";
import { SCALAR_BYTES, scalarBytes } from "./layout.ts";

/** Bytes of an entry of a zkey's section 4: matrix, row, wire, value. */
const ENTRY_BYTES = 12 + SCALAR_BYTES;
const ENTRY_WORDS = ENTRY_BYTES / 4;
const VALUE_WORDS = SCALAR_BYTES / 4;
/** In the top bits of a code: add the wire, subtract it, add the product of that number. */
const ADD = 0;
const SUBTRACT = 1;
const PRODUCT = 2;
const OPERATION_SHIFT = 30;
/** 1 and −1 times 2^512. */
const ONE = valueWords(1n << 512n);
const MINUS_ONE = valueWords(-(1n << 512n));

function valueWords(value: bigint): Uint32Array {
  return new Uint32Array(scalarBytes(mod(value)).buffer);
}

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
  if (section.length < 4) throw new RangeError("coefficients cut short");
  const words = alignedWords(section);
  const count = words[0] as number;
  if (section.length < 4 + count * ENTRY_BYTES) throw new RangeError("coefficients cut short");
  const end = 1 + count * ENTRY_WORDS;
  const starts = new Uint32Array(2 * domainSize + 1);
  let [productCount, wires] = [0, 1];
  for (let at = 1; at < end; at += ENTRY_WORDS) {
    const [matrix, row, wire] = [words[at], words[at + 1], words[at + 2]] as [
      ...[number, number, number],
    ];
    if (matrix > 1 || row >= domainSize) {
      throw new RangeError("coefficient of a row that does not exist");
    }
    if (wire >>> OPERATION_SHIFT !== 0) throw new RangeError("wire that does not exist");
    wires = Math.max(wires, wire + 1);
    const next = matrix * domainSize + row + 1;
    starts[next] = (starts[next] as number) + 1;
    if (operationOf(words, at + 3) === PRODUCT) productCount++;
  }
  for (let row = 0; row < 2 * domainSize; row++) {
    starts[row + 1] = (starts[row + 1] as number) + (starts[row] as number);
  }
  const next = starts.slice();
  const codes = new Uint32Array(count);
  const evenCount = productCount + (productCount % 2);
  const productWires = new Uint32Array(evenCount);
  const values = new Uint32Array(evenCount * VALUE_WORDS);
  let product = 0;
  for (let at = 1; at < end; at += ENTRY_WORDS) {
    const row = (words[at] as number) * domainSize + (words[at + 1] as number);
    const wire = words[at + 2] as number;
    const position = next[row] as number;
    next[row] = position + 1;
    const operation = operationOf(words, at + 3);
    codes[position] = code(operation, operation === PRODUCT ? product : wire);
    if (operation !== PRODUCT) continue;
    productWires[product] = wire;
    values.set(words.subarray(at + 3, at + ENTRY_WORDS), product * VALUE_WORDS);
    product++;
  }
  return { wires, starts, codes, productWires, values: new Uint8Array(values.buffer) };
}

/** Bytes as words; copied where they are not aligned. */
function alignedWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
}

/** What is done for a coefficient. */
function operationOf(words: Uint32Array, at: number): number {
  if (isValue(words, at, ONE)) return ADD;
  return isValue(words, at, MINUS_ONE) ? SUBTRACT : PRODUCT;
}

function isValue(words: Uint32Array, at: number, value: Uint32Array): boolean {
  for (let k = 0; k < VALUE_WORDS; k++) if (words[at + k] !== value[k]) return false;
  return true;
}

function code(operation: number, number: number): number {
  return ((operation << OPERATION_SHIFT) | number) >>> 0;
}
