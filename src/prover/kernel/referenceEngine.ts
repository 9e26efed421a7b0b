/**
 * The engine on ffjavascript's WebAssembly (wasmcurves), the arithmetic of snarkjs itself: the oracle of
 * the kernel's tests, and the slow path. Nothing is precomputed.
 */
import type { Command, Curve, Point } from "ffjavascript";
import type { Bases, Engine, Group, Matrices } from "./engine.ts";
import { POINT_BYTES, SCALAR_BYTES } from "./layout.ts";
import { threadCurve } from "./threadCurve.ts";

/** Points multiplied at once: bounds the memory of the instance. */
const MSM_CHUNK = 1 << 14;
/** Bits of a window by the binary logarithm of the number of points. */
const windowBits = (points: number) => Math.max(1, Math.min(13, Math.floor(Math.log2(points)) - 1));
const SCALAR_BITS = 8 * SCALAR_BYTES;
/** Bytes of an entry of section 4: matrix, row, wire, value. */
const ENTRY_BYTES = 12 + SCALAR_BYTES;

interface ReferenceBases extends Bases {
  readonly points: Uint8Array;
}
interface ReferenceMatrices extends Matrices {
  readonly entries: Uint8Array;
}

/** @example const engine = await createReferenceEngine(); */
export async function createReferenceEngine(): Promise<Engine> {
  return new ReferenceEngine(await threadCurve());
}

class ReferenceEngine implements Engine {
  readonly name = "reference";
  readonly #curve: Curve;
  /** The most memory that a task has used: what `wipe` overwrites. */
  #used = 0;

  constructor(curve: Curve) {
    this.#curve = curve;
  }

  loadBases(group: Group, points: Uint8Array): ReferenceBases {
    return { group, points, length: points.length / POINT_BYTES[group] };
  }

  exportTable(): undefined {}

