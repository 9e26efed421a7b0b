/**
 * As much of WebAssembly's binary format as patching a compiled circuit takes: finding function bodies,
 * names and data, and writing a module in which some bodies are others.
 *
 * Nothing is inserted before what exists, so no index in the untouched code changes: a patch may replace
 * bodies, append a type, and append one entry to the function table, which is then exported.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */

const CUSTOM = 0;
const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
const TABLE = 4;
const EXPORT = 7;
const ELEMENT = 9;
const CODE = 10;
const DATA = 11;

const I32 = 0x7f;
const I32_CONST = 0x41;
const END = 0x0b;
const FUNCTION_TYPE = 0x60;
const FUNCREF = 0x70;
const EXPORTED_TABLE = 1;

/** A range of bytes, the end excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Bytes that an instance's memory starts with. */
export interface DataSegment extends Span {
  /** Where they go in memory. */
  readonly address: number;
}

/** Where the parts of a module are. */
export interface WasmBinary {
  readonly bytes: Uint8Array;
  /** How many functions are imported: they have the first indices. */
  readonly imports: number;
  /** The body of each function of its own, local declarations included; of function `imports + k`. */
  readonly bodies: readonly Span[];
  /** How many parameters each function of its own takes. */
  readonly parameters: readonly number[];
  /** By name, from the name section. */
  readonly functions: ReadonlyMap<string, number>;
  /** The function in each entry of the table. */
  readonly table: readonly number[];
  readonly data: readonly DataSegment[];
  readonly sections: readonly (Span & { readonly id: number })[];
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

/**
 * Finds the parts of a module.
 *
 * @throws {RangeError} if it is not one, or holds what circom does not make: several tables, passive data
 */
export function readWasm(bytes: Uint8Array): WasmBinary {
  const reader = new WasmReader(bytes, 8);
  const sections: (Span & { id: number })[] = [];
  while (reader.position < bytes.length) {
    const id = reader.byte();
    sections.push({ id, ...reader.span() });
  }
  const open = (id: number) => {
    const found = sections.filter((section) => section.id === id);
    if (found.length !== 1) throw new RangeError(`${found.length} sections ${id}`);
    return new WasmReader(bytes, (found[0] as Span).start);
  };
  return {
    bytes,
    sections,
    imports: readImports(open(IMPORT)),
    bodies: readBodies(open(CODE)),
    parameters: readParameters(open(TYPE), open(FUNCTION)),
    table: readTable(open(ELEMENT)),
    data: readData(open(DATA)),
    functions: readNames(bytes, sections),
  };
}

/** @returns how many functions are imported */
function readImports(reader: WasmReader): number {
  const count = reader.unsigned();
  for (let k = 0; k < count; k++) {
    reader.name();
    reader.name();
    if (reader.byte() !== 0) throw new RangeError("an import that is no function");
    reader.unsigned();
  }
  return count;
}

function readParameters(types: WasmReader, functions: WasmReader): number[] {
  const counts = Array.from({ length: types.unsigned() }, () => {
    if (types.byte() !== FUNCTION_TYPE) throw new RangeError("a type of no function");
    const [parameters] = [types.span(), types.span()];
    return parameters.end - parameters.start;
  });
  return Array.from({ length: functions.unsigned() }, () => counts[functions.unsigned()] as number);
}

function readBodies(reader: WasmReader): Span[] {
  return Array.from({ length: reader.unsigned() }, () => reader.span());
}

function readTable(reader: WasmReader): number[] {
  if (reader.unsigned() !== 1 || reader.unsigned() !== 0) throw new RangeError("several tables");
  if (constant(reader) !== 0) throw new RangeError("a table that starts late");
  return Array.from({ length: reader.unsigned() }, () => reader.unsigned());
}

function readData(reader: WasmReader): DataSegment[] {
  return Array.from({ length: reader.unsigned() }, () => {
    if (reader.unsigned() !== 0) throw new RangeError("passive data");
    const address = constant(reader);
    return { address, ...reader.span() };
  });
}

function constant(reader: WasmReader): number {
  if (reader.byte() !== I32_CONST) throw new RangeError("an offset that is no constant");
  const value = reader.signed();
  if (reader.byte() !== END) throw new RangeError("an offset that is no constant");
  return value;
}

function readNames(
  bytes: Uint8Array,
  sections: readonly (Span & { id: number })[],
): Map<string, number> {
  const FUNCTIONS = 1;
  const names = new Map<string, number>();
  for (const { id, start, end } of sections) {
    const reader = new WasmReader(bytes, start);
    if (id !== CUSTOM || reader.name() !== "name") continue;
    while (reader.position < end) {
      const kind = reader.byte();
      const part = reader.span();
      if (kind !== FUNCTIONS) continue;
      const entries = new WasmReader(bytes, part.start);
      for (let left = entries.unsigned(); left > 0; left--) {
        const index = entries.unsigned();
        names.set(entries.name(), index);
      }
    }
  }
  return names;
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

export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(byte & 0x40)) || (rest === -1 && byte & 0x40)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

/** What a function of 32-bit parameters returns. */
export interface FunctionType {
  readonly parameters: number;
  readonly hasResult: boolean;
}

/** A module that differs from another. */
export interface Patch {
  /** New bodies by function index, local declarations included. */
  readonly bodies: ReadonlyMap<number, readonly number[]>;
  /** Functions that the caller provides: their types, and as many entries of the table, are appended. */
  readonly provided: readonly FunctionType[];
  /** Under which name the table is exported. */
  readonly tableName: string;
}

/** The index of the first type that a patch appends. */
export function firstNewType({ bytes, sections }: WasmBinary): number {
  const section = sections.find(({ id }) => id === TYPE) as Span;
  return new WasmReader(bytes, section.start).unsigned();
}

/**
 * Writes the patched module. The table's last entries are empty until the caller fills them.
 *
 * @throws {RangeError} if the table has no fixed size
 */
export function patchWasm(binary: WasmBinary, patch: Patch): Uint8Array<ArrayBuffer> {
  const { bytes } = binary;
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  const section = (id: number, ...content: Uint8Array[]) => {
    const length = content.reduce((sum, part) => sum + part.length, 0);
    parts.push(Uint8Array.of(id, ...unsignedLeb(length)), ...content);
  };
  for (const { id, start, end } of binary.sections) {
    const reader = new WasmReader(bytes, start);
    if (id === TYPE) {
      section(id, ...appended(reader, end, patch.provided.map(functionType)));
    } else if (id === TABLE) {
      section(id, longerTable(reader, patch.provided.length));
    } else if (id === EXPORT) {
      const name = new TextEncoder().encode(patch.tableName);
      section(id, ...appended(reader, end, [[name.length, ...name, EXPORTED_TABLE, 0]]));
    } else if (id === CODE) {
      section(id, ...patchedCode(binary, patch));
    } else {
      section(id, bytes.subarray(start, end));
    }
  }
  return concatenated(parts);
}

function functionType({ parameters, hasResult }: FunctionType): number[] {
  const results = hasResult ? [1, I32] : [0];
  return [FUNCTION_TYPE, parameters, ...Array<number>(parameters).fill(I32), ...results];
}

/** A vector with more elements. */
function appended(
  reader: WasmReader,
  end: number,
  elements: readonly (readonly number[])[],
): Uint8Array[] {
  const count = reader.unsigned();
  return [
    Uint8Array.from(unsignedLeb(count + elements.length)),
    reader.bytes.subarray(reader.position, end),
    Uint8Array.from(elements.flat()),
  ];
}

function longerTable(reader: WasmReader, entries: number): Uint8Array {
  const WITH_MAXIMUM = 1;
  const isOne = reader.unsigned() === 1 && reader.byte() === FUNCREF;
  if (!isOne || reader.byte() !== WITH_MAXIMUM) throw new RangeError("a table of no fixed size");
  const minimum = unsignedLeb(reader.unsigned() + entries);
  const maximum = unsignedLeb(reader.unsigned() + entries);
  return Uint8Array.of(1, FUNCREF, WITH_MAXIMUM, ...minimum, ...maximum);
}

function patchedCode({ bytes, bodies, imports }: WasmBinary, patch: Patch): Uint8Array[] {
  const parts: Uint8Array[] = [Uint8Array.from(unsignedLeb(bodies.length))];
  bodies.forEach(({ start, end }, k) => {
    const body = patch.bodies.get(imports + k);
    const content = body === undefined ? bytes.subarray(start, end) : Uint8Array.from(body);
    parts.push(Uint8Array.from(unsignedLeb(content.length)), content);
  });
  return parts;
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}
