import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Groth16Proof, groth16, type VerificationKey } from "snarkjs";
import type { CircuitName } from "../../src/action/circuits.ts";
import { artifactsDirectory } from "../../src/prover/manifest.ts";
import type { Proof } from "../../src/prover/prover.ts";

const keys = new Map<CircuitName, Promise<VerificationKey>>();

async function readKey(circuit: CircuitName): Promise<VerificationKey> {
  return JSON.parse(await readFile(join(artifactsDirectory, circuit, "vkey.json"), "utf8"));
}

/** Whether snarkjs accepts a proof for public signals, the proof's own unless given. */
export async function snarkjsVerify(
  { circuit, points, publicSignals }: Proof,
  signals: readonly bigint[] = publicSignals,
): Promise<boolean> {
  const key = keys.get(circuit) ?? readKey(circuit);
  keys.set(circuit, key);
  const [ax, ay, bx1, bx0, by1, by0, cx, cy] = points.map(String) as string[] & { length: 8 };
  const proof: Groth16Proof = {
    pi_a: [ax as string, ay as string, "1"],
    pi_b: [
      [bx0 as string, bx1 as string],
      [by0 as string, by1 as string],
      ["1", "0"],
    ],
    pi_c: [cx as string, cy as string, "1"],
    protocol: "groth16",
    curve: "bn128",
  };
  return groth16.verify(await key, signals.map(String), proof);
}
