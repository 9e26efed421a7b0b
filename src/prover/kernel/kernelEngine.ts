/**
 * The engine on the kernel, `kernel.wasm` (AssemblyScript; `assembly/`, `generate/`, compiled by
 * scripts/build-kernel.ts): fixed-base tables, batch-affine sums, transforms, two field elements in the
 * lanes of relaxed SIMD. An engine has a memory of its own, so that each thread may have one.
 */
import { readFile } from "node:fs/promises";
import type { Bases, Engine, Group, Matrices, TableReader } from "./engine.ts";
import type { KernelExports } from "./kernelExports.ts";
import { POINT_BYTES, SCALAR_BYTES } from "./layout.ts";
import { compileMatrices } from "./matrixCode.ts";

/** The bits a scalar may have, 254, and one for the sign: what the windows must cover. */
const COVERED_BITS = 255;
const MIN_WINDOW_BITS = 4;
const MAX_WINDOW_BITS = 13;
/** Points given to the kernel at a time when a table is built. */
const STAGED_POINTS = 512;
/** The widest domain: its transforms take 344 bytes of memory a row. */
const MAX_DOMAIN = 1 << 20;

/** What an instance can address. */
const ADDRESS_SPACE = 2 ** 32;

const degrees = { g1: 1, g2: 2 } as const;
/** Bytes of a packed point by group. */
const packedBytes = { g1: 80, g2: 160 } as const;

/** Bytes of an element as the kernel keeps constants and wires: five doubles. */
const SHARED_BYTES = 40;

interface KernelBases extends Bases {
  readonly owner: KernelEngine;
  readonly windows: number;
  readonly windowBits: number;
  /** Address and bytes of the table. */
  readonly table: number;
  readonly tableBytes: number;
  /** Address of one byte for each base: 1 at infinity. */
  readonly flags: number;
}

interface KernelMatrices extends Matrices {
  readonly owner: KernelEngine;
  /** Wires that a witness must have at least. */
  readonly wires: number;
  readonly productCount: number;
  /** Addresses; see `assembly/matrices.ts`. */
  readonly starts: number;
  readonly codes: number;
  readonly productWires: number;
  readonly coefficients: number;
  /** Of the last witness: its bytes, limbs and products. */
  readonly witness: number;
  readonly limbs: number;
  readonly products: number;
  readonly changed: number;
}

/** What the wasm file gives, compiled once in each thread. */
let compiled: Promise<WebAssembly.Module | undefined> | undefined;

/**
 * An engine with memory of its own, or undefined where the machine or its Node lack relaxed SIMD. That the
 * machine fuses multiply-adds is for the caller to test, with known answers (`selfTest.ts`).
 *
 * @example const engine = await createKernelEngine();
 */
export async function createKernelEngine(): Promise<Engine | undefined> {
  compiled ??= readFile(new URL("./kernel.wasm", import.meta.url)).then((bytes) =>
    WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined,
  );
  const module = await compiled;
  if (module === undefined) return undefined;
  const { exports } = await WebAssembly.instantiate(module, {});
  return new KernelEngine(exports as unknown as KernelExports);
}

/** Window bits that make a sum of `points` scalars cheapest: additions of digits, then of buckets. */
function windowBitsFor(points: number): number {
  const cost = (bits: number) => points * Math.ceil(COVERED_BITS / bits) + 2 ** bits;
  let best = MIN_WINDOW_BITS;
  for (let bits = best; bits <= MAX_WINDOW_BITS; bits++) {
    if (cost(bits) < cost(best)) best = bits;
  }
  return best;
}

class KernelEngine implements Engine {
  /** Another one whenever the layout of tables changes. */
  readonly name = "kernel-2";
  readonly #kernel: KernelExports;
  /** Room for single points and scalars. */
  readonly #staging: number;

  /** Room for a witness that comes in. */
  #incoming: { address: number; wires: number } = { address: 0, wires: 0 };
  readonly #secret: { address: number; bytes: number }[] = [];

  constructor(kernel: KernelExports) {
    this.#kernel = kernel;
    this.#staging = this.#reserveSecret(STAGED_POINTS * POINT_BYTES.g2);
  }

  loadBases(group: Group, points: Uint8Array, readTable?: TableReader): Bases {
    const length = points.length / POINT_BYTES[group];
    if (!Number.isInteger(length)) throw new RangeError(`points of ${group} cut short`);
    const windowBits = windowBitsFor(length);
    const windows = Math.ceil(COVERED_BITS / windowBits);
    const tableBytes = length * windows * packedBytes[group];
    const address = this.#reserve(tableBytes);
    const flags = this.#reserve(length);
    const bases: KernelBases = {
      owner: this,
      group,
      length,
      windows,
      windowBits,
      table: address,
      tableBytes,
      flags,
    };
    const room = this.#read(address, tableBytes);
    if (!readTable?.(room)) {
      room.fill(0);
      this.#buildTable(bases, points);
    }
    this.#kernel.flagInfinities(degrees[group], address, length, windows, flags);
    return bases;
  }

