import { readFileSync } from "node:fs";
import * as snarkjs from "snarkjs";
import { toEvmPoints } from "../../../src/prover/snarkjsFormat.ts";

/** A proof in EVM order. */
export type Points = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
/** c, z, y. */
export type PublicSignals = readonly [bigint, bigint, bigint];

const fixture = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));
const wasm = fixture("open.wasm");
const provingKeys = { gate: fixture("open-gate.zkey"), wide: fixture("open-wide.zkey") };

/**
 * A real Groth16 proof of the open circuit, which accepts EVERY statement. It stands for the strongest
 * thief there is, whose policy allows everything: what is tested with it is that the gate binds the proof
 * to one action, never that a policy was obeyed.
 */
export async function openProof(
  key: keyof typeof provingKeys,
  [c, z, y]: PublicSignals,
): Promise<Points> {
  const { proof } = await snarkjs.groth16.fullProve(
    { c, z, y, dummy: 1n },
    wasm,
    provingKeys[key],
    undefined,
    undefined,
    { singleThread: true },
  );
  return toEvmPoints(proof) as unknown as Points;
}
