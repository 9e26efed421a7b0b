/**
 * BN254 as WebAssembly from the package wasmcurves: the arithmetic of snarkjs, without ffjavascript
 * around it, which would build the same module anew on each thread (a quarter of a second, 20 MB).
 */
import { readFileSync } from "node:fs";

/** The module that ffjavascript builds, as the package ships it. */
const MODULE = import.meta.resolve("wasmcurves/build/bn128.wasm");
const PAGE_BYTES = 65_536;
/** Memory that the module was built for. */
const INITIAL_PAGES = 25;
/** Kept free past what is reserved: the module's own functions take memory there without asking. */
const SLACK_BYTES = 2 ** 21;

let compiled: WebAssembly.Module | undefined;

/** Bytes of an element of the pairing's target group. */
export const TARGET_BYTES = 384;
/** Bytes of a prepared point of G1, and of G2, for `bn128_millerLoop`. */
export const PREPARED_BYTES = { g1: 192, g2: 19_776 } as const;

type Functions = Readonly<Record<string, (...parameters: number[]) => number>>;

/** The module with memory of its own; nothing in it is asynchronous. */
export class Wasmcurves {
  readonly #memory = new WebAssembly.Memory({ initial: INITIAL_PAGES });
  readonly #functions: Functions;
  /** The end of the most memory that was ever reserved: what `wipe` overwrites. */
  #highest: number;

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL(MODULE)));
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } });
    this.#functions = exports as unknown as Functions;
    this.#highest = this.#free;
  }

  /** Runs one of the module's functions; addresses, counts and results are u32. */
  call(name: string, ...parameters: readonly number[]): number {
    const run = this.#functions[name];
    if (run === undefined) throw new RangeError(`wasmcurves has no function ${name}`);
    return run(...parameters);
  }

  /** Room of so many bytes; not zeroed. */
  reserve(bytes: number): number {
    const start = (this.#free + 7) & ~7;
    const end = start + bytes;
    const missing = end + SLACK_BYTES - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    this.#free = end;
    this.#highest = Math.max(this.#highest, end);
    return start;
  }

  /** Puts bytes into room of their own. */
  place(bytes: Uint8Array): number {
    const address = this.reserve(bytes.length);
    this.write(address, bytes);
    return address;
  }

  write(address: number, bytes: Uint8Array): void {
    new Uint8Array(this.#memory.buffer).set(bytes, address);
  }

  /** A copy of the bytes at an address. */
  read(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer).slice(address, address + length);
  }

  /** Gives back, afterwards, all room that the work takes. */
  scoped<T>(work: () => T): T {
    const before = this.#free;
    try {
      return work();
    } finally {
      this.#free = before;
    }
  }

  /** Overwrites all memory that was ever reserved but what is reserved now. */
  wipe(): void {
    const end = this.#highest + SLACK_BYTES;
    new Uint8Array(this.#memory.buffer).fill(0, this.#free, end);
    this.#highest = this.#free;
  }

  /** The module keeps at address 0 where free memory begins. */
  get #free(): number {
    return new Uint32Array(this.#memory.buffer, 0, 1)[0] as number;
  }
  set #free(address: number) {
    new Uint32Array(this.#memory.buffer, 0, 1)[0] = address;
  }
}
