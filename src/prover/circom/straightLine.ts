/**
 * Symbolic execution of a component's run, as circom compiles it.
 *
 * The code is executed with known addresses and loop counters, but with field elements that are
 * expressions of what the component's cells hold before (symbolicMemory.ts). Every access to a field element
 * goes through the generator's `Fr_…` functions, whose bodies are known (generator.ts), so that nothing
 * else has to be understood of the code than 32-bit arithmetic, locals, branches and calls.
 *
 * **Why the result is right.** Where a branch, an address or a comparison depends on an input, the execution
 * ends without a result. If it comes to its end, every decision on the way was the same for all inputs, hence the
 * code, whatever its inputs, writes exactly the expressions found: it is a straight-line program over
 * +, − and ·. An assertion on inputs is such a decision, so a program cannot fail either.
 *
 * **Components inside.** Running one applies its own program, found before. Its record and its signals
 * are reached only through its parent's record.
 *
 * **Variables.** What a run leaves on the generator's stack is lost when a program takes its place: whoever
 * has the place next writes it before reading, as circom initialises its variables.
 *
 * Source: J. King, "Symbolic execution and program testing", 1976, for programs with one path.
 */
import { CONSTANT, type Expressions, INPUT, type Kind } from "./expressions.ts";
import { CELL_BYTES, type Generator } from "./generator.ts";
import { type CellValue, fail, NotStraightLine, SymbolicMemory } from "./symbolicMemory.ts";
import { WasmReader } from "./wasmBinary.ts";

/** What a component's run does to its cells. */
export interface StraightLine {
  readonly inputs: readonly CellValue[];
  /** The operations that the outputs need, each behind its operands. */
  readonly operations: readonly number[];
  readonly outputs: readonly CellValue[];
}

/** Beyond, a component is left to its parts: what they share is then kept once. */
const MAX_OPERATIONS = 16_384;
const MAX_INSTRUCTIONS = 20_000_000;
const MAX_CALLS = 64;
const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;
const EMPTY_TYPE = 0x40;
const I32_TYPE = 0x7f;

interface Block {
  /** Where its else branch starts; 0 if it has none. */
  readonly otherwise: number;
  /** Where the code goes on behind it. */
  readonly end: number;
}

interface Label {
  readonly target: number;
  readonly isLoop: boolean;
  /** Of the operands when the block was entered. */
  readonly height: number;
  readonly hasResult: boolean;
}

/** Executes the runs of one generator's templates. */
export class SymbolicMachine {
  readonly #generator: Generator;
  readonly #memory: SymbolicMemory;
  readonly #programs = new Map<number, StraightLine>();
  readonly #blocks = new Map<number, Block>();
  readonly #operands = new Int32Array(1 << 12);
  /** Of the values of a program that is being applied: what they are here. */
  readonly #translated: number[] = [];
  #height = 0;
  #instructions = 0;
  #calls = 0;
  #firstOperation = 0;

  constructor(generator: Generator) {
    this.#generator = generator;
    this.#memory = new SymbolicMemory(generator);
  }

  /** What the programs' values are. */
  get expressions(): Expressions {
    return this.#memory.expressions;
  }

  /**
   * The program of a template's run.
   *
   * @param run a function of the generator; those of the components inside have been executed before
   * @returns undefined if it is none
   */
  execute(run: number): StraightLine | undefined {
    this.#memory.reset();
    this.#height = 0;
    this.#instructions = 0;
    this.#calls = 0;
    this.#firstOperation = this.expressions.kinds.length;
    try {
      this.#push(this.#memory.signalsStart);
      this.#call(this.#generator.creators.get(run) as number);
      this.#call(run);
      if (this.#pop() !== 0) return undefined;
    } catch (error) {
      if (error instanceof NotStraightLine || error instanceof RangeError) return undefined;
      throw error;
    }
    const outputs = this.#memory.outputs();
    const program = {
      inputs: this.#memory.inputs(),
      outputs,
      operations: this.#operationsOf(outputs),
    };
    this.#programs.set(run, program);
    return program;
  }

  /** What the outputs are made of; all of it was made since the execution started. */
  #operationsOf(outputs: readonly CellValue[]): number[] {
    const { kinds, left, right } = this.expressions;
    const first = this.#firstOperation;
    const isNeeded = new Uint8Array(kinds.length - first);
    const need = (id: number) => {
      if (id >= first) isNeeded[id - first] = 1;
    };
    for (const { value } of outputs) need(value);
    const operations: number[] = [];
    for (let id = kinds.length - 1; id >= first; id--) {
      if (isNeeded[id - first] === 0 || (kinds[id] as Kind) <= INPUT) continue;
      operations.push(id);
      need(left[id] as number);
      need(right[id] as number);
    }
    return operations.reverse();
  }

