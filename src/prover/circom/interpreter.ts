/**
 * §2.1 Executes as much of WebAssembly as circom's templates are made of: 32-bit integers, locals, structured
 * branches and calls. Field elements are none of it: they are reached through functions only, which the
 * interpreter's surroundings take over, as they do memory.
 *
 * @see https://webassembly.github.io/spec/core/exec/instructions.html
 */
import { BLOCK, Blocks, ELSE, END, IF, LOOP } from "./controlFlow.ts";
import { CELL_BYTES, type Generator } from "./generator.ts";
import { fail } from "./notStraightLine.ts";
import { WasmReader } from "./wasmReader.ts";

const MAX_INSTRUCTIONS = 20_000_000;
const MAX_CALLS = 64;
const EMPTY_TYPE = 0x40;
const I32_TYPE = 0x7f;

interface Label {
  readonly target: number;
  readonly isLoop: boolean;
  /** Of the operands when the block was entered. */
  readonly height: number;
  readonly hasResult: boolean;
}

/** What code reaches besides its operands and locals. */
export interface Surroundings {
  load(address: number): number;
  store(address: number, value: number): void;
  /** What `Fr_copy` does. */
  copyCell(to: number, from: number): void;
  /** Does what a call instruction does: takes the parameters from the operands and leaves the result there. */
  call(index: number): void;
}

/** Executes functions of one generator. Whatever is not understood fails (`NotStraightLine`). */
export class Interpreter {
  readonly #generator: Generator;
  readonly #surroundings: Surroundings;
  readonly #blocks: Blocks;
  readonly #operands = new Int32Array(1 << 12);
  /** Those of all functions that are being executed, the innermost one's last. */
  readonly #locals = new Int32Array(1 << 16);
  #height = 0;
  #localsEnd = 0;
  #instructions = 0;
  #calls = 0;

  constructor(generator: Generator, surroundings: Surroundings) {
    this.#generator = generator;
    this.#surroundings = surroundings;
    this.#blocks = new Blocks(generator.binary.bytes);
  }

  /** Forgets operands and calls. */
  reset(): void {
    this.#height = 0;
    this.#localsEnd = 0;
    this.#instructions = 0;
    this.#calls = 0;
  }

