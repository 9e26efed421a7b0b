import { CircuitInputError } from "../errors/prover.ts";
import type { CircuitInput } from "../witness/witness.ts";
import { attachMachine, type SpecializedGenerator } from "./circom/attachMachine.ts";
import {
  GeneratorInstance,
  type WasmExports,
  WITNESS_OFFSET,
  type WitnessReader,
} from "./circom/generatorInstance.ts";
import { specializeGenerator } from "./circom/specialize.ts";

const WIRE_WORDS = 8;
/** Making a generator faster takes about as long as so many calculations with it as it was compiled. */
const WORTHWHILE_AFTER = 4;

/**
 * Runs a circuit's witness generator, compiled once and kept warm.
 *
 * Unlike the generator's usual runtime it prints nothing, and an error names the failing templates only:
 * inputs and witness are secret.
 *
 * Memory is not cleared between calculations: a signal that a circuit assigns on one branch only (a `<--` hint, since
 * a constrained one is always assigned) keeps what an earlier witness gave it.
 *
 * A generator of the known circom version is made faster (circom/specialize.ts) when it is used often. Whatever
 * fails there is calculated again by the generator as it was compiled, so every error is its own.
 */
export class WitnessCalculator {
  readonly #circuit: string;
  readonly #stock: WarmGenerator;
  #fast: WarmGenerator | undefined;
  /** Calculations left until the generator is made faster. */
  #left: number;

  private constructor(circuit: string, stock: WarmGenerator, fast: WarmGenerator | undefined) {
    this.#circuit = circuit;
    this.#stock = stock;
    this.#fast = fast;
    this.#left = fast === undefined ? WORTHWHILE_AFTER : 0;
  }

  /**
   * @param circuit how errors call the circuit
   * @param wasm witness generator made by `circom --wasm`, version 2; may not be changed afterwards
   * @param specialized made of it before; without, that is done here once it is worthwhile
   */
  static async create(
    circuit: string,
    wasm: Uint8Array<ArrayBuffer>,
    specialized?: SpecializedGenerator | undefined,
  ): Promise<WitnessCalculator> {
    const stock = new WarmGenerator(wasm);
    const fast = specialized && new WarmGenerator(specialized.wasm, specialized);
    if (fast === undefined) await stock.compile();
    else await fast.compile().catch(() => undefined); // then it fails again when it calculates
    return new WitnessCalculator(circuit, stock, fast);
  }

  /**
   * The value of every wire.
   *
   * @throws {CircuitInputError} if a signal is missing, unknown, of another length or not a field element
   * @throws {WitnessError} if the inputs do not satisfy the circuit
   */
  async calculate(input: CircuitInput): Promise<bigint[]> {
    const words = new Uint32Array((await this.calculateFile(input)).buffer, WITNESS_OFFSET);
    return Array.from({ length: words.length / WIRE_WORDS }, (_, wire) => {
      let value = 0n;
      for (let word = WIRE_WORDS - 1; word >= 0; word--) {
        value = (value << 32n) | BigInt(words[wire * WIRE_WORDS + word] as number);
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
    if (this.#left > 0 && --this.#left === 0) this.#specialize();
    try {
      if (this.#fast !== undefined) return await this.#fast.calculate(this.#circuit, input);
    } catch (error) {
      if (error instanceof CircuitInputError) throw error;
    }
    return this.#stock.calculate(this.#circuit, input);
  }

  /**
   * The value of every wire as 32 bytes each, little-endian.
   *
   * @throws as `calculate` does
   */
  async calculateValues(input: CircuitInput): Promise<Uint8Array> {
    return (await this.calculateFile(input)).subarray(WITNESS_OFFSET);
  }

  /**
   * As `calculateValues`, where a witness was found to be wrong: nothing is kept from earlier calculations, and
   * the generator is the one that was compiled.
   */
  async calculateAnew(input: CircuitInput): Promise<Uint8Array> {
    this.wipe();
    const file = await this.#stock.calculate(this.#circuit, input);
    return file.subarray(WITNESS_OFFSET);
  }

  #specialize(): void {
    const specialized = specializeGenerator(this.#stock.wasm);
    if (specialized === undefined) return;
    this.#stock.wipe();
    this.#fast = new WarmGenerator(specialized.wasm, specialized);
  }

  /** Overwrites what the last run left in memory; the next one starts anew. */
  wipe(): void {
    this.#stock.wipe();
    this.#fast?.wipe();
  }
}

/** A generator's code, compiled when it is first needed, and the instance of it that is warm. */
class WarmGenerator {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly #attach: ((exports: WasmExports) => WitnessReader) | undefined;
  #module: Promise<WebAssembly.Module> | undefined;
  #instance: GeneratorInstance | undefined;

  /** @param specialized what the code belongs to, if it is a patched one's */
  constructor(wasm: Uint8Array<ArrayBuffer>, specialized?: SpecializedGenerator) {
    this.wasm = wasm;
    this.#attach = specialized && ((exports) => attachMachine(specialized, exports));
  }

  compile(): Promise<WebAssembly.Module> {
    this.#module ??= WebAssembly.compile(this.wasm);
    return this.#module;
  }

  async calculate(circuit: string, input: CircuitInput): Promise<Uint8Array<ArrayBuffer>> {
    this.#instance ??= await GeneratorInstance.create(circuit, await this.compile(), this.#attach);
    try {
      return this.#instance.calculate(input);
    } catch (error) {
      this.wipe(); // a failed run leaves it half-way through the circuit
      throw error;
    }
  }

  wipe(): void {
    this.#instance?.wipe();
    this.#instance = undefined;
  }
}