  #push(value: number): void {
    if (this.#height === this.#operands.length) fail("too many operands");
    this.#operands[this.#height++] = value;
  }

  #pop(): number {
    if (this.#height === 0) fail("no operand");
    return this.#operands[--this.#height] as number;
  }

  /** Does what a call instruction does. */
  #callByCode(index: number): void {
    const { binary, fieldFunctions, reserveStack, creators } = this.#generator;
    const field = fieldFunctions.get(index);
    if (field !== undefined) this.#callField(field);
    else if (index === reserveStack) this.#push(this.#memory.reserveStack(this.#pop()));
    else if (creators.has(index)) this.#runInside(index);
    else if (index < binary.imports) fail("a call out of the module");
    else this.#call(index);
  }

  /** Does what a function of the runtime does, of those that templates call. */
  #callField(name: string): void {
    const memory = this.#memory;
    if (name === "Fr_copy") {
      const value = memory.read(this.#pop());
      memory.write(this.#pop(), value);
    } else if (name === "Fr_copyn") {
      const [count, from, to] = [this.#pop(), this.#pop(), this.#pop()];
      for (let k = 0; k < count; k++) {
        memory.write(to + k * CELL_BYTES, memory.read(from + k * CELL_BYTES));
      }
    } else if (name === "Fr_toInt") {
      this.#push(this.#small(memory.read(this.#pop())));
    } else if (name === "Fr_isTrue") {
      this.#push(Number(this.#small(memory.read(this.#pop())) !== 0));
    } else if (name === "Fr_neg") {
      const value = memory.read(this.#pop());
      memory.write(this.#pop(), this.expressions.subtract(this.expressions.constant(0n), value));
    } else {
      const second = memory.read(this.#pop());
      const first = memory.read(this.#pop());
      memory.write(this.#pop(), this.#combine(name, first, second));
    }
  }

  #combine(name: string, first: number, second: number): number {
    const { expressions } = this;
    if (name === "Fr_add") return expressions.add(first, second);
    if (name === "Fr_sub") return expressions.subtract(first, second);
    if (name === "Fr_mul") return expressions.multiply(first, second);
    const compare = comparisons[name] ?? fail(`${name} of inputs`);
    return expressions.constant(compare(this.#small(first), this.#small(second)) ? 1n : 0n);
  }

  /** A constant that is a number of 31 bits: every way to read an element as a number agrees on it. */
  #small(id: number): number {
    const value = this.expressions.constantValue(id);
    if (value === undefined || value >= 1n << 31n) return fail("a decision by an input");
    return Number(value);
  }

  /** Applies the program of a component inside this one. */
  #runInside(run: number): void {
    const { expressions } = this;
    const { kinds, left, right } = expressions;
    const program = this.#programs.get(run) ?? fail("a component that is not straight-line");
    const { length } = program.operations;
    if (kinds.length - this.#firstOperation + length > MAX_OPERATIONS) fail("too many operations");
    const start = this.#memory.load(this.#pop() + 4);
    const here = this.#translated;
    const translated = (id: number) => (kinds[id] === CONSTANT ? id : (here[id] as number));
    for (const { offset, value } of program.inputs) {
      here[value] = this.#memory.read(start + offset);
    }
    for (const id of program.operations) {
      const [a, b] = [translated(left[id] as number), translated(right[id] as number)];
      here[id] = expressions.make(kinds[id] as Kind, a, b);
    }
    for (const { offset, value } of program.outputs) {
      this.#memory.write(start + offset, translated(value));
    }
    this.#push(0);
  }

  /** Executes a function: its parameters are operands, and its result, if it has one, becomes one. */
  #call(index: number): void {
    const { binary } = this.#generator;
    const body = binary.bodies[index - binary.imports] ?? fail("no such function");
    const reader = new WasmReader(binary.bytes, body.start);
    const parameters = binary.parameters[index - binary.imports] as number;
    let count = parameters;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      count += reader.unsigned();
      reader.byte();
    }
    const locals = new Int32Array(count);
    for (let k = parameters - 1; k >= 0; k--) locals[k] = this.#pop();
    if (++this.#calls > MAX_CALLS) fail("too many calls inside each other");
    this.#execute(reader, locals, body.end);
    this.#calls--;
  }

  #execute(reader: WasmReader, locals: Int32Array, end: number): void {
    const { table } = this.#generator.binary;
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
          if (this.#pop() !== 0) this.#branch(depth, reader, labels);
          break;
        }
        case 0x0f: // return
          this.#branch(labels.length - 1, reader, labels);
          break;
        case 0x10: // call
          this.#callByCode(reader.unsigned());
          break;
        case 0x11: // call_indirect
          reader.unsigned();
          reader.unsigned();
          this.#callByCode(table[this.#pop()] ?? fail("no such entry of the table"));
          break;
        case 0x1a: // drop
          this.#pop();
          break;
        case 0x20: // local.get
          this.#push(locals[reader.unsigned()] as number);
          break;
        case 0x21: // local.set
          locals[reader.unsigned()] = this.#pop();
          break;
        case 0x22: // local.tee
          locals[reader.unsigned()] = this.#operands[this.#height - 1] as number;
          break;
        case 0x28: {
          // i32.load
          reader.unsigned();
          const offset = reader.unsigned();
          this.#push(this.#memory.load(this.#pop() + offset));
          break;
        }
        case 0x36: {
          // i32.store
          reader.unsigned();
          const offset = reader.unsigned();
          const value = this.#pop();
          this.#memory.store(this.#pop() + offset, value);
          break;
        }
        case 0x41: {
          // i32.const
          const value = reader.signed();
          if (!this.#copyConstant(value, reader, locals)) this.#push(value);
          break;
        }
        case 0x45: // i32.eqz
          this.#push(Number(this.#pop() === 0));
          break;
        default: {
          const operation = arithmetic[opcode] ?? fail(`instruction ${opcode}`);
          const second = this.#pop();
          this.#push(operation(this.#pop(), second));
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
        this.#memory.write(to, this.#memory.read(from));
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
    const { otherwise, end } = this.#blockAt(reader.bytes, start);
    const isTaken = opcode === BLOCK || this.#pop() !== 0;
    if (!isTaken) reader.position = otherwise > 0 ? otherwise : end;
    if (isTaken || otherwise > 0) {
      labels.push({ target: end, isLoop: false, height: this.#height, hasResult });
    }
  }

  #branch(depth: number, reader: WasmReader, labels: Label[]): void {
    const at = labels.length - 1 - depth;
    const { target, isLoop, height, hasResult } = labels[at] ?? fail("no such label");
    const hasValue = hasResult && !isLoop && this.#height > height;
    const value = hasValue ? this.#pop() : 0;
    this.#height = height;
    if (hasValue) this.#push(value);
    labels.length = isLoop ? at + 1 : at;
    reader.position = target;
  }

  /** Finds the ends of a block and of those inside. */
  #blockAt(bytes: Uint8Array, start: number): Block {
    const reader = new WasmReader(bytes, start);
    const open: { start: number; otherwise: number }[] = [];
    while (!this.#blocks.has(start)) {
      const at = reader.position;
      const opcode = reader.skipInstruction();
      if (opcode === BLOCK || opcode === LOOP || opcode === IF) {
        open.push({ start: at, otherwise: 0 });
      } else if (opcode === ELSE || opcode === END) {
        const innermost = open.at(-1) ?? fail("an end of nothing");
        if (opcode === ELSE) {
          innermost.otherwise = reader.position;
        } else {
          open.pop();
          const { otherwise } = innermost;
          this.#blocks.set(innermost.start, { otherwise, end: reader.position });
        }
      }
    }
    return this.#blocks.get(start) as Block;
  }
}

const arithmetic: Readonly<Record<number, (a: number, b: number) => number>> = {
  70: (a, b) => Number(a === b), // i32.eq
  71: (a, b) => Number(a !== b), // i32.ne
  106: (a, b) => a + b, // i32.add
  107: (a, b) => a - b, // i32.sub
  108: (a, b) => Math.imul(a, b), // i32.mul
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Fr_eq: (a, b) => a === b,
  Fr_neq: (a, b) => a !== b,
  Fr_lt: (a, b) => a < b,
  Fr_leq: (a, b) => a <= b,
  Fr_gt: (a, b) => a > b,
  Fr_geq: (a, b) => a >= b,
  Fr_land: (a, b) => a !== 0 && b !== 0,
  Fr_lor: (a, b) => a !== 0 || b !== 0,
};
