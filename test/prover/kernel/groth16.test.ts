import { readFile } from "node:fs/promises";
import { groth16, zKey } from "snarkjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIELD_ORDER, inverse } from "../../../src/field/field.ts";
import { verifyGroth16 } from "../../../src/prover/groth16.ts";
import { randomBlinding, randomRescaling } from "../../../src/prover/kernel/blinding.ts";
import type { Engine } from "../../../src/prover/kernel/engine.ts";
import { assembleRescaled, proveGroth16 } from "../../../src/prover/kernel/groth16.ts";
import { createKernelEngine } from "../../../src/prover/kernel/kernelEngine.ts";
import {
  coordinates,
  pointBytes,
  SCALAR_BYTES,
  scalarBytes,
} from "../../../src/prover/kernel/layout.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { readWitnessFile } from "../../../src/prover/kernel/witnessFile.ts";
import { GROUP_OF, readProverKey } from "../../../src/prover/kernel/zkeySections.ts";
import { parseVerificationKey } from "../../../src/prover/verificationKey.ts";
import { calculatorOf } from "../../support/circuit.ts";
import { basePolicy, baseSituation, claimedTransition, inputOf } from "../../support/mandate.ts";
import { witnessFile } from "../setup/fixtures.ts";
import { keyOf, randomCircuit, randomness, snarkjsCurve, snarkjsProof } from "./fixtures.ts";

let engines: Engine[];
beforeAll(async () => {
  const kernel = await createKernelEngine();
  if (kernel === undefined) throw new Error("no relaxed SIMD here");
  engines = [createReferenceEngine(), kernel];
});
afterAll(async () => (await snarkjsCurve()).terminate());

/** Proves with snarkjs and with each engine, and has two verifiers judge the result. */
async function compare(zkey: Uint8Array, wtns: Uint8Array, blinding = randomBlinding()) {
  const key = readProverKey(zkey, "key");
  const result = await snarkjsProof(zkey, wtns, blinding);
  for (const engine of engines) {
    const witness = readWitnessFile(wtns, key.wires);
    expect(proveGroth16(engine, key, witness, blinding), engine.name).toEqual(result);
  }
  const json = await zKey.exportVerificationKey(zkey);
  const { points, publicSignals } = result;
  expect(verifyGroth16(parseVerificationKey(json, "vkey"), points, publicSignals)).toBe(true);
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = points.map(String) as [
    ...[string, string, string, string, string, string, string, string],
  ];
  const proof = {
    pi_a: [ax, ay, "1"] as [string, string, string],
    pi_b: [
      [bx0, bx1],
      [by0, by1],
      ["1", "0"],
    ] as [[string, string], [string, string], [string, string]],
    pi_c: [cx, cy, "1"] as [string, string, string],
    protocol: "groth16" as const,
    curve: "bn128" as const,
  };
  expect(await groth16.verify(json, publicSignals.map(String), proof)).toBe(true);
}

describe("proveGroth16", () => {
  it.each([
    // rows of the domain: constraints, public inputs and the constant
    { rows: 1, publicInputs: 0, power: 4, what: "one row, nothing public" },
    { rows: 5, publicInputs: 0, power: 4, what: "nothing public" },
    { rows: 13, publicInputs: 2, power: 5, what: "a domain exactly full" },
    { rows: 14, publicInputs: 2, power: 6, what: "a domain one row over" },
    { rows: 40, publicInputs: 7, power: 6, what: "many public inputs" },
  ])("gives snarkjs' proof for the same r and s: $what", async ({ rows, publicInputs, power }) => {
    const { scalar } = randomness(rows);
    const { circuit, inputs, witness } = randomCircuit(rows, publicInputs);
    const zkey = await keyOf(circuit, power);
    const values = witness(Array.from({ length: inputs }, scalar));
    await compare(zkey, witnessFile(values));
    await compare(zkey, witnessFile(witness(Array(inputs).fill(0n))));
    await compare(zkey, witnessFile(witness(Array(inputs).fill(FIELD_ORDER - 1n))));
    await compare(zkey, witnessFile(values), { r: 0n, s: 0n });
    await compare(zkey, witnessFile(values), { r: 1n, s: FIELD_ORDER - 1n });
  });

  it("gives snarkjs' proof for the gate circuit", async () => {
    const zkey = new Uint8Array(await readFile("circuits/artifacts/gate/gate.zkey"));
    const calculator = await calculatorOf("gate");
    const input = inputOf(claimedTransition(basePolicy, baseSituation));
    await compare(zkey, await calculator.calculateFile(input));
  });
});

describe("assembleRescaled", () => {
  it("gives snarkjs' proof for r = 0 and the same s, with A and B rescaled", async () => {
    const { scalar } = randomness(5);
    const { circuit, inputs, witness } = randomCircuit(20, 2);
    const zkey = await keyOf(circuit, 5);
    const key = readProverKey(zkey, "key");
    const wtns = witnessFile(witness(Array.from({ length: inputs }, scalar)));
    const values = readWitnessFile(wtns, key.wires);
    const vkey = parseVerificationKey(await zKey.exportVerificationKey(zkey), "vkey");
    for (const engine of engines) {
      const rows = engine.evaluate(engine.loadMatrices(key.coefficients, key.domainSize), values);
      const sum = (list: "a" | "b2" | "c" | "h", scalars: Uint8Array) =>
        engine.msm(engine.loadBases(GROUP_OF[list], key.points[list]), scalars);
      const sums = {
        a: sum("a", values),
        b2: sum("b2", values),
        c: sum("c", values.subarray((key.publicSignals + 1) * SCALAR_BYTES)),
        h: sum("h", engine.quotient(rows.a, rows.b)),
      };
      const { s } = randomBlinding();
      const unscaled = await snarkjsProof(zkey, wtns, { r: 0n, s });
      expect(assembleRescaled(engine, key, sums, { s, scale: 1n })).toEqual(unscaled.points);

      const { scale } = randomRescaling();
      const points = assembleRescaled(engine, key, sums, { s, scale });
      const [a, b] = [points.slice(0, 2), points.slice(2, 6)];
      expect(scaled("g1", engine, a, scale)).toEqual(unscaled.points.slice(0, 2));
      expect(scaled("g2", engine, b, inverse(scale))).toEqual(unscaled.points.slice(2, 6));
      expect(points.slice(6)).toEqual(unscaled.points.slice(6));
      expect(verifyGroth16(vkey, points, unscaled.publicSignals)).toBe(true);
    }
  });
});

/** A multiple of a point of a proof; coordinates of G2 come imaginary part first. */
function scaled(group: "g1" | "g2", engine: Engine, point: bigint[], scalar: bigint): bigint[] {
  const swap = ([x1, x0, y1, y0]: bigint[]) => [x0, x1, y0, y1] as bigint[];
  const plain = group === "g1" ? point : swap(point);
  const product = coordinates(engine.multiply(group, pointBytes(...plain), scalarBytes(scalar)));
  return group === "g1" ? product : swap(product);
}