  exportTable(bases: Bases): Uint8Array {
    const { table, tableBytes } = this.#own(bases);
    return this.#read(table, tableBytes);
  }

  msm(bases: Bases, scalars: Uint8Array, indices?: Uint32Array): Uint8Array {
    const { group, length, table, flags, windows, windowBits } = this.#own(bases);
    const count = scalars.length / SCALAR_BYTES;
    if (count !== (indices?.length ?? length)) throw new RangeError("one scalar for each base");
    if (indices?.some((index) => index >= length)) throw new RangeError("no base of that index");
    const kernel = this.#kernel;
    const scalarBuffer = kernel.scalarBuffer() >>> 0;
    const indexBuffer = kernel.indexBuffer() >>> 0;
    const limit = kernel.batchLimit(windows);
    kernel.msmBegin(windowBits);
    for (let first = 0; first < count; first += limit) {
      const end = Math.min(first + limit, count);
      this.#write(scalarBuffer, scalars.subarray(first * SCALAR_BYTES, end * SCALAR_BYTES));
      if (indices) {
        const part = indices.subarray(first, end);
        new Uint32Array(kernel.memory.buffer, indexBuffer, part.length).set(part);
      }
      const selected = indices === undefined ? 0 : 1;
      const refused = kernel.msmAdd(
        degrees[group],
        table,
        flags,
        windows,
        windowBits,
        first,
        end - first,
        selected,
      );
      if (refused >= 0) throw new RangeError("a scalar of more than 254 bits");
    }
    kernel.msmEnd(degrees[group], windowBits, this.#staging);
    return this.#take(group);
  }

  add(group: Group, a: Uint8Array, b: Uint8Array): Uint8Array {
    const [first, second] = [this.#stagePoint(group, a, 1), this.#stagePoint(group, b, 2)];
    this.#kernel.pointAdd(degrees[group], this.#staging, first, second);
    return this.#take(group);
  }

  negate(group: Group, a: Uint8Array): Uint8Array {
    this.#kernel.pointNegate(degrees[group], this.#staging, this.#stagePoint(group, a, 1));
    return this.#take(group);
  }

  multiply(group: Group, point: Uint8Array, scalar: Uint8Array): Uint8Array {
    if (scalar.length !== SCALAR_BYTES) throw new RangeError("a scalar has 32 bytes");
    const staged = this.#stagePoint(group, point, 1);
    const weight = this.#staging + 2 * POINT_BYTES.g2;
    this.#write(weight, scalar);
    this.#kernel.pointMultiply(degrees[group], this.#staging, staged, weight);
    return this.#take(group);
  }

  loadMatrices(coefficients: Uint8Array, domainSize: number): KernelMatrices {
    const { wires, starts, codes, productWires, values } = compileMatrices(
      coefficients,
      domainSize,
    );
    const productCount = productWires.length;
    const matrices: KernelMatrices = {
      owner: this,
      domainSize,
      wires,
      productCount,
      starts: this.#place(starts),
      codes: this.#place(codes),
      productWires: this.#place(productWires),
      coefficients: this.#reserve(productCount * SHARED_BYTES),
      witness: this.#reserveSecret(wires * SCALAR_BYTES),
      limbs: this.#reserveSecret((wires + 1) * SHARED_BYTES),
      products: this.#reserveSecret(productCount * SHARED_BYTES),
      changed: this.#reserveSecret(wires),
    };
    if (wires > this.#incoming.wires) {
      this.#incoming = { address: this.#reserveSecret(wires * SCALAR_BYTES), wires };
    }
    const chunk = STAGED_POINTS * (POINT_BYTES.g2 / SCALAR_BYTES);
    for (let first = 0; first < productCount; first += chunk) {
      const end = Math.min(first + chunk, productCount);
      this.#write(this.#staging, values.subarray(first * SCALAR_BYTES, end * SCALAR_BYTES));
      const to = matrices.coefficients + first * SHARED_BYTES;
      this.#kernel.convertCoefficients(to, this.#staging, end - first);
    }
    return matrices;
  }

  evaluate(matrices: Matrices, witness: Uint8Array): { a: Uint8Array; b: Uint8Array } {
    const length = matrices.domainSize * SCALAR_BYTES;
    const bytes = this.#prepareTransforms(matrices.domainSize);
    this.#evaluate(matrices, witness, { plain: bytes, limbs: 0 });
    return { a: this.#read(bytes, length).slice(), b: this.#read(bytes + length, length).slice() };
  }

  quotient(a: Uint8Array, b: Uint8Array): Uint8Array {
    const bytes = this.#prepareTransforms(a.length / SCALAR_BYTES);
    if (a.length !== b.length) throw new RangeError("two vectors of different lengths");
    this.#write(bytes, a);
    this.#write(bytes + a.length, b);
    this.#kernel.quotient();
    return this.#read(bytes, a.length).slice();
  }

  quotientOf(matrices: Matrices, witness: Uint8Array, h: Uint8Array, evaluated?: () => void): void {
    const bytes = this.#prepareTransforms(matrices.domainSize);
    this.#evaluate(matrices, witness, { plain: 0, limbs: this.#kernel.transformRoom() >>> 0 });
    evaluated?.();
    this.#kernel.divide();
    h.set(this.#read(bytes, matrices.domainSize * SCALAR_BYTES));
  }

  forget(matrices: Matrices): void {
    const { witness, limbs, products, changed, wires, productCount } = this.#ownMatrices(matrices);
    this.#read(witness, wires * SCALAR_BYTES).fill(0);
    this.#read(limbs, (wires + 1) * SHARED_BYTES).fill(0);
    this.#read(products, productCount * SHARED_BYTES).fill(0);
    this.#read(changed, wires).fill(0);
  }

  wipe(): void {
    this.#kernel.wipe();
    for (const { address, bytes } of this.#secret) this.#read(address, bytes).fill(0);
  }

  #buildTable({ group, length, windows, windowBits, table }: KernelBases, points: Uint8Array) {
    const size = POINT_BYTES[group];
    for (let first = 0; first < length; first += STAGED_POINTS) {
      const end = Math.min(first + STAGED_POINTS, length);
      this.#write(this.#staging, points.subarray(first * size, end * size));
      const refused = this.#kernel.buildTable(
        degrees[group],
        this.#staging,
        end - first,
        windows,
        windowBits,
        table + first * windows * packedBytes[group],
      );
      if (refused >= 0) throw new RangeError(`point ${first + refused} is not on the curve`);
    }
  }

  #reserve(bytes: number): number {
    if (bytes >= ADDRESS_SPACE) throw new RangeError("more than 4 GB of tables");
    return this.#kernel.reserve(bytes) >>> 0;
  }

  /** Room that `wipe` overwrites. */
  #reserveSecret(bytes: number): number {
    const address = this.#reserve(bytes);
    this.#secret.push({ address, bytes });
    return address;
  }

  /** Puts words where they stay. */
  #place(words: Uint32Array): number {
    const address = this.#reserve(words.byteLength);
    new Uint32Array(this.#kernel.memory.buffer, address, words.length).set(words);
    return address;
  }

  /** @returns where the bytes of A go, and then those of B */
  #prepareTransforms(size: number): number {
    const log = Math.log2(size);
    if (!Number.isInteger(log) || size > MAX_DOMAIN) {
      throw new RangeError("a domain that is no power of two, or too large");
    }
    return this.#kernel.prepareTransforms(log) >>> 0;
  }

