/**
 * §1 Recognising a generator: which functions, tables and addresses circom's compiler made.
 *
 * Nothing is guessed from names alone. The runtime (field arithmetic and the stack of variables) is known by its
 * digest, the rest by the exact instructions in which its addresses stand; anything else is not recognised.
 *
 * @see https://docs.circom.io/getting-started/computing-the-witness/ for what generators are
 * @see https://github.com/iden3/circom/tree/v2.2.3/code_producers/src/wasm_elements for how they are made
 */
import { createHash } from "node:crypto";
import { FIELD_ORDER } from "../../field/field.ts";
import { readWasm, type WasmBinary } from "./wasmBinary.ts";
import { type Span, WasmReader } from "./wasmReader.ts";

/** A field element in memory: a 32-bit number, a form, four 64-bit words. */
export const CELL_BYTES = 40;

/**
 * What the symbolic execution assumes of the generator's runtime: the digest of the names and bodies of its
 * field functions and of its stack's. They are the same in every circuit that one version of circom compiles
 * for this field; this is 2.2.3's.
 */
const RUNTIME_SHA256 = "958a0adbb45d69abe5678080665b334d057bed948e15520c217260815ae3eea3";
const isRuntime = (name: string) => name.startsWith("Fr_") || name === "reserveStackFr";

/** Where the runtime's constants have the field's order. */
const ORDER_ADDRESS = 608;
const ORDER_BYTES = 32;

/** Where the wires' values are: wire k is cell `map[k]` of the signals. */
export interface WitnessMap {
  readonly wires: number;
  /** The address of the map's 32-bit words. */
  readonly map: number;
  /** The address of the first signal's cell. */
  readonly signals: number;
}

/** The parts of a witness generator that circom compiled, and what is where in its memory. */
export interface Generator {
  readonly binary: WasmBinary;
  /** The field's functions, by index. */
  readonly fieldFunctions: ReadonlyMap<number, string>;
  /** `Fr_copy` among them. */
  readonly copy: number;
  readonly reserveStack: number;
  /** Of every template: the function that runs a component, and the one that makes its record. */
  readonly creators: ReadonlyMap<number, number>;
  /** The main component's. */
  readonly mainRun: number;
  /** The address of the next record's address. */
  readonly nextRecord: number;
  /** Where the stack of variables starts, behind everything else. Its address is at address 0. */
  readonly stackStart: number;
  readonly witness: WitnessMap;
  /** Whether these bytes are constants of the circuit: data behind the records, which no code writes. */
  isConstantData(address: number, length: number): boolean;
}

/**
 * Recognises a witness generator.
 *
 * @returns undefined if it is not circom's of the known version, which need not be wrong
 */
export function recognizeGenerator(wasm: Uint8Array): Generator | undefined {
  try {
    return describe(readWasm(wasm));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function describe(binary: WasmBinary): Generator | undefined {
  const { functions, table, data } = binary;
  const runtime = createHash("sha256");
  const fieldFunctions = new Map<number, string>();
  for (const [name, index] of functions) {
    if (!isRuntime(name)) continue;
    const { start, end } = bodyOf(binary, index);
    runtime.update(`${name}\0`).update(binary.bytes.subarray(start, end));
    if (name.startsWith("Fr_")) fieldFunctions.set(index, name);
  }
  if (runtime.digest("hex") !== RUNTIME_SHA256) return undefined;
  if (unsigned(binary, ORDER_ADDRESS, ORDER_BYTES) !== FIELD_ORDER) return undefined;

  const names = new Map([...functions].map(([name, index]) => [index, name]));
  const creators = new Map<number, number>();
  for (const run of table) {
    const create = functions.get((names.get(run) ?? "").replace(/_run$/, "_create"));
    if (create === undefined || create === run) return undefined;
    creators.set(run, create);
  }
  const mainRun = table.at(-1) as number;
  const stackStart = Number(unsigned(binary, 0, 4));
  const nextRecord = nextRecordAddress(binary, creators.get(mainRun) as number);
  const isConstant = new Uint8Array(stackStart);
  for (const { address, start, end } of data) {
    if (address > nextRecord) isConstant.fill(1, address, address + end - start);
  }
  return {
    binary,
    fieldFunctions,
    copy: functions.get("Fr_copy") as number,
    reserveStack: functions.get("reserveStackFr") as number,
    creators,
    mainRun,
    nextRecord,
    stackStart,
    witness: witnessMap(binary),
    isConstantData: (address, length) =>
      isConstant[address] === 1 && isConstant[address + length - 1] === 1,
  };
}

function bodyOf({ bodies, imports }: WasmBinary, index: number): Span {
  const body = bodies[index - imports];
  if (body === undefined) throw new RangeError("a name of no function");
  return body;
}

/** A little-endian integer of the initial memory. */
function unsigned({ data, bytes }: WasmBinary, address: number, length: number): bigint {
  const segment = data.find((each) => each.address === address);
  if (segment === undefined) throw new RangeError(`no data at ${address}`);
  const content = bytes.subarray(segment.start, Math.min(segment.end, segment.start + length));
  return content.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** A creator starts with loading the next record's address: `i32.const a, i32.load`. */
function nextRecordAddress(binary: WasmBinary, create: number): number {
  const reader = new WasmReader(binary.bytes, bodyOf(binary, create).start);
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.byte();
  }
  if (reader.byte() !== 0x41) throw new RangeError("a creator of another form");
  const address = reader.signed();
  if (reader.byte() !== 0x28 || address & 3) throw new RangeError("a creator of another form");
  return address;
}

/** `getWitness` copies and normalises the cell `signals + 40·load(map + 4·wire)`; its code says where they are. */
function witnessMap(binary: WasmBinary): WitnessMap {
  const open = (name: string) => {
    const index = binary.functions.get(name) ?? -1;
    return new WasmReader(binary.bytes, bodyOf(binary, index).start);
  };
  const expect = (reader: WasmReader, ...code: number[]) => {
    for (const byte of code) {
      if (reader.byte() !== byte) throw new RangeError("a reader of the witness of another form");
    }
  };
  const size = open("getWitnessSize");
  expect(size, 0, 0x41);
  const wires = size.signed();
  expect(size, 0x0b);

  const reader = open("getWitness");
  expect(reader, 1, 1, 0x7f, 0x41); // one local; i32.const
  const map = reader.signed();
  expect(reader, 0x20, 0, 0x41, 2, 0x74, 0x6a, 0x28, 2, 0); // i32.load(map + (wire << 2))
  expect(reader, 0x41, CELL_BYTES, 0x6c, 0x41); // · 40
  const signals = reader.signed();
  expect(reader, 0x6a, 0x21, 1); // + signals, local.set
  return { wires, map, signals };
}

/**
 * The functions that a function's code calls by name.
 *
 * @throws {RangeError} if the code has instructions that circom does not make in templates
 */
export function calledFunctions(binary: WasmBinary, index: number): Set<number> {
  const { start, end } = bodyOf(binary, index);
  const reader = new WasmReader(binary.bytes, start);
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.byte();
  }
  const CALL = 0x10;
  const called = new Set<number>();
  while (reader.position < end) {
    const at = reader.position;
    if (reader.skipInstruction() !== CALL) continue;
    called.add(new WasmReader(binary.bytes, at + 1).unsigned());
  }
  return called;
}
