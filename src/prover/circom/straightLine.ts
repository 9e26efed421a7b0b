/**
 * §2 Symbolic execution of a component's run, as circom compiles it.
 *
 * The code is executed with known addresses and loop counters, but with field elements that are
 * expressions of what the component's cells hold before (§2.3). Every access to a field element
 * goes through the generator's `Fr_…` functions, whose bodies are known (§1), so that nothing
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
import { Interpreter } from "./interpreter.ts";
import { fail, NotStraightLine } from "./notStraightLine.ts";
import { type CellValue, SymbolicMemory } from "./symbolicMemory.ts";

/** What a component's run does to its cells. */
export interface StraightLine {
  readonly inputs: readonly CellValue[];
  /** The operations that the outputs need, each behind its operands. */
  readonly operations: readonly number[];
  readonly outputs: readonly CellValue[];
}

/** Beyond, a component is left to its parts: what they share is then kept once. */
const MAX_OPERATIONS = 16_384;

/** Executes the runs of one generator's templates. */
export class SymbolicMachine {
  readonly #generator: Generator;
  readonly #memory: SymbolicMemory;
  readonly #programs = new Map<number, StraightLine>();
  readonly #interpreter: Interpreter;
  /** Of the values of a program that is being applied: what they are here. */
  readonly #translated: number[] = [];
  #firstOperation = 0;

  constructor(generator: Generator) {
    this.#generator = generator;
    const memory = new SymbolicMemory(generator);
    this.#memory = memory;
    this.#interpreter = new Interpreter(generator, {
      load: (address) => memory.load(address),
      store: (address, value) => memory.store(address, value),
      copyCell: (to, from) => memory.write(to, memory.read(from)),
      call: (index) => this.#call(index),
    });
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
    this.#interpreter.reset();
    this.#firstOperation = this.expressions.kinds.length;
    try {
      this.#push(this.#memory.signalsStart);
      this.#interpreter.execute(this.#generator.creators.get(run) as number);
      this.#interpreter.execute(run);
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
    this.#interpreter.push(value);
  }

  #pop(): number {
    return this.#interpreter.pop();
  }

  /** Does what a call instruction does. */
  #call(index: number): void {
    const { binary, fieldFunctions, reserveStack, creators } = this.#generator;
    const field = fieldFunctions.get(index);
    if (field !== undefined) this.#callField(field);
    else if (index === reserveStack) this.#push(this.#memory.reserveStack(this.#pop()));
    else if (creators.has(index)) this.#runInside(index);
    else if (index < binary.imports) fail("a call out of the module");
    else this.#interpreter.execute(index);
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
}

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
