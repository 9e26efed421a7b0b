import { Expressions } from "./expressions.ts";
import { CELL_BYTES, type Generator } from "./generator.ts";
import { MONTGOMERY_INVERSE } from "./limbs.ts";

/** The code decides something by its inputs, or does something that is not understood here. */
export class NotStraightLine extends Error {}

export function fail(why: string): never {
  throw new NotStraightLine(why);
}

const CELL_WORDS = CELL_BYTES / 4;
/** Room for the variables, signals and records of the component that is executed. */
const STACK_BYTES = 1 << 20;
const SIGNALS_BYTES = 1 << 21;
const RECORDS_BYTES = 1 << 18;
/** In `#cells`: a word inside a cell, a word that is used as a number. */
const INSIDE = -1;
const NUMBER = -2;

/** A cell and what is in it: offsets are bytes from the component's first cell. */
export interface CellValue {
  readonly offset: number;
  readonly value: number;
}

/**
 * A generator's memory in which field elements are expressions, and numbers are numbers.
 *
 * A cell of ten 32-bit words that is read before it was written is an *input* if it lies among the component's
 * signals (what stood there at the start is what the code would read), and a constant if it lies in the data
 * behind the components' records, which code never writes. Every other such read fails, as does every access
 * that overlaps a cell or a number, so that no value is reached in two ways.
 */
export class SymbolicMemory {
  readonly expressions = new Expressions();
  /** Where the component's signals are. */
  readonly signals: number;
  readonly #generator: Generator;
  readonly #words: Int32Array;
  /** Of each word: the value of the cell that starts here, or how else it is used. */
  readonly #cells: Int32Array;
  readonly #stackEnd: number;
  readonly #records: number;
  readonly #recordsEnd: number;
  /** Words where cells and numbers of this component start. */
  readonly #touched: number[] = [];
  readonly #inputs: CellValue[] = [];
  readonly #written = new Set<number>();

  constructor(generator: Generator) {
    this.#generator = generator;
    this.#stackEnd = generator.stackStart + STACK_BYTES;
    this.signals = this.#stackEnd;
    this.#records = this.signals + SIGNALS_BYTES;
    this.#recordsEnd = this.#records + RECORDS_BYTES;
    this.#words = new Int32Array(this.#recordsEnd / 4);
    this.#cells = new Int32Array(this.#recordsEnd / 4);
    const image = new Uint8Array(this.#words.buffer);
    for (const { address, start, end } of generator.binary.data) {
      image.set(generator.binary.bytes.subarray(start, end), address);
    }
  }

  /** Forgets the component; constants stay known. */
  reset(): void {
    for (const word of this.#touched) {
      const isNumber = this.#cells[word] === NUMBER;
      this.#cells.fill(0, word, word + (isNumber ? 1 : CELL_WORDS));
      if (isNumber) this.#words[word] = 0;
    }
    this.#touched.length = 0;
    this.#inputs.length = 0;
    this.#written.clear();
    this.#words[0] = this.#generator.stackStart;
    this.#words[this.#generator.nextRecord / 4] = this.#records;
  }

  /** The cells that were read before they were written. */
  inputs(): CellValue[] {
    return [...this.#inputs];
  }

  /** The signals that were written, with what stands there. */
  outputs(): CellValue[] {
    return Array.from(this.#written, (word) => ({
      offset: word * 4 - this.signals,
      value: this.#cells[word] as number,
    }));
  }

  /** The value in a cell. */
  read(address: number): number {
    const word = address >>> 2;
    const known = this.#cells[word] as number;
    if (known > 0) return known;
    if (known !== 0 || address & 3) fail("a cell that overlaps something");
    if (this.#isSignal(address)) {
      const offset = address - this.signals;
      const value = this.expressions.input(offset);
      this.#inputs.push({ offset, value });
      this.#occupy(word, value);
      this.#touched.push(word);
      return value;
    }
    if (!this.#generator.isConstantData(address, CELL_BYTES)) fail("a cell that nothing wrote");
    const value = this.expressions.constant(this.#constantAt(word));
    this.#occupy(word, value);
    return value;
  }

  write(address: number, value: number): void {
    const word = address >>> 2;
    const isSignal = this.#isSignal(address);
    const isVariable = address >= this.#generator.stackStart && address < this.#stackEnd;
    if (!isSignal && !isVariable) fail("a write outside of signals and variables");
    if ((this.#cells[word] as number) > 0) {
      this.#cells[word] = value;
    } else {
      if (this.#cells[word] !== 0 || address & 3) fail("a cell that overlaps something");
      this.#occupy(word, value);
      this.#touched.push(word);
    }
    if (isSignal) this.#written.add(word);
  }

  load(address: number): number {
    const word = address >>> 2;
    if (address & 3) fail("a number between two words");
    const isKnown =
      this.#isPointer(address) ||
      this.#cells[word] === NUMBER ||
      (this.#cells[word] === 0 && this.#generator.isConstantData(address, 4));
    if (!isKnown) fail("a number that nothing wrote");
    return this.#words[word] as number;
  }

  store(address: number, value: number): void {
    const word = address >>> 2;
    if (address & 3) fail("a number between two words");
    if (!this.#isPointer(address)) {
      if (address < this.#records || address >= this.#recordsEnd) {
        fail("a number outside of the records");
      }
      if (this.#cells[word] === 0) {
        this.#cells[word] = NUMBER;
        this.#touched.push(word);
      }
    }
    this.#words[word] = value;
  }

  /** What the generator's stack does for a function that starts. */
  reserveStack(bytes: number): number {
    const before = this.#words[0] as number;
    if (before + bytes > this.#stackEnd) fail("the stack is full");
    this.#words[0] = before + bytes;
    return before;
  }

  #isSignal(address: number): boolean {
    return address >= this.signals && address < this.#records;
  }

  /** Of the stack, of the next record. */
  #isPointer(address: number): boolean {
    return address === 0 || address === this.#generator.nextRecord;
  }

  #occupy(word: number, value: number): void {
    for (let k = 1; k < CELL_WORDS; k++) {
      if (this.#cells[word + k] !== 0) fail("a cell that overlaps something");
      this.#cells[word + k] = INSIDE;
    }
    this.#cells[word] = value;
  }

  /** The element that a cell of the data holds: short or long, long ones in Montgomery form or not. */
  #constantAt(word: number): bigint {
    const form = (this.#words[word + 1] as number) >>> 0;
    const isShort = form === 0 || form === 0x4000_0000;
    if (isShort) return BigInt(this.#words[word] as number);
    let value = 0n;
    for (let k = CELL_WORDS - 1; k >= 2; k--) {
      value = (value << 32n) | BigInt((this.#words[word + k] as number) >>> 0);
    }
    if (form === 0x8000_0000) return value;
    if (form === 0xc000_0000) return value * MONTGOMERY_INVERSE;
    return fail("a cell of an unknown form");
  }
}
