/**
 * §5.2 Readies an instance of a patched generator: puts the machine's memory under the generator's stack, and the
 * machine's functions behind the entries of its table, where the patched bodies call them.
 */
import { readFileSync } from "node:fs";
import type { WitnessMap } from "./generator.ts";
import type { WasmExports, WitnessReader } from "./generatorInstance.ts";
import type { FunctionType } from "./wasmPatch.ts";

/** A patched generator and what the machine needs beside it: plain data, from which instances are made. */
export interface SpecializedGenerator {
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** What is in the machine's memory before it runs: constants and tapes. */
  readonly image: Uint8Array;
  /** The address of the image. */
  readonly base: number;
  /** Where the stack of the generator would start without the machine. */
  readonly stackStart: number;
  /** Entries of the table before the machine's. */
  readonly tableEntries: number;
  readonly witness: WitnessMap;
}

/** A function of the machine, and the one of the runtime that it takes the place of. */
export interface MachineFunction extends FunctionType {
  readonly name: string;
  readonly insteadOf?: string;
}

/** In the order of their entries in the table. */
export const MACHINE_FUNCTIONS: readonly MachineFunction[] = [
  { name: "run", parameters: 2, hasResult: true },
  { name: "multiply", insteadOf: "Fr_F1m_mul", parameters: 3, hasResult: false },
  { name: "square", insteadOf: "Fr_F1m_square", parameters: 2, hasResult: false },
  { name: "power", insteadOf: "Fr_F1m_exp", parameters: 4, hasResult: false },
];
export const MACHINE_RUN = 0;

/** Under which name the patched module exports its table. */
export const TABLE_NAME = "functions";
const PAGE_BYTES = 65_536;
const WIRE_BYTES = 32;

let bytes: Buffer<ArrayBuffer> | undefined;
/** The machine's code, compiled from `assembly/` by scripts/build-witness-machine.ts. */
export function machineCode(): Buffer<ArrayBuffer> {
  bytes ??= readFileSync(new URL("./machine.wasm", import.meta.url));
  return bytes;
}

let compiled: WebAssembly.Module | undefined;
function machineModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(machineCode());
  return compiled;
}

/**
 * Readies a new instance, once.
 *
 * @returns what reads its witness: 32 bytes for each wire, a view that lasts until the next call
 * @throws {RangeError} if the instance has run
 */
export function attachMachine(
  { image, base, stackStart, tableEntries, witness }: SpecializedGenerator,
  exports: WasmExports,
): WitnessReader {
  const memory = exports.memory as WebAssembly.Memory;
  const end = base + image.length;
  const stackEnd = end + witness.wires * WIRE_BYTES;
  const missing = Math.ceil(stackEnd / PAGE_BYTES) - memory.buffer.byteLength / PAGE_BYTES;
  if (missing > 0) memory.grow(missing);
  new Uint8Array(memory.buffer).set(image, base);
  const stack = new DataView(memory.buffer);
  if (stack.getUint32(0, true) !== stackStart) throw new RangeError("the stack is in use");
  stack.setUint32(0, stackEnd, true);
  const imports: Record<string, Record<string, WebAssembly.Memory | number>> = {
    env: { memory },
    machine: { base },
  };
  const { exports: machine } = new WebAssembly.Instance(machineModule(), imports as never);
  const functions = machine as unknown as Record<string, (...values: number[]) => void>;
  const table = exports[TABLE_NAME] as { set(index: number, entry: unknown): void };
  MACHINE_FUNCTIONS.forEach(({ name }, k) => {
    table.set(tableEntries + k, functions[name]);
  });
  return () => {
    functions.readWitness?.(witness.map, witness.wires, witness.signals, end);
    return new Uint8Array(memory.buffer, end, witness.wires * WIRE_BYTES);
  };
}
