/**
 * §1.1 WebAssembly's binary format, read from its bytes: integers as LEB128, names, and as much of the
 * instructions as it takes to go from one to the next.
 *
 * @see https://webassembly.github.io/spec/core/binary/instructions.html
 */

/** A range of bytes, the end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Reads LEB128 integers and what is made of them. */
export class WasmReader {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.position = position;
  }

  byte(): number {
    const byte = this.bytes[this.position++];
    if (byte === undefined) throw new RangeError("the module ends too early");
    return byte;
  }

  unsigned(): number {
    const first = this.bytes[this.position] as number;
    if (first < 0x80) {
      this.position++;
      return first;
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("an integer of more than 32 bits");
  }

  signed(): number {
    const first = this.bytes[this.position] as number;
    if (first < 0x80) {
      this.position++;
      return first < 0x40 ? first : first - 0x80;
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        return shift < 25 && byte & 0x40 ? value | (-1 << (shift + 7)) : value;
      }
    }
    throw new RangeError("an integer of more than 32 bits");
  }

  /**
   * Goes to the next instruction.
   *
   * @returns the opcode of the one that was passed
   * @throws {RangeError} of one that circom does not make in templates
   */
  skipInstruction(): number {
    const opcode = this.byte();
    let left = immediates[opcode] as number;
    if (left === UNKNOWN) throw new RangeError(`instruction ${opcode}`);
    for (; left > 0; left--) while (this.byte() >= 0x80);
    return opcode;
  }

  name(): string {
    const length = this.unsigned();
    this.position += length;
    return new TextDecoder().decode(this.bytes.subarray(this.position - length, this.position));
  }

  /** The range of what follows, which says its length; the reader stands behind it. */
  span(): Span {
    const length = this.unsigned();
    const start = this.position;
    this.position += length;
    return { start, end: this.position };
  }
}

const UNKNOWN = 255;

/** How many integers follow each instruction, as far as circom makes it in templates. */
const immediates = Uint8Array.from({ length: 256 }, (_, opcode) => {
  const within = (first: number, last: number) => opcode >= first && opcode <= last;
  // call_indirect, memory access
  if (opcode === 0x11 || within(0x28, 0x3e)) return 2;
  // blocks, branches, calls, variables, memory.size, i32.const
  const isOne = within(0x02, 0x04) || within(0x0c, 0x0d) || opcode === 0x10;
  if (isOne || within(0x20, 0x24) || within(0x3f, 0x41)) return 1;
  // unreachable, nop, else, end, return, drop, select, arithmetic
  const isPlain = within(0x00, 0x01) || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f;
  return isPlain || within(0x1a, 0x1b) || within(0x45, 0xc4) ? 0 : UNKNOWN;
});