  push(value: number): void {
    if (this.#height === this.#operands.length) fail("too many operands");
    this.#operands[this.#height++] = value;
  }

  pop(): number {
    if (this.#height === 0) fail("no operand");
    return this.#operands[--this.#height] as number;
  }

  /** Executes a function: its parameters are operands, and its result, if it has one, becomes one. */
  execute(index: number): void {
    const { binary } = this.#generator;
    const body = binary.bodies[index - binary.imports] ?? fail("no such function");
    const reader = new WasmReader(binary.bytes, body.start);
    const parameters = binary.parameters[index - binary.imports] as number;
    const start = this.#localsEnd;
    let end = start + parameters;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      end += reader.unsigned();
      reader.byte();
    }
    if (end > this.#locals.length) fail("too many locals");
    for (let k = start + parameters - 1; k >= start; k--) this.#locals[k] = this.pop();
    this.#locals.fill(0, start + parameters, end);
    this.#localsEnd = end;
    if (++this.#calls > MAX_CALLS) fail("too many calls inside each other");
    this.#run(reader, this.#locals.subarray(start, end), body.end);
    this.#calls--;
    this.#localsEnd = start;
  }

  #run(reader: WasmReader, locals: Int32Array, end: number): void {
    const { table } = this.#generator.binary;
    const surroundings = this.#surroundings;
    const labels: Label[] = [{ target: end, isLoop: false, height: this.#height, hasResult: true }];
    while (reader.position < end) {
      if (++this.#instructions > MAX_INSTRUCTIONS) fail("too many instructions");
      const opcode = reader.byte();
      switch (opcode) {
        case BLOCK:
        case LOOP:
        case IF:
          this.#enter(opcode, reader, labels);
          break;
        case ELSE: // reached behind the other branch
          this.#branch(0, reader, labels);
          break;
        case END:
          labels.pop();
          break;
        case 0x0c: // br
          this.#branch(reader.unsigned(), reader, labels);
          break;
        case 0x0d: {
          // br_if
          const depth = reader.unsigned();
          if (this.pop() !== 0) this.#branch(depth, reader, labels);
          break;
        }
        case 0x0f: // return
          this.#branch(labels.length - 1, reader, labels);
          break;
        case 0x10: // call
          surroundings.call(reader.unsigned());
          break;
        case 0x11: // call_indirect
          reader.unsigned();
          reader.unsigned();
          surroundings.call(table[this.pop()] ?? fail("no such entry of the table"));
          break;
        case 0x1a: // drop
          this.pop();
          break;
        case 0x20: // local.get
          this.push(locals[reader.unsigned()] as number);
          break;
        case 0x21: // local.set
          locals[reader.unsigned()] = this.pop();
          break;
        case 0x22: // local.tee
          locals[reader.unsigned()] = this.#operands[this.#height - 1] as number;
          break;
        case 0x28: {
          // i32.load
          reader.unsigned();
          const offset = reader.unsigned();
          this.push(surroundings.load(this.pop() + offset));
          break;
        }
        case 0x36: {
          // i32.store
          reader.unsigned();
          const offset = reader.unsigned();
          const value = this.pop();
          surroundings.store(this.pop() + offset, value);
          break;
        }
        case 0x41: {
          // i32.const
          const value = reader.signed();
          if (!this.#copyConstant(value, reader, locals)) this.push(value);
          break;
        }
        case 0x45: // i32.eqz
          this.push(Number(this.pop() === 0));
          break;
        default: {
          const operation = arithmetic[opcode] ?? fail(`instruction ${opcode}`);
          const second = this.pop();
          this.push(operation(this.pop(), second));
        }
      }
    }
  }

  /**
   * Executes `Fr_copy(local + 40·index, address)` at once, with the reader behind `index`: tables are copied so,
   * element by element, and make up nearly all of the code.
   *
   * @returns false if the code is another
   */
  #copyConstant(index: number, reader: WasmReader, locals: Int32Array): boolean {
    const { bytes, position } = reader;
    const isProduct =
      bytes[position] === 0x41 && // i32.const 40
      bytes[position + 1] === CELL_BYTES &&
      bytes[position + 2] === 0x6c && // i32.mul
      bytes[position + 3] === 0x20 && // local.get
      (bytes[position + 4] as number) < 0x80 &&
      bytes[position + 5] === 0x6a && // i32.add
      bytes[position + 6] === 0x41; // i32.const
    if (!isProduct) return false;
    reader.position = position + 7;
    const from = reader.signed();
    if (bytes[reader.position] === 0x10) {
      reader.position++;
      if (reader.unsigned() === this.#generator.copy) {
        const to = (locals[bytes[position + 4] as number] as number) + index * CELL_BYTES;
        this.#surroundings.copyCell(to, from);
        return true;
      }
    }
    reader.position = position;
    return false;
  }

  #enter(opcode: number, reader: WasmReader, labels: Label[]): void {
    const start = reader.position - 1;
    const type = reader.byte();
    if (type !== EMPTY_TYPE && type !== I32_TYPE) fail("a block of another type");
    const hasResult = type === I32_TYPE;
    if (opcode === LOOP) {
      const target = reader.position;
      labels.push({ target, isLoop: true, height: this.#height, hasResult });
      return;
    }
    const { otherwise, end } = this.#blocks.at(start);
    const isTaken = opcode === BLOCK || this.pop() !== 0;
    if (!isTaken) reader.position = otherwise > 0 ? otherwise : end;
    if (isTaken || otherwise > 0) {
      labels.push({ target: end, isLoop: false, height: this.#height, hasResult });
    }
  }

  #branch(depth: number, reader: WasmReader, labels: Label[]): void {
    const at = labels.length - 1 - depth;
    const { target, isLoop, height, hasResult } = labels[at] ?? fail("no such label");
    const hasValue = hasResult && !isLoop && this.#height > height;
    const value = hasValue ? this.pop() : 0;
    this.#height = height;
    if (hasValue) this.push(value);
    labels.length = isLoop ? at + 1 : at;
    reader.position = target;
  }
}

const arithmetic: Readonly<Record<number, (a: number, b: number) => number>> = {
  70: (a, b) => Number(a === b), // i32.eq
  71: (a, b) => Number(a !== b), // i32.ne
  106: (a, b) => a + b, // i32.add
  107: (a, b) => a - b, // i32.sub
  108: (a, b) => Math.imul(a, b), // i32.mul
};
