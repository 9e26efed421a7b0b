/**
 * §2.3 A generator's memory in which field elements are expressions, and numbers are numbers.
 *
 * Variables and signals are rows of cells, records are words, each in a region of its own, and nothing else is
 * written; so no value is reached in two ways. A signal that is read before it was written is an
 * *input*: what stood there at the start is what the code would read. A cell of the data behind the
 * components' records, which no code writes, is a constant. Every other read of what was not written fails.
 */
import { Expressions } from "./expressions.ts";
import { CELL_BYTES, type Generator } from "./generator.ts";
import { MONTGOMERY_INVERSE } from "./limbs.ts";
import { fail } from "./notStraightLine.ts";

/** Room for the variables, signals and records of the component that is executed. */
const VARIABLES = 1 << 15;
const SIGNALS = 1 << 16;
const RECORD_WORDS = 1 << 16;

/** A cell and what is in it: offsets are bytes from the component's first cell. */
export interface CellValue {
  readonly offset: number;
  readonly value: number;
}

/** Cells side by side: of each the value, 0 if nothing wrote it. */
class CellRow {
  readonly #start: number;
  readonly #values: Int32Array;
  /** Cells from here on are empty. */
  #used = 0;

  constructor(start: number, count: number) {
    this.#start = start;
    this.#values = new Int32Array(count);
  }

  get end(): number {
    return this.#start + this.#values.length * CELL_BYTES;
  }

  /** Whether an address is one of these cells'; one between two of them fails. */
  has(address: number): boolean {
    const offset = address - this.#start;
    if (offset < 0 || address >= this.end) return false;
    return offset % CELL_BYTES === 0 || fail("a cell that overlaps others");
  }

  get(address: number): number {
    return this.#values[(address - this.#start) / CELL_BYTES] as number;
  }

  set(address: number, value: number): void {
    const index = (address - this.#start) / CELL_BYTES;
    if (index >= this.#used) this.#used = index + 1;
    this.#values[index] = value;
  }

  clear(): void {
    this.#values.fill(0, 0, this.#used);
    this.#used = 0;
  }
}

/** The memory of one component that is executed after the other. */
export class SymbolicMemory {
  readonly expressions = new Expressions();
  /** The address of the component's first signal. */
  readonly signalsStart: number;
  readonly #generator: Generator;
  readonly #variables: CellRow;
  readonly #signals: CellRow;
  readonly #recordsStart: number;
  readonly #records = new Int32Array(RECORD_WORDS);
  readonly #isRecord = new Uint8Array(RECORD_WORDS);
  /** The values of the data's cells, by address, as far as they were read. */
  readonly #constants = new Map<number, number>();
  readonly #data: DataView;
  readonly #inputs: CellValue[] = [];
  readonly #written = new Set<number>();
  #stack = 0;
  #nextRecord = 0;

  constructor(generator: Generator) {
    this.#generator = generator;
    this.#variables = new CellRow(generator.stackStart, VARIABLES);
    this.signalsStart = this.#variables.end;
    this.#signals = new CellRow(this.signalsStart, SIGNALS);
    this.#recordsStart = this.#signals.end;
    const image = new Uint8Array(generator.stackStart);
    for (const { address, start, end } of generator.binary.data) {
      image.set(generator.binary.bytes.subarray(start, end), address);
    }
    this.#data = new DataView(image.buffer);
  }

  /** Forgets the component. */
  reset(): void {
    this.#variables.clear();
    this.#signals.clear();
    this.#isRecord.fill(0);
    this.#inputs.length = 0;
    this.#written.clear();
    this.#stack = this.#generator.stackStart;
    this.#nextRecord = this.#recordsStart;
  }

  /** The signals that were read before they were written. */
  inputs(): CellValue[] {
    return [...this.#inputs];
  }

  /** The signals that were written, with what stands there. */
  outputs(): CellValue[] {
    return Array.from(this.#written, (address) => ({
      offset: address - this.signalsStart,
      value: this.#signals.get(address),
    }));
  }

  /** The value in a cell. */
  read(address: number): number {
    const constant = this.#constants.get(address);
    if (constant !== undefined) return constant;
    if (this.#variables.has(address)) {
      return this.#variables.get(address) || fail("a variable that nothing wrote");
    }
    if (this.#signals.has(address)) return this.#signals.get(address) || this.#input(address);
    return this.#constant(address);
  }

  write(address: number, value: number): void {
    if (this.#variables.has(address)) {
      this.#variables.set(address, value);
    } else if (this.#signals.has(address)) {
      this.#signals.set(address, value);
      this.#written.add(address);
    } else {
      fail("a write outside of signals and variables");
    }
  }

  /** A number: a pointer, of a record, or of the data. */
  load(address: number): number {
    if (address === 0) return this.#stack;
    if (address === this.#generator.nextRecord) return this.#nextRecord;
    const word = (address - this.#recordsStart) / 4;
    if (word >= 0) {
      return this.#isRecord[word] === 1
        ? (this.#records[word] as number)
        : fail("a number that nothing wrote");
    }
    if (!this.#generator.isConstantData(address, 4)) fail("a number that may change");
    return this.#data.getInt32(address, true);
  }

  store(address: number, value: number): void {
    const word = (address - this.#recordsStart) / 4;
    if (address === 0) this.#stack = value;
    else if (address === this.#generator.nextRecord) this.#nextRecord = value;
    else if (word >= 0 && word < RECORD_WORDS && Number.isInteger(word)) {
      this.#records[word] = value;
      this.#isRecord[word] = 1;
    } else {
      fail("a number outside of the records");
    }
  }

  /** What the generator's stack does for a function that starts. */
  reserveStack(bytes: number): number {
    const before = this.#stack;
    if (before + bytes > this.#variables.end) fail("the stack is full");
    this.#stack = before + bytes;
    return before;
  }

  #input(address: number): number {
    const offset = address - this.signalsStart;
    const value = this.expressions.input(offset);
    this.#inputs.push({ offset, value });
    this.#signals.set(address, value);
    return value;
  }

  /** The element in a cell of the data: short or long, long ones in Montgomery form or not. */
  #constant(address: number): number {
    if (!this.#generator.isConstantData(address, CELL_BYTES)) fail("a cell that may change");
    const form = this.#data.getUint32(address + 4, true);
    const isShort = form === 0 || form === 0x4000_0000;
    let value = 0n;
    if (isShort) value = BigInt(this.#data.getInt32(address, true));
    else if (form === 0x8000_0000) value = this.#long(address + 8);
    else if (form === 0xc000_0000) value = this.#long(address + 8) * MONTGOMERY_INVERSE;
    else fail("a cell of an unknown form");
    const id = this.expressions.constant(value);
    this.#constants.set(address, id);
    return id;
  }

  #long(address: number): bigint {
    return [3, 2, 1, 0].reduce(
      (sum, k) => (sum << 64n) | this.#data.getBigUint64(address + 8 * k, true),
      0n,
    );
  }
}
