/**
 * Times the kernel's parts in CPU time: multiplication, fixed-base sums, transforms.
 *
 * @example
 * node scripts/bench-kernel.ts
 */
import { readFileSync } from "node:fs";
import { FIELD_ORDER } from "../src/field/field.ts";
import { G1_GENERATOR, G2_GENERATOR } from "../src/prover/curve.ts";
import type { Engine, Group } from "../src/prover/kernel/engine.ts";
import { createKernelEngine } from "../src/prover/kernel/kernelEngine.ts";
import type { KernelExports } from "../src/prover/kernel/kernelExports.ts";
import { POINT_BYTES, pointBytes, scalarBytes } from "../src/prover/kernel/layout.ts";
import { kernelFile } from "./build-kernel.ts";

const TERMS = 8192;
const ROUNDS = 15;
const generators = {
  g1: pointBytes(G1_GENERATOR.x, G1_GENERATOR.y),
  g2: pointBytes(G2_GENERATOR.x.c0, G2_GENERATOR.x.c1, G2_GENERATOR.y.c0, G2_GENERATOR.y.c1),
};

/** Milliseconds of CPU that one call takes: median and least of several rounds. */
function measure(name: string, perCall: number, unit: string, run: () => void): void {
  run();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / perCall;
  }).sort((a, b) => a - b);
  const text = (value = 0) => (unit === "ns" ? value * 1e6 : value).toFixed(2);
  console.log(`${name.padEnd(44)} ${text(times[ROUNDS >> 1])} ${unit} (least ${text(times[0])})`);
}

/** Distinct points: a chain of additions. */
function chain(engine: Engine, group: Group): Uint8Array {
  const points = new Uint8Array(TERMS * POINT_BYTES[group]);
  let point = generators[group];
  for (let k = 0; k < TERMS; k++) {
    points.set(point, k * POINT_BYTES[group]);
    point = engine.add(group, point, k % 2 === 0 ? point : generators[group]);
  }
  return points;
}

/** Scalars that fill the field. */
function scalars(count: number): Uint8Array {
  let value = 3n;
  const parts = Array.from({ length: count }, () => {
    value = (value * value + 5n) % FIELD_ORDER;
    return scalarBytes(value);
  });
  return new Uint8Array(Buffer.concat(parts));
}

const engine = await createKernelEngine();
if (engine === undefined) throw new Error("this Node has no relaxed SIMD");
const module = await WebAssembly.compile(readFileSync(kernelFile));
const { exports } = await WebAssembly.instantiate(module, {});
const kernel = exports as unknown as KernelExports;
const address = kernel.reserve(160);
const CALLS = 200_000;
measure("multiplication in Fq, chained, per element", 2 * CALLS, "ns", () => {
  for (let k = 0; k < CALLS; k++) kernel.fqMultiply(address, address, address);
});
const weights = scalars(TERMS);
for (const group of ["g1", "g2"] as const) {
  const bases = engine.loadBases(group, chain(engine, group));
  measure(`sum of ${TERMS} terms in ${group}`, 1, "ms", () => {
    engine.msm(bases, weights);
  });
  const indices = Uint32Array.from({ length: TERMS / 4 }, (_, k) => 4 * k);
  const some = weights.subarray(0, indices.length * 32);
  measure(`sum of ${indices.length} of them`, 1, "ms", () => {
    engine.msm(bases, some, indices);
  });
}
measure(`quotient of ${TERMS} rows (6 transforms)`, 1, "ms", () => {
  engine.quotient(weights, weights);
});
const log = Math.log2(TERMS);
kernel.prepareTransforms(log);
measure(`transform of ${TERMS}, two at once, each`, 2, "ms", () => {
  kernel.transform();
});
