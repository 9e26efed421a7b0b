/**
 * The engine on wasmcurves, the arithmetic of snarkjs itself: the oracle of the kernel's tests, and the
 * slow path. Nothing is precomputed.
 */
import { FIELD_ORDER } from "../../field/field.ts";
import type { Bases, Engine, Group, Matrices } from "./engine.ts";
import { POINT_BYTES, SCALAR_BYTES, scalarBytes } from "./layout.ts";
import { Wasmcurves } from "./wasmcurves.ts";

/** Points multiplied at once: bounds the memory of the instance. */
const MSM_CHUNK = 1 << 14;
/** Bits of a window by the binary logarithm of the number of points. */
const windowBits = (points: number) => Math.max(1, Math.min(13, Math.floor(Math.log2(points)) - 1));
const SCALAR_BITS = 8 * SCALAR_BYTES;
/** Bytes of an entry of section 4: matrix, row, wire, value. */
const ENTRY_BYTES = 12 + SCALAR_BYTES;
/** A generator of the scalar field's multiplicative group, from whose powers roots of unity come. */
const GENERATOR = 5n;

const prefixes = { g1: "g1m", g2: "g2m" } as const;
/** Bytes of a Jacobian point. */
const jacobianBytes = (group: Group) => (POINT_BYTES[group] / 2) * 3;

interface ReferenceBases extends Bases {
  readonly points: Uint8Array;
}
interface ReferenceMatrices extends Matrices {
  readonly entries: Uint8Array;
}

/** @example const engine = createReferenceEngine(); */
export function createReferenceEngine(): Engine {
  return new ReferenceEngine();
}

class ReferenceEngine implements Engine {
  readonly name = "reference";
  readonly #curve = new Wasmcurves();

  loadBases(group: Group, points: Uint8Array): ReferenceBases {
    return { group, points, length: points.length / POINT_BYTES[group] };
  }

  exportTable(): undefined {}

