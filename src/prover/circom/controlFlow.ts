/**
 * §2.2 Where blocks end. WebAssembly's branches name a block that is open and not an address, so a forward
 * branch takes knowing where that block is closed.
 *
 * @see https://webassembly.github.io/spec/core/syntax/instructions.html#control-instructions
 */
import { WasmReader } from "./wasmReader.ts";

export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;

/** Where a block's code goes on. Addresses are of the module's bytes. */
export interface Block {
  /** Where its else branch starts; 0 if it has none. */
  readonly otherwise: number;
  /** What is behind it. */
  readonly end: number;
}

/** Finds the ends of a module's blocks, once each. */
export class Blocks {
  readonly #bytes: Uint8Array;
  readonly #known = new Map<number, Block>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The block that starts with the instruction at `start`.
   *
   * @throws {RangeError} if it does not end, or has instructions that circom does not make in templates
   */
  at(start: number): Block {
    return this.#known.get(start) ?? this.#find(start);
  }

  /** Goes through the code until the block is closed; the blocks inside become known on the way. */
  #find(start: number): Block {
    const reader = new WasmReader(this.#bytes, start);
    const open: { start: number; otherwise: number }[] = [];
    for (;;) {
      const at = reader.position;
      const opcode = reader.skipInstruction();
      if (opcode === BLOCK || opcode === LOOP || opcode === IF) {
        open.push({ start: at, otherwise: 0 });
        continue;
      }
      if (opcode !== ELSE && opcode !== END) continue;
      const innermost = open.at(-1);
      if (innermost === undefined) throw new RangeError("an end of nothing");
      if (opcode === ELSE) {
        innermost.otherwise = reader.position;
        continue;
      }
      open.pop();
      const block = { otherwise: innermost.otherwise, end: reader.position };
      this.#known.set(innermost.start, block);
      if (open.length === 0) return block;
    }
  }
}
