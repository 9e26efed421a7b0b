import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Curve, getCurveFromName } from "ffjavascript";
import { groth16 } from "snarkjs";
import { vi } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import type { Blinding } from "../../../src/prover/kernel/blinding.ts";
import type { Groth16Result } from "../../../src/prover/kernel/groth16.ts";
import { beginPhase2, contributeToPhase2 } from "../../../src/prover/setup/ceremony.ts";
import { toEvmPoints } from "../../../src/prover/snarkjsFormat.ts";
import { makePhase1, r1csFile, type TinyCircuit, temporaryFolder } from "../setup/fixtures.ts";

/** A small deterministic generator, so that a failure can be repeated. */
export function randomness(seed: number) {
  let state = BigInt(seed) + 0x9e37_79b9n;
  const word = () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return state >> 32n;
  };
  const scalar = () => {
    let value = 0n;
    for (let k = 0; k < 9; k++) value = (value << 32n) | word();
    return value % FIELD_ORDER;
  };
  const below = (n: number) => Number(word() % BigInt(n));
  return { scalar, below };
}

/**
 * A chain of products and linear rows: wire k+1 of the private ones is the product of two sums of
 * earlier wires, or a sum itself; the public wires are the first of them.
 *
 * @returns the circuit and a witness for given first values
 */
export function randomCircuit(rows: number, publicInputs: number, seed = 1) {
  const { scalar, below } = randomness(seed);
  const inputs = publicInputs + 2;
  const wires = 1 + inputs + rows;
  const coefficient = () =>
    [1n, FIELD_ORDER - 1n, BigInt(below(100)), scalar()][below(4)] as bigint;
  const constraints = Array.from({ length: rows }, (_, row) => {
    const known = 1 + inputs + row;
    const sum = () => ({ [below(known)]: coefficient(), [below(known)]: coefficient() });
    const linear = row % 3 === 2;
    return { a: sum(), b: linear ? { 0: 1n } : sum(), c: { [known]: 1n } };
  });
  const circuit: TinyCircuit = { wires, publicInputs, constraints };
  const witness = (first: readonly bigint[]) => {
    const values = [1n, ...first.slice(0, inputs)];
    const dot = (terms: Readonly<Record<number, bigint>>) =>
      Object.entries(terms).reduce(
        (sum, [wire, value]) => (sum + value * (values[Number(wire)] as bigint)) % FIELD_ORDER,
        0n,
      );
    for (const { a, b } of constraints) values.push((dot(a) * dot(b)) % FIELD_ORDER);
    return values;
  };
  return { circuit, inputs, witness };
}

/** A contributed key of a tiny circuit. */
export async function keyOf(circuit: TinyCircuit, power: number): Promise<Uint8Array> {
  const folder = await temporaryFolder();
  const at = (name: string) => join(folder, name);
  await writeFile(at("c.r1cs"), r1csFile(circuit));
  const ptau = await makePhase1(folder, { power });
  await beginPhase2(at("c.r1cs"), ptau, at("begun.zkey"));
  await contributeToPhase2(at("begun.zkey"), at("final.zkey"), "test");
  return new Uint8Array(await readFile(at("final.zkey")));
}

/** snarkjs' curve, which it keeps between proofs. */
export const snarkjsCurve = (): Promise<Curve> => getCurveFromName("bn128");

/** What snarkjs proves when its randomness is given: it draws r, then s, and nothing else. */
export async function snarkjsProof(
  zkey: Uint8Array,
  witness: Uint8Array,
  { r, s }: Blinding,
): Promise<Groth16Result> {
  const { Fr } = await snarkjsCurve();
  const random = vi.spyOn(Fr, "random").mockReturnValueOnce(Fr.e(r)).mockReturnValueOnce(Fr.e(s));
  try {
    const { proof, publicSignals } = await groth16.prove(zkey, witness);
    if (random.mock.calls.length !== 2) throw new Error("snarkjs drew other values than r and s");
    return { points: toEvmPoints(proof), publicSignals: publicSignals.map(BigInt) };
  } finally {
    random.mockRestore();
  }
}
