/**
 * §7 Running a generator, as circom compiled it or specialised.
 *
 * @see https://docs.circom.io/getting-started/computing-the-witness/
 * @see https://github.com/iden3/circom/blob/v2.2.3/code_producers/src/wasm_elements/common/witness_calculator.js
 *   for the runtime whose place this takes
 */
import { CircuitInputError, WitnessError } from "../../errors/prover.ts";
import { FIELD_ORDER } from "../../field/field.ts";
import type { CircuitInput, SignalValue } from "../../witness/witness.ts";

/** What circom's compiled witness generators export. */
interface CircomExports {
  memory: { readonly buffer: ArrayBuffer };
  init(sanityCheck: number): void;
  getSharedRWMemoryStart(): number;
  getRawPrime(): void;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  setInputSignal(hashHigh: number, hashLow: number, index: number): void;
  getInputSize(): number;
  getWitnessSize(): number;
  getWitness(index: number): void;
  getMessageChar(): number;
}

/** What an instance exports, by name. */
export type WasmExports = Readonly<Record<string, unknown>>;

/** Gives the value of every wire, 32 bytes each. */
export type WitnessReader = () => Uint8Array;

/** Field elements are handed over as eight 32-bit words, least first. */
const LIMBS = 8;

/** Bytes before the first wire of a .wtns file with one header and one data section. */
export const WITNESS_OFFSET = 76;

/** A witness generator that circom compiled, with its memory. What it last calculated stays there until wiped. */
export class GeneratorInstance {
  readonly #circuit: string;
  readonly #exports: CircomExports;
  /** What the generator reports about a failed assertion: one line for each template, innermost first. */
  readonly #messages: string[];
  /** A faster way to read all wires. */
  readonly #readWitness: WitnessReader | undefined;
  readonly #signalHashes = new Map<string, [number, number]>();

  private constructor(
    circuit: string,
    exports: CircomExports,
    messages: string[],
    readWitness: WitnessReader | undefined,
  ) {
    this.#circuit = circuit;
    this.#exports = exports;
    this.#messages = messages;
    this.#readWitness = readWitness;
  }

  /**
   * @param circuit how errors call the circuit
   * @param attach readies the instance, before anything is calculated, and says how its witness is read
   */
  static async create(
    circuit: string,
    module: WebAssembly.Module,
    attach?: (exports: WasmExports) => WitnessReader,
  ): Promise<GeneratorInstance> {
    let exports: CircomExports;
    const messages: string[] = [];
    const message = () => {
      let text = "";
      for (let char = exports.getMessageChar(); char !== 0; char = exports.getMessageChar()) {
        text += String.fromCharCode(char);
      }
      return text;
    };
    const instance = await WebAssembly.instantiate(module, {
      runtime: {
        exceptionHandler: (code: number) => {
          throw new CircomException(code);
        },
        printErrorMessage: () => messages.push(message()),
        // Circuits have no log(); if one had, its values would be secret.
        writeBufferMessage: message,
        showSharedRWMemory: () => undefined,
      },
    });
    exports = instance.exports as unknown as CircomExports;
    const readWitness = attach?.(instance.exports);
    return new GeneratorInstance(circuit, exports, messages, readWitness);
  }

  /**
   * The value of every wire as a .wtns file. After an error the instance is half-way through the circuit
   * and of no further use.
   *
   * @throws {CircuitInputError} if a signal is missing, unknown, of another length or not a field element
   * @throws {WitnessError} if the inputs do not satisfy the circuit
   */
  calculate(input: CircuitInput): Uint8Array<ArrayBuffer> {
    const exports = this.#exports;
    this.#messages.length = 0;
    exports.init(0);
    let given = 0;
    for (const [signal, value] of Object.entries(input)) {
      const values = flatten(value);
      const hash = this.#hashOf(signal);
      this.#checkInput(signal, values, exports.getInputSignalSize(...hash));
      for (const [i, element] of values.entries()) {
        this.#handOver(element);
        this.#guarded(() => exports.setInputSignal(...hash, i));
        given++;
      }
    }
    const needed = exports.getInputSize();
    if (given < needed) {
      throw new CircuitInputError({
        signal: "of some name",
        expected: `${needed} values in all`,
        received: `${given}`,
      });
    }
    return this.#witnessFile();
  }

