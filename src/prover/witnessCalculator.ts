import { CircuitInputError, WitnessError } from "../errors/prover.ts";
import { FIELD_ORDER } from "../field/field.ts";
import type { CircuitInput, SignalValue } from "../witness/witness.ts";

/** What circom's compiled witness generators export. */
interface CircomExports {
  memory: { readonly buffer: ArrayBuffer };
  init(sanityCheck: number): void;
  getFieldNumLen32(): number;
  getRawPrime(): void;
  readSharedRWMemory(index: number): number;
  writeSharedRWMemory(index: number, value: number): void;
  getInputSignalSize(hashHigh: number, hashLow: number): number;
  setInputSignal(hashHigh: number, hashLow: number, index: number): void;
  getInputSize(): number;
  getWitnessSize(): number;
  getWitness(index: number): void;
  getMessageChar(): number;
}

/** Field elements are handed over as eight 32-bit words. */
const LIMBS = 8;

/**
 * Runs a circuit's witness generator, compiled once and kept warm.
 *
 * Unlike the generator's usual runtime it prints nothing, and an error names the failing templates only:
 * inputs and witness are secret.
 */
export class WitnessCalculator {
  readonly #circuit: string;
  readonly #module: WebAssembly.Module;
  #instance: CircomExports | undefined;
  /** What the generator reports about a failed assertion: one line for each template, innermost first. */
  #messages = "";

  private constructor(circuit: string, module: WebAssembly.Module) {
    this.#circuit = circuit;
    this.#module = module;
  }

  /**
   * @param circuit how errors call the circuit
   * @param wasm witness generator made by `circom --wasm`, version 2
   */
  static async create(circuit: string, wasm: Uint8Array<ArrayBuffer>): Promise<WitnessCalculator> {
    return new WitnessCalculator(circuit, await WebAssembly.compile(wasm));
  }

  /**
   * The value of every wire.
   *
   * @throws {CircuitInputError} if a signal is missing, unknown, of another length or not a field element
   * @throws {WitnessError} if the inputs do not satisfy the circuit
   */
  async calculate(input: CircuitInput): Promise<bigint[]> {
    const words = new Uint32Array((await this.calculateFile(input)).buffer, WITNESS_OFFSET);
    return Array.from({ length: words.length / LIMBS }, (_, wire) => {
      let value = 0n;
      for (let limb = LIMBS - 1; limb >= 0; limb--) {
        value = (value << 32n) | BigInt(words[wire * LIMBS + limb] as number);
      }
      return value;
    });
  }

  /**
   * The value of every wire as a .wtns file, the form that snarkjs reads.
   *
   * @throws as `calculate` does
   */
  async calculateFile(input: CircuitInput): Promise<Uint8Array<ArrayBuffer>> {
    this.#instance ??= await this.#instantiate();
    try {
      return this.#run(this.#instance, input);
    } catch (error) {
      this.#instance = undefined; // a failed run leaves it half-way through the circuit
      throw error;
    }
  }

  /**
   * The value of every wire as 32 bytes each, little-endian.
   *
   * @throws as `calculate` does
   */
  async calculateValues(input: CircuitInput): Promise<Uint8Array> {
    return (await this.calculateFile(input)).subarray(WITNESS_OFFSET);
  }

  /** Overwrites what the last run left in memory; the next one starts anew. */
  wipe(): void {
    const memory = this.#instance?.memory;
    if (memory) new Uint8Array(memory.buffer).fill(0);
    this.#instance = undefined;
  }

  async #instantiate(): Promise<CircomExports> {
    let exports: CircomExports;
    const message = () => {
      let text = "";
      for (let char = exports.getMessageChar(); char !== 0; char = exports.getMessageChar()) {
        text += String.fromCharCode(char);
      }
      return text;
    };
    const instance = await WebAssembly.instantiate(this.#module, {
      runtime: {
        exceptionHandler: (code: number) => {
          throw new CircomException(code);
        },
        printErrorMessage: () => {
          this.#messages += `${message()}\n`;
        },
        // Circuits have no log(); if one had, its values would be secret.
        writeBufferMessage: message,
        showSharedRWMemory: () => undefined,
      },
    });
    exports = instance.exports as unknown as CircomExports;
    return exports;
  }

  #run(instance: CircomExports, input: CircuitInput): Uint8Array<ArrayBuffer> {
    this.#messages = "";
    instance.init(0);
    let given = 0;
    for (const [signal, value] of Object.entries(input)) {
      const values = flatten(value);
      const hash = signalHash(signal);
      this.#checkInput(signal, values, instance.getInputSignalSize(...hash));
      for (const [i, element] of values.entries()) {
        writeElement(instance, element);
        this.#guarded(() => instance.setInputSignal(...hash, i));
        given++;
      }
    }
    const needed = instance.getInputSize();
    if (given < needed) {
      throw new CircuitInputError({
        signal: "of some name",
        expected: `${needed} values in all`,
        received: `${given}`,
      });
    }
    return witnessFile(instance);
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
      const trace = this.#messages.trim().split("\n").filter(Boolean).map(templateFrame);
      throw new WitnessError({
        circuit: this.#circuit,
        // The main template composes the restrictions, so its child is the one that failed.
        restriction: restrictionName(trace.at(-2) ?? trace.at(-1) ?? ""),
        trace,
        reason: error.message,
      });
    }
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

function writeElement(instance: CircomExports, element: bigint): void {
  for (let limb = 0; limb < LIMBS; limb++) {
    instance.writeSharedRWMemory(limb, Number((element >> BigInt(32 * limb)) & 0xffffffffn));
  }
}

/** Bytes before the first wire of a .wtns file with one header and one data section. */
const WITNESS_OFFSET = 76;

/** @see https://github.com/iden3/snarkjs/blob/master/src/wtns_utils.js for the format */
function witnessFile(instance: CircomExports): Uint8Array<ArrayBuffer> {
  const wires = instance.getWitnessSize();
  const file = new Uint8Array(WITNESS_OFFSET + wires * LIMBS * 4);
  const words = new Uint32Array(file.buffer);
  file.set(new TextEncoder().encode("wtns"));
  words.set([2, 2, 1, 4 + 4 * LIMBS + 4, 0, 4 * LIMBS], 1);
  instance.getRawPrime();
  let next = readElement(instance, words, 7);
  words.set([wires, 2, wires * LIMBS * 4, 0], next);
  next += 4;
  for (let wire = 0; wire < wires; wire++) {
    instance.getWitness(wire);
    next = readElement(instance, words, next);
  }
  return file;
}

function readElement(instance: CircomExports, words: Uint32Array, position: number): number {
  for (let limb = 0; limb < LIMBS; limb++) {
    words[position + limb] = instance.readSharedRWMemory(limb);
  }
  return position + LIMBS;
}
