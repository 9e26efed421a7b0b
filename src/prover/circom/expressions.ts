/**
 * §2.4 Field elements known only by how they are calculated. Constants are folded as they meet, so that a
 * value is a `CONSTANT` exactly if no input can change it, up to the products with 0 that are folded too.
 *
 * Values are numbered in the order in which they are made, operands before what is made of them: a list of
 * three columns is a directed acyclic graph in topological order.
 */
import { FIELD_ORDER } from "../../field/field.ts";

/** What a value is: a constant, what a cell holds before the component runs, or made of two others. */
export const CONSTANT = 0;
export const INPUT = 1;
export const ADD = 2;
export const SUBTRACT = 3;
export const MULTIPLY = 4;

/** Two operands always come before what is made of them. */
export type Kind = typeof CONSTANT | typeof INPUT | typeof ADD | typeof SUBTRACT | typeof MULTIPLY;

function modulo(value: bigint): bigint {
  if (value >= 0n && value < FIELD_ORDER) return value;
  const rest = value % FIELD_ORDER;
  return rest < 0n ? rest + FIELD_ORDER : rest;
}

/** All values of one generator, each known by its number. */
export class Expressions {
  readonly kinds: Kind[] = [CONSTANT];
  readonly left: number[] = [0];
  readonly right: number[] = [0];
  readonly #constants = new Map<bigint, number>();
  readonly #values: (bigint | undefined)[] = [undefined];

  /** The value of a constant, in [0, p); undefined of anything else. */
  constantValue(id: number): bigint | undefined {
    return this.#values[id];
  }

  constant(value: bigint): number {
    const reduced = modulo(value);
    let id = this.#constants.get(reduced);
    if (id === undefined) {
      id = this.#append(CONSTANT, 0, 0);
      this.#constants.set(reduced, id);
      this.#values[id] = reduced;
    }
    return id;
  }

  /** @param offset of the cell from the component's first, in bytes */
  input(offset: number): number {
    return this.#append(INPUT, offset, 0);
  }

  add(a: number, b: number): number {
    const [x, y] = [this.constantValue(a), this.constantValue(b)];
    if (x !== undefined && y !== undefined) return this.constant(x + y);
    if (x === 0n) return b;
    if (y === 0n) return a;
    return this.#append(ADD, a, b);
  }

  subtract(a: number, b: number): number {
    const [x, y] = [this.constantValue(a), this.constantValue(b)];
    if (x !== undefined && y !== undefined) return this.constant(x - y);
    if (y === 0n) return a;
    return this.#append(SUBTRACT, a, b);
  }

  multiply(a: number, b: number): number {
    const [x, y] = [this.constantValue(a), this.constantValue(b)];
    if (x !== undefined && y !== undefined) return this.constant(x * y);
    if (x === 0n || y === 0n) return this.constant(0n);
    if (x === 1n) return b;
    if (y === 1n) return a;
    return this.#append(MULTIPLY, a, b);
  }

  make(kind: Kind, a: number, b: number): number {
    if (kind === ADD) return this.add(a, b);
    if (kind === SUBTRACT) return this.subtract(a, b);
    return this.multiply(a, b);
  }

  #append(kind: Kind, left: number, right: number): number {
    this.kinds.push(kind);
    this.left.push(left);
    this.right.push(right);
    this.#values.push(undefined);
    return this.kinds.length - 1;
  }
}
