/**
 * §3 A straight-line program as a tape that the machine (§4) plays.
 *
 * One step of the machine calculates
 *
 *     Σ aₖ·bₖ + Σ cₖ
 *
 * with a single Montgomery reduction, and writes the result to any number of cells. Sums of which nothing but
 * the total is used are therefore joined to one step: a row of a Poseidon matrix is one reduction
 * instead of 17. Differences are sums with a product by −1.
 *
 * Words of 32 bits, all offsets in bytes:
 *
 *     number of slots, number of inputs
 *     slots, empty at first: address of a component's signals, the elements of its inputs
 *     for each input: offset of the cell, address of its element
 *     number of steps, then for each step: products + 2^8·addends + 2^16·cells, address of the result's element,
 *       addresses of the products' factors, of the addends, offsets of the cells
 *
 * Elements are either constants, kept once for all tapes, or registers, given anew once their value is dead.
 *
 * Sources: D. Aranha, K. Karabina, P. Longa, C. Gebotys, J. López, "Faster explicit formulas for computing
 * pairings over ordinary curves", 2011, for one reduction of a whole sum; M. Poletto and V. Sarkar, "Linear scan
 * register allocation", 1999, of which straight-line code that never spills needs the simplest case.
 */
import { ADD, CONSTANT, type Expressions, MULTIPLY } from "./expressions.ts";
import { ELEMENT_BYTES } from "./limbs.ts";
import type { StraightLine } from "./straightLine.ts";

/** What the machine's bounds are proven for: the result before its reduction stays below 32·p. */
const MAX_FACTORS = 2 * 64;
const MAX_ADDENDS = 14;
const MAX_CELLS = 65_535;
/** Components of one template that are left alone while their inputs stay the same. */
const SLOTS = 8;

/** Where elements are. */
export interface ElementMemory {
  /** The address of a constant's element. */
  constant(value: bigint): number;
  /** The address of the register `index`. */
  register(index: number): number;
}

interface Sum {
  /** Factor, factor, and so on. */
  products: number[];
  addends: number[];
}

/** The words of a tape. */
export function writeTape(
  program: StraightLine,
  expressions: Expressions,
  memory: ElementMemory,
): number[] {
  const { inputs, outputs } = program;
  const cells = new Map<number, number[]>();
  for (const { offset, value } of outputs) {
    const known = cells.get(value);
    if (known === undefined) cells.set(value, [offset]);
    else known.push(offset);
  }
  const sums = joinSums(program, expressions, cells);
  // Inputs and constants that are written as they are.
  for (const value of cells.keys()) {
    if (!sums.has(value)) sums.set(value, { products: [], addends: [value] });
  }

  const steps = [...sums];
  const lastUse = new Int32Array(expressions.kinds.length).fill(-1);
  const isConstant = (id: number) => expressions.kinds[id] === CONSTANT;
  steps.forEach(([, sum], step) => {
    for (const operand of operandsOf(sum)) lastUse[operand] = step;
  });
  const registers = new Registers();
  const address = (id: number) =>
    isConstant(id)
      ? memory.constant(expressions.constantValue(id) as bigint)
      : memory.register(registers.of(id));

  const slotWords = 1 + (inputs.length * ELEMENT_BYTES) / 4;
  const words = [SLOTS, inputs.length, ...Array<number>(SLOTS * slotWords).fill(0)];
  for (const { offset, value } of inputs) {
    words.push(offset, memory.register(registers.take(value)));
  }
  words.push(steps.length);
  steps.forEach(([id, sum], step) => {
    const operands = operandsOf(sum);
    const addresses = operands.map(address);
    const isCopy = sum.addends[0] === id;
    const to = cells.get(id) ?? [];
    if (to.length > MAX_CELLS) throw new RangeError("too many cells of one value");
    for (const operand of operands) {
      if (lastUse[operand] === step && !isCopy && !isConstant(operand)) registers.free(operand);
    }
    const target = isCopy ? registers.spare() : registers.take(id);
    words.push(sum.products.length / 2 + (sum.addends.length << 8) + (to.length << 16));
    words.push(memory.register(target), ...addresses, ...to);
    if (!isCopy && lastUse[id] === -1) registers.free(id);
  });
  return words;
}

const operandsOf = ({ products, addends }: Sum) => [...products, ...addends];

/** The sums that steps calculate, in order: of every value that is written or used by several. */
function joinSums(
  { operations }: StraightLine,
  expressions: Expressions,
  cells: ReadonlyMap<number, unknown>,
): Map<number, Sum> {
  const { kinds, left, right } = expressions;
  const uses = new Uint32Array(kinds.length);
  for (const id of operations) {
    for (const operand of [left[id] as number, right[id] as number]) {
      uses[operand] = (uses[operand] as number) + 1;
    }
  }
  const sums = new Map<number, Sum>();
  const minusOne = expressions.constant(-1n);
  for (const id of operations) {
    const [a, b] = [left[id] as number, right[id] as number];
    if (kinds[id] === MULTIPLY) {
      sums.set(id, { products: [a, b], addends: [] });
      continue;
    }
    const sum: Sum = { products: [], addends: [] };
    /** An operand adds its own sum to the step if nothing else uses it, or itself. */
    const join = (operand: number) => {
      const isOnlyHere = uses[operand] === 1 && !cells.has(operand);
      const inner = isOnlyHere ? sums.get(operand) : undefined;
      const isRoom =
        inner !== undefined &&
        sum.products.length + inner.products.length < MAX_FACTORS &&
        sum.addends.length + inner.addends.length < MAX_ADDENDS;
      if (!isRoom) {
        sum.addends.push(operand);
        return;
      }
      sums.delete(operand);
      sum.products = extended(sum.products, inner.products);
      sum.addends = extended(sum.addends, inner.addends);
    };
    join(a);
    if (kinds[id] === ADD) join(b);
    else sum.products.push(b, minusOne);
    sums.set(id, sum);
  }
  return sums;
}

/** Both lists in one: the longer one takes the other up. */
function extended<T>(a: T[], b: T[]): T[] {
  const [long, short] = a.length < b.length ? [b, a] : [a, b];
  for (const each of short) long.push(each);
  return long;
}

/** Gives each living value a place, the one that was given back last first. */
class Registers {
  readonly #places: (number | undefined)[] = [];
  readonly #spare: number[] = [];
  #count = 0;

  take(id: number): number {
    const place = this.spare();
    this.#spare.pop();
    this.#places[id] = place;
    return place;
  }

  /** A place that is free now. */
  spare(): number {
    if (this.#spare.length === 0) this.#spare.push(this.#count++);
    return this.#spare.at(-1) as number;
  }

  of(id: number): number {
    const place = this.#places[id];
    if (place === undefined) throw new RangeError("a value that is used before it is made");
    return place;
  }

  /** Gives a value's place back, if it still has one. */
  free(id: number): void {
    const place = this.#places[id];
    if (place !== undefined) this.#spare.push(place);
    this.#places[id] = undefined;
  }
}
