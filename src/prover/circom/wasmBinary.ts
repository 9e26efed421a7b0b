/**
 * §1.2 Where the parts of a compiled circuit are: function bodies, names, the table and the data.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
import { type Span, WasmReader } from "./wasmReader.ts";

/** The sections of a module. */
const CUSTOM = 0;
export const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
export const TABLE = 4;
export const EXPORT = 7;
const ELEMENT = 9;
export const CODE = 10;
const DATA = 11;

const I32_CONST = 0x41;
const END = 0x0b;
export const FUNCTION_TYPE = 0x60;

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
