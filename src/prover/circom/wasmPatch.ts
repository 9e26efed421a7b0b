/**
 * §5.1 Writes a module in which some function bodies are others.
 *
 * Nothing is inserted before what exists, so no index in the untouched code changes: a patch may replace
 * bodies, append types, and append entries to the function table, which is then exported.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
import { CODE, EXPORT, FUNCTION_TYPE, TABLE, TYPE, type WasmBinary } from "./wasmBinary.ts";
import { type Span, WasmReader } from "./wasmReader.ts";

const I32 = 0x7f;
const FUNCREF = 0x70;
const EXPORTED_TABLE = 1;

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
