/**
 * §4.3 The machine's memory: a part of the generator's, between its data and its stack of variables, so that
 * tapes name cells and elements alike by address.
 */
import { ELEMENT_BYTES, LIMBS, limbsOf, MONTGOMERY_BITS, montgomeryLimbs } from "./limbs.ts";
import type { ElementMemory } from "./tape.ts";

/** The columns of a sum of products: 64 bits each. */
export const COLUMNS = 2 * LIMBS;
const COLUMNS_BYTES = 8 * COLUMNS;
/** Single elements behind the columns, by their distance from the machine's base. */
export const TO_MONTGOMERY = COLUMNS_BYTES;
export const ONE = TO_MONTGOMERY + ELEMENT_BYTES;
export const FIRST = ONE + ELEMENT_BYTES;
export const SECOND = FIRST + ELEMENT_BYTES;
/** The number 1, not in Montgomery form. */
export const UNIT = SECOND + ELEMENT_BYTES;
const REGISTERS = UNIT + ELEMENT_BYTES;
const MAX_REGISTERS = 256;
const CONTENT = REGISTERS + MAX_REGISTERS * ELEMENT_BYTES;
const ALIGNMENT = 16;

/**
 * What the machine has in a generator's memory, at its base: columns, single elements, registers, then the
 * constants and tapes of the circuit.
 */
export class MachineMemory implements ElementMemory {
  readonly base: number;
  readonly #words: number[] = [];
  readonly #constants = new Map<bigint, number>();

  /** @param start the first free address */
  constructor(start: number) {
    this.base = Math.ceil(start / ALIGNMENT) * ALIGNMENT;
  }

  /** The first address behind everything. */
  get end(): number {
    const end = this.base + CONTENT + 4 * this.#words.length;
    return Math.ceil(end / ALIGNMENT) * ALIGNMENT;
  }

  /** @throws {RangeError} if there are not so many */
  register(index: number): number {
    if (index >= MAX_REGISTERS) throw new RangeError("too many values at once");
    return this.base + REGISTERS + index * ELEMENT_BYTES;
  }

  constant(value: bigint): number {
    let address = this.#constants.get(value);
    if (address === undefined) {
      address = this.append(montgomeryLimbs(value));
      this.#constants.set(value, address);
    }
    return address;
  }

  /** @returns where the words will be */
  append(words: readonly number[]): number {
    const address = this.base + CONTENT + 4 * this.#words.length;
    for (const word of words) this.#words.push(word);
    return address;
  }

  /** All that the machine has before it runs, from its base on. */
  image(): Uint8Array {
    const image = new Uint32Array((this.end - this.base) / 4);
    image.set(montgomeryLimbs(1n << BigInt(MONTGOMERY_BITS)), TO_MONTGOMERY / 4);
    image.set(montgomeryLimbs(1n), ONE / 4);
    image.set(limbsOf(1n), UNIT / 4);
    image.set(this.#words, CONTENT / 4);
    return new Uint8Array(image.buffer);
  }
}
