import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";
import { artifactsDirectory } from "../../src/prover/manifest.ts";

/** The repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

export const circuitNames = Object.keys(circuits) as CircuitName[];

/** Where the files of a circuit's setup are. */
export function circuitFiles(circuit: CircuitName) {
  const contract = `${circuit.charAt(0).toUpperCase()}${circuit.slice(1)}Verifier`;
  const artifact = (name: string) => join(artifactsDirectory, circuit, name);
  return {
    r1cs: join(root, "build/circuits", `${circuit}.r1cs`),
    wasm: artifact(`${circuit}.wasm`),
    zkey: artifact(`${circuit}.zkey`),
    vkey: artifact("vkey.json"),
    transcript: artifact("transcript.json"),
    contract,
    /** Relative to the repository. */
    verifierSource: `contracts/verifier/${contract}.sol`,
    compiledVerifier: join(
      root,
      `build/artifacts/contracts/verifier/${contract}.sol/${contract}.json`,
    ),
  };
}

export async function fileSha256(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** Such as "snarkjs 0.7.6". */
export async function snarkjsVersion(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve("snarkjs");
  const manifest = await readFile(join(entry, "../../package.json"), "utf8");
  return `snarkjs ${JSON.parse(manifest).version}`;
}
