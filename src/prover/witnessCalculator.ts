import { CircuitInputError } from "../errors/prover.ts";
import type { CircuitInput } from "../witness/witness.ts";
import { GeneratorInstance, WITNESS_OFFSET } from "./circom/generatorInstance.ts";
import { type SpecializedGenerator, specializeGenerator } from "./circom/specialize.ts";

const WIRE_WORDS = 8;

/**
 * Runs a circuit's witness generator, compiled once and kept warm.
 *
 * Unlike the generator's usual runtime it prints nothing, and an error names the failing templates only:
 * inputs and witness are secret.
 *
 * A generator of the known circom version is made faster when it is loaded (circom/specialize.ts). Whatever
 * fails there is calculated again by the generator as it was compiled, so every error is its own.
 */
export class WitnessCalculator {
  readonly #circuit: string;
  readonly #stock: WarmGenerator;
  readonly #fast: WarmGenerator | undefined;

  private constructor(circuit: string, stock: WarmGenerator, fast: WarmGenerator | undefined) {
    this.#circuit = circuit;
    this.#stock = stock;
    this.#fast = fast;
  }

  /**
   * @param circuit how errors call the circuit
   * @param wasm witness generator made by `circom --wasm`, version 2; may not be changed afterwards
   */
  static async create(circuit: string, wasm: Uint8Array<ArrayBuffer>): Promise<WitnessCalculator> {
    const fast = specializeGenerator(wasm);
    const stock = new WarmGenerator({ wasm });
    if (fast === undefined) {
      await stock.compile();
      return new WitnessCalculator(circuit, stock, undefined);
    }
    const generator = new WarmGenerator(fast);
    await generator.compile();
    return new WitnessCalculator(circuit, stock, generator);
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

  /** Overwrites what the last run left in memory; the next one starts anew. */
  wipe(): void {
    this.#stock.wipe();
    this.#fast?.wipe();
  }
}

/** A generator's code, compiled when it is first needed, and the instance of it that is warm. */
class WarmGenerator {
  readonly #source: Pick<SpecializedGenerator, "wasm"> & Partial<SpecializedGenerator>;
  #module: Promise<WebAssembly.Module> | undefined;
  #instance: GeneratorInstance | undefined;

  constructor(source: Pick<SpecializedGenerator, "wasm"> & Partial<SpecializedGenerator>) {
    this.#source = source;
  }

  compile(): Promise<WebAssembly.Module> {
    this.#module ??= WebAssembly.compile(this.#source.wasm);
    return this.#module;
  }

  async calculate(circuit: string, input: CircuitInput): Promise<Uint8Array<ArrayBuffer>> {
    const { attach } = this.#source;
    this.#instance ??= await GeneratorInstance.create(circuit, await this.compile(), attach);
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