  /** Overwrites everything in memory, after which the instance is of no use. */
  wipe(): void {
    new Uint8Array(this.#exports.memory.buffer).fill(0);
  }

  #checkInput(signal: string, values: bigint[], size: number): void {
    const fail = (expected: string, received: string) =>
      new CircuitInputError({ signal, expected, received });
    if (size < 0)
      throw fail(`a signal of circuit ${this.#circuit}`, "a name that it does not have");
    if (values.length !== size) throw fail(`${size} values`, `${values.length}`);
    for (const value of values) {
      if (typeof value !== "bigint") throw fail("bigints", typeof value);
      if (value < 0n || value >= FIELD_ORDER) throw fail("0 ≤ value < p", "a value outside");
    }
  }

  /** Setting the last input of a component runs it. */
  #guarded(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof CircomException)) throw error;
      const trace = this.#messages.filter(Boolean).map(templateFrame);
      throw new WitnessError({
        circuit: this.#circuit,
        // The main template composes the restrictions, so its child is the one that failed.
        restriction: restrictionName(trace.at(-2) ?? trace.at(-1) ?? ""),
        trace,
        reason: error.message,
      });
    }
  }

  #hashOf(signal: string): [number, number] {
    const hash = this.#signalHashes.get(signal) ?? signalHash(signal);
    this.#signalHashes.set(signal, hash);
    return hash;
  }

  /** The element that is handed over; a view of memory, which may have grown since the last. */
  #shared(): Uint32Array {
    const { memory, getSharedRWMemoryStart } = this.#exports;
    return new Uint32Array(memory.buffer, getSharedRWMemoryStart(), LIMBS);
  }

  #handOver(element: bigint): void {
    const words = this.#shared();
    for (let limb = 0; limb < LIMBS; limb++) {
      words[limb] = Number((element >> BigInt(32 * limb)) & 0xffffffffn);
    }
  }

  /** @see https://github.com/iden3/snarkjs/blob/master/src/wtns_utils.js for the format */
  #witnessFile(): Uint8Array<ArrayBuffer> {
    const { getRawPrime, getWitness, getWitnessSize } = this.#exports;
    const wires = getWitnessSize();
    const file = new Uint8Array(WITNESS_OFFSET + wires * LIMBS * 4);
    const words = new Uint32Array(file.buffer);
    file.set(new TextEncoder().encode("wtns"));
    words.set([2, 2, 1, 4 + 4 * LIMBS + 4, 0, 4 * LIMBS], 1);
    const shared = this.#shared();
    getRawPrime();
    words.set(shared, 7);
    words.set([wires, 2, wires * LIMBS * 4, 0], 7 + LIMBS);
    if (this.#readWitness !== undefined) {
      file.set(this.#readWitness(), WITNESS_OFFSET);
      return file;
    }
    let next = WITNESS_OFFSET / 4;
    for (let wire = 0; wire < wires; wire++) {
      getWitness(wire);
      for (let limb = 0; limb < LIMBS; limb++) words[next++] = shared[limb] as number;
    }
    return file;
  }
}

class CircomException extends Error {
  static readonly #reasons = [
    "unknown reason",
    "signal not found",
    "too many signals set",
    "signal already set",
    "an assertion failed",
    "not enough memory",
    "signal index out of bounds",
  ];

  constructor(code: number) {
    super(CircomException.#reasons[code] ?? `reason ${code}`);
  }
}

/** `Error in template Amount_12 line: 34` → `Amount line 34` */
function templateFrame(message: string): string {
  const match = /template (\w+?)(?:_\d+)? line: (\d+)/.exec(message);
  return match ? `${match[1]} line ${match[2]}` : message;
}

/** `PriceBand line 34` → `priceBand` */
function restrictionName(frame: string): string {
  const template = frame.split(" ")[0] ?? "";
  return template.charAt(0).toLowerCase() + template.slice(1);
}

function flatten(value: SignalValue): bigint[] {
  return typeof value === "object" ? value.flatMap(flatten) : [value];
}

/** Signals are known by the FNV-1a hash of their name, as two 32-bit halves. */
function signalHash(signal: string): [number, number] {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(signal)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return [Number(hash >> 32n), Number(hash & 0xffffffffn)];
}