  msm(bases: Bases, scalars: Uint8Array, indices?: Uint32Array): Uint8Array {
    const { group, points } = bases as ReferenceBases;
    const size = POINT_BYTES[group];
    const selected = indices ? gather(points, size, indices) : points;
    return this.#curve.scoped(() => {
      const sum = this.#zero(group);
      for (let start = 0; start * size < selected.length; start += MSM_CHUNK) {
        const end = start + MSM_CHUNK;
        const part = selected.subarray(start * size, end * size);
        const weights = scalars.subarray(start * SCALAR_BYTES, end * SCALAR_BYTES);
        this.#addProducts(group, sum, part, weights);
      }
      return this.#affine(group, sum);
    });
  }

  add(group: Group, a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.#curve.scoped(() => {
      const sum = this.#jacobian(group, a);
      this.#curve.call(`${prefixes[group]}_add`, sum, this.#jacobian(group, b), sum);
      return this.#affine(group, sum);
    });
  }

  negate(group: Group, a: Uint8Array): Uint8Array {
    return this.#curve.scoped(() => {
      const point = this.#jacobian(group, a);
      this.#curve.call(`${prefixes[group]}_neg`, point, point);
      return this.#affine(group, point);
    });
  }

  multiply(group: Group, point: Uint8Array, scalar: Uint8Array): Uint8Array {
    const curve = this.#curve;
    return curve.scoped(() => {
      const [base, product] = [this.#jacobian(group, point), this.#zero(group)];
      const weight = curve.place(scalar);
      curve.call(`${prefixes[group]}_timesScalar`, base, weight, scalar.length, product);
      return this.#affine(group, product);
    });
  }

  loadMatrices(coefficients: Uint8Array, domainSize: number): ReferenceMatrices {
    return { entries: coefficients.subarray(4), domainSize };
  }

  evaluate(matrices: Matrices, witness: Uint8Array): { a: Uint8Array; b: Uint8Array } {
    const { entries, domainSize } = matrices as ReferenceMatrices;
    const curve = this.#curve;
    const length = domainSize * SCALAR_BYTES;
    return curve.scoped(() => {
      const [from, wires] = [curve.place(entries), curve.place(witness)];
      const [a, b, c] = [curve.reserve(length), curve.reserve(length), curve.reserve(length)];
      const [count, wireCount] = [entries.length / ENTRY_BYTES, witness.length / SCALAR_BYTES];
      curve.call("qap_buildABC", from, count, wires, a, b, c, 0, domainSize, 0, wireCount);
      return { a: this.#plain(a, domainSize), b: this.#plain(b, domainSize) };
    });
  }

  quotient(a: Uint8Array, b: Uint8Array): Uint8Array {
    const curve = this.#curve;
    const size = a.length / SCALAR_BYTES;
    return curve.scoped(() => {
      const vectors = [a, b].map((values) => {
        const vector = curve.place(values);
        curve.call("frm_batchToMontgomery", vector, size, vector);
        return vector;
      });
      const [onA, onB] = vectors as [number, number];
      const onC = curve.reserve(a.length);
      for (let offset = 0; offset < a.length; offset += SCALAR_BYTES) {
        curve.call("frm_mul", onA + offset, onB + offset, onC + offset);
      }
      const [one, shift] = [this.#fieldElement(1n), this.#rootOfUnity(2 * size)];
      for (const vector of [onA, onB, onC]) {
        curve.call("frm_ifft", vector, size);
        curve.call("frm_batchApplyKey", vector, size, one, shift, vector);
        curve.call("frm_fft", vector, size);
      }
      curve.call("qap_joinABC", onA, onB, onC, size, onA);
      return this.#plain(onA, size);
    });
  }

  quotientOf(matrices: Matrices, witness: Uint8Array, h: Uint8Array, evaluated?: () => void): void {
    const { a, b } = this.evaluate(matrices, witness);
    evaluated?.();
    const quotient = this.quotient(a, b);
    h.set(quotient);
    for (const secret of [a, b, quotient]) secret.fill(0);
  }

  /** Nothing is kept. */
  forget(): void {}

  wipe(): void {
    this.#curve.wipe();
    // The functions' own variables.
    for (const group of ["g1", "g2"] as const) {
      this.multiply(group, new Uint8Array(POINT_BYTES[group]), new Uint8Array(SCALAR_BYTES));
    }
  }

  #zero(group: Group): number {
    const address = this.#curve.reserve(jacobianBytes(group));
    this.#curve.call(`${prefixes[group]}_zero`, address);
    return address;
  }

  #jacobian(group: Group, affine: Uint8Array): number {
    const address = this.#curve.reserve(jacobianBytes(group));
    this.#curve.call(`${prefixes[group]}_toJacobian`, this.#curve.place(affine), address);
    return address;
  }

  #affine(group: Group, point: number): Uint8Array {
    const address = this.#curve.reserve(POINT_BYTES[group]);
    this.#curve.call(`${prefixes[group]}_toAffine`, point, address);
    return this.#curve.read(address, POINT_BYTES[group]);
  }

  /** The values of a vector in Montgomery form. */
  #plain(vector: number, size: number): Uint8Array {
    this.#curve.call("frm_batchFromMontgomery", vector, size, vector);
    return this.#curve.read(vector, size * SCALAR_BYTES);
  }

  #fieldElement(value: bigint): number {
    const address = this.#curve.place(scalarBytes(value));
    this.#curve.call("frm_toMontgomery", address, address);
    return address;
  }

  /** A primitive root of unity. */
  #rootOfUnity(order: number): number {
    const exponent = this.#curve.place(scalarBytes((FIELD_ORDER - 1n) / BigInt(order)));
    const root = this.#curve.reserve(SCALAR_BYTES);
    this.#curve.call("frm_exp", this.#fieldElement(GENERATOR), exponent, SCALAR_BYTES, root);
    return root;
  }

  /** Adds `Σ scalarₖ · pointₖ` to a sum, window by window, most significant first. */
  #addProducts(group: Group, sum: number, points: Uint8Array, scalars: Uint8Array): void {
    const curve = this.#curve;
    const prefix = prefixes[group];
    const count = points.length / POINT_BYTES[group];
    const bits = windowBits(count);
    curve.scoped(() => {
      const [bases, weights] = [curve.place(points), curve.place(scalars)];
      const [total, part] = [this.#zero(group), this.#zero(group)];
      const top = Math.ceil(SCALAR_BITS / bits) - 1;
      for (let first = top * bits; first >= 0; first -= bits) {
        for (let bit = 0; bit < bits; bit++) curve.call(`${prefix}_double`, total, total);
        const width = Math.min(bits, SCALAR_BITS - first);
        const from = [bases, weights, SCALAR_BYTES, count, first, width] as const;
        curve.call(`${prefix}_multiexpAffine_chunk`, ...from, part);
        curve.call(`${prefix}_add`, total, part, total);
      }
      curve.call(`${prefix}_add`, sum, total, sum);
    });
  }
}

function gather(points: Uint8Array, size: number, indices: Uint32Array): Uint8Array {
  const selected = new Uint8Array(indices.length * size);
  indices.forEach((index, k) => {
    selected.set(points.subarray(index * size, (index + 1) * size), k * size);
  });
  return selected;
}
