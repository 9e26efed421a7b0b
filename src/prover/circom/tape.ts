/**
 * A straight-line program as a tape that the machine (assembly/machine.ts) plays.
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
 *     number of inputs, then for each: offset of the cell, address of its element
 *     number of steps, then for each: products + 2^8·addends + 2^16·cells, address of the result's element,
 *       addresses of the products' factors, of the addends, offsets of the cells
 *
 * Elements are either constants, kept once for all tapes, or registers, given anew once their value is dead.
 */
import { ADD, type Expressions, MULTIPLY } from "./expressions.ts";
import type { StraightLine } from "./straightLine.ts";

/** What the machine's bounds are proven for: the result before its reduction stays below 32·p. */
const MAX_PRODUCTS = 64;
const MAX_ADDENDS = 14;
const MAX_CELLS = 65_535;

/** Where elements are. */
export interface ElementMemory {
  /** The address of a constant's element. */
  constant(value: bigint): number;
  /** The address of the register `index`. */
  register(index: number): number;
}

interface Sum {
  products: (readonly [number, number])[];
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

  const order = [...sums];
  const lastUse = new Map<number, number>();
  order.forEach(([, { products, addends }], step) => {
    for (const operand of [...products.flat(), ...addends]) lastUse.set(operand, step);
  });
  const registers = new Registers();
  const isCopy = (id: number, { addends }: Sum) => addends[0] === id;
  const address = (id: number) => {
    const value = expressions.constantValue(id);
    return value === undefined ? memory.register(registers.of(id)) : memory.constant(value);
  };

  const words = [inputs.length];
  for (const { offset, value } of inputs)
    words.push(offset, memory.register(registers.take(value)));
  words.push(order.length);
  order.forEach(([id, sum], step) => {
    const operands = [...sum.products.flat(), ...sum.addends];
    const addresses = operands.map(address);
    for (const operand of new Set(operands)) {
      const isDead = lastUse.get(operand) === step && !isCopy(id, sum);
      if (isDead && expressions.constantValue(operand) === undefined) registers.free(operand);
    }
    const target = isCopy(id, sum) ? registers.spare() : registers.take(id);
    const to = cells.get(id) ?? [];
    if (to.length > MAX_CELLS) throw new RangeError("too many cells of one value");
    words.push(sum.products.length | (sum.addends.length << 8) | (to.length << 16));
    words.push(memory.register(target), ...addresses, ...to);
    if (!isCopy(id, sum) && !lastUse.has(id)) registers.free(id);
  });
  return words;
}

/** The sums that steps calculate, in order: of every value that is written or used by several. */
function joinSums(
  { operations }: StraightLine,
  expressions: Expressions,
  cells: ReadonlyMap<number, unknown>,
): Map<number, Sum> {
  const { kinds, left, right } = expressions;
  const uses = new Map<number, number>();
  for (const id of operations) {
    for (const operand of [left[id] as number, right[id] as number]) {
      uses.set(operand, (uses.get(operand) ?? 0) + 1);
    }
  }
  const sums = new Map<number, Sum>();
  const minusOne = expressions.constant(-1n);
  const alone = (id: number): Sum => ({ products: [], addends: [id] });
  for (const id of operations) {
    const [a, b] = [left[id] as number, right[id] as number];
    if (kinds[id] === MULTIPLY) {
      sums.set(id, { products: [[a, b]], addends: [] });
      continue;
    }
    const sum: Sum = { products: [], addends: [] };
    const join = (operand: number) => {
      const inner = uses.get(operand) === 1 && !cells.has(operand) ? sums.get(operand) : undefined;
      const part = inner ?? alone(operand);
      const isRoom =
        sum.products.length + part.products.length < MAX_PRODUCTS &&
        sum.addends.length + part.addends.length < MAX_ADDENDS;
      const { products, addends } = isRoom ? part : alone(operand);
      sum.products.push(...products);
      sum.addends.push(...addends);
      if (inner !== undefined && isRoom) sums.delete(operand);
    };
    join(a);
    if (kinds[id] === ADD) join(b);
    else sum.products.push([b, minusOne]);
    sums.set(id, sum);
  }
  return sums;
}

/** Gives each living value a place, the one that was given back last first. */
class Registers {
  readonly #places = new Map<number, number>();
  readonly #spare: number[] = [];
  #count = 0;

  take(id: number): number {
    const place = this.spare();
    this.#spare.pop();
    this.#places.set(id, place);
    return place;
  }

  /** A place that is free now. */
  spare(): number {
    if (this.#spare.length === 0) this.#spare.push(this.#count++);
    return this.#spare.at(-1) as number;
  }

  of(id: number): number {
    const place = this.#places.get(id);
    if (place === undefined) throw new RangeError("a value that is used before it is made");
    return place;
  }

  free(id: number): void {
    this.#spare.push(this.of(id));
    this.#places.delete(id);
  }
}