  msm(bases: Bases, scalars: Uint8Array, indices?: Uint32Array): Uint8Array {
    const { group, points } = bases as ReferenceBases;
    const size = POINT_BYTES[group];
    const selected = indices ? gather(points, size, indices) : points;
    const { G } = this.#group(group);
    let sum = G.zero;
    for (let start = 0; start * size < selected.length; start += MSM_CHUNK) {
      const end = start + MSM_CHUNK;
      const part = selected.subarray(start * size, end * size);
      const weights = scalars.subarray(start * SCALAR_BYTES, end * SCALAR_BYTES);
      sum = G.add(sum, this.#multiply(group, part, weights));
    }
    return G.toAffine(sum);
  }

  add(group: Group, a: Uint8Array, b: Uint8Array): Uint8Array {
    const { G } = this.#group(group);
    return G.toAffine(G.add(a, b));
  }

  negate(group: Group, a: Uint8Array): Uint8Array {
    return this.#group(group).G.neg(a);
  }

  multiply(group: Group, point: Uint8Array, scalar: Uint8Array): Uint8Array {
    const { G } = this.#group(group);
    return G.toAffine(G.timesScalar(point, scalar));
  }

  loadMatrices(coefficients: Uint8Array, domainSize: number): ReferenceMatrices {
    return { entries: coefficients.subarray(4), domainSize };
  }

  evaluate(matrices: Matrices, witness: Uint8Array): { a: Uint8Array; b: Uint8Array } {
    const { entries, domainSize } = matrices as ReferenceMatrices;
    const length = domainSize * SCALAR_BYTES;
    const output = (variable: number): Command => ({ cmd: "ALLOC", var: variable, len: length });
    const plain = (variable: number): Command => ({
      cmd: "CALL",
      fnName: "frm_batchFromMontgomery",
      params: [{ var: variable }, { val: domainSize }, { var: variable }],
    });
    const [a, b] = this.#run([
      { cmd: "ALLOCSET", var: 0, buff: entries },
      { cmd: "ALLOCSET", var: 1, buff: witness },
      output(2),
      output(3),
      output(4),
      {
        cmd: "CALL",
        fnName: "qap_buildABC",
        params: [
          { var: 0 },
          { val: entries.length / ENTRY_BYTES },
          { var: 1 },
          { var: 2 },
          { var: 3 },
          { var: 4 },
          { val: 0 },
          { val: domainSize },
          { val: 0 },
          { val: witness.length / SCALAR_BYTES },
        ],
      },
      plain(2),
      plain(3),
      { cmd: "GET", out: 0, var: 2, len: length },
      { cmd: "GET", out: 1, var: 3, len: length },
    ]);
    return { a: a as Uint8Array, b: b as Uint8Array };
  }

  quotient(a: Uint8Array, b: Uint8Array): Uint8Array {
    const { Fr } = this.#curve;
    const size = a.length / SCALAR_BYTES;
    const shift = Fr.w[Math.log2(size) + 1] as Uint8Array;
    const call = (fnName: string, ...params: ({ var: number } | { val: number })[]): Command => ({
      cmd: "CALL",
      fnName,
      params,
    });
    const [vector, n] = [(variable: number) => ({ var: variable }), { val: size }];
    const toCoset = (variable: number): Command[] => [
      call("frm_ifft", vector(variable), n),
      call("frm_batchApplyKey", vector(variable), n, vector(3), vector(4), vector(variable)),
      call("frm_fft", vector(variable), n),
    ];
    const [h] = this.#run([
      { cmd: "ALLOCSET", var: 0, buff: a },
      { cmd: "ALLOCSET", var: 1, buff: b },
      { cmd: "ALLOC", var: 2, len: a.length },
      { cmd: "ALLOCSET", var: 3, buff: Fr.one },
      { cmd: "ALLOCSET", var: 4, buff: shift },
      call("frm_batchToMontgomery", vector(0), n, vector(0)),
      call("frm_batchToMontgomery", vector(1), n, vector(1)),
      ...Array.from({ length: size }, (_, row): Command => {
        const at = (variable: number) => ({ var: variable, offset: row * SCALAR_BYTES });
        return call("frm_mul", at(0), at(1), at(2));
      }),
      ...[0, 1, 2].flatMap(toCoset),
      call("qap_joinABC", vector(0), vector(1), vector(2), n, vector(0)),
      call("frm_batchFromMontgomery", vector(0), n, vector(0)),
      { cmd: "GET", out: 0, var: 0, len: a.length },
    ]);
    return h as Uint8Array;
  }

  wipe(): void {
    const used = this.#used;
    this.#run([{ cmd: "ALLOCSET", var: 0, buff: new Uint8Array(used) }]);
    this.#used = 0;
    for (const { G } of [this.#group("g1"), this.#group("g2")]) G.timesScalar(G.g, 0n);
  }

  #group(group: Group) {
    return group === "g1"
      ? { G: this.#curve.G1, prefix: "g1m" }
      : { G: this.#curve.G2, prefix: "g2m" };
  }

  /** `Σ scalarₖ · pointₖ` window by window, most significant first; a Jacobian point. */
  #multiply(group: Group, points: Uint8Array, scalars: Uint8Array): Point {
    const { G, prefix } = this.#group(group);
    const count = points.length / POINT_BYTES[group];
    const bits = windowBits(count);
    const windows = Math.ceil(SCALAR_BITS / bits);
    const size = (POINT_BYTES[group] / 2) * 3;
    const sums = this.#run([
      { cmd: "ALLOCSET", var: 0, buff: points },
      { cmd: "ALLOCSET", var: 1, buff: scalars },
      { cmd: "ALLOC", var: 2, len: size },
      ...Array.from({ length: windows }, (_, window): Command[] => [
        {
          cmd: "CALL",
          fnName: `${prefix}_multiexpAffine_chunk`,
          params: [
            { var: 0 },
            { var: 1 },
            { val: SCALAR_BYTES },
            { val: count },
            { val: window * bits },
            { val: Math.min(bits, SCALAR_BITS - window * bits) },
            { var: 2 },
          ],
        },
        { cmd: "GET", out: window, var: 2, len: size },
      ]).flat(),
    ]);
    let total = G.zero;
    for (const sum of sums.reverse()) {
      for (let bit = 0; bit < bits; bit++) total = G.add(total, total);
      total = G.add(total, sum);
    }
    return total;
  }

  #run(task: readonly Command[]): Uint8Array[] {
    const used = task.reduce((sum, command) => {
      if (command.cmd === "ALLOC") return sum + command.len;
      return command.cmd === "ALLOCSET" ? sum + command.buff.length : sum;
    }, 0);
    this.#used = Math.max(this.#used, used);
    return this.#curve.tm.taskManager(task);
  }
}

function gather(points: Uint8Array, size: number, indices: Uint32Array): Uint8Array {
  const selected = new Uint8Array(indices.length * size);
  indices.forEach((index, k) => {
    selected.set(points.subarray(index * size, (index + 1) * size), k * size);
  });
  return selected;
}