  #evaluate(
    matrices: Matrices,
    witness: Uint8Array,
    { plain, limbs }: { plain: number; limbs: number },
  ): void {
    const own = this.#ownMatrices(matrices);
    const length = own.wires * SCALAR_BYTES;
    if (witness.length < length) throw new RangeError("a witness with too few wires");
    const incoming = this.#incoming.address;
    this.#write(incoming, witness.subarray(0, length));
    const refused = this.#kernel.evaluateMatrices(
      incoming,
      own.witness,
      own.wires,
      own.limbs,
      own.changed,
      own.productWires,
      own.coefficients,
      own.products,
      own.productCount,
      own.starts,
      own.codes,
      2 * own.domainSize,
      plain,
      limbs,
    );
    if (refused >= 0) throw new RangeError("a wire of more than 254 bits");
  }

  #ownMatrices(matrices: Matrices): KernelMatrices {
    const own = matrices as KernelMatrices;
    if (own.owner !== this) throw new RangeError("matrices of another engine");
    return own;
  }

  #own(bases: Bases): KernelBases {
    const own = bases as KernelBases;
    if (own.owner !== this) throw new RangeError("bases of another engine");
    return own;
  }

  /** Puts a point in one of the staging places 0, 1, 2. */
  #stagePoint(group: Group, point: Uint8Array, place: number): number {
    if (point.length !== POINT_BYTES[group]) throw new RangeError(`not a point of ${group}`);
    const address = this.#staging + place * POINT_BYTES.g2;
    this.#write(address, point);
    return address;
  }

  /** The point that the kernel left in the staging place 0. */
  #take(group: Group): Uint8Array {
    return this.#read(this.#staging, POINT_BYTES[group]).slice();
  }

  #write(address: number, bytes: Uint8Array): void {
    new Uint8Array(this.#kernel.memory.buffer).set(bytes, address);
  }

  #read(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#kernel.memory.buffer, address, length);
  }
}
