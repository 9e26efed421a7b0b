import type { CircuitName } from "../../action/circuits.ts";
import { type ArtifactOptions, loadVerificationKey, usableCircuit } from "../artifacts.ts";
import { artifactsDirectory, type PinnedFile } from "../manifest.ts";
import type { VerificationKey } from "../verificationKey.ts";

/**
 * What a thread needs to load a circuit. The threads take it from the one that asks, so that they need
 * no manifest, and not the library that checks its form.
 */
export interface CircuitSource {
  /** The folder of the files. */
  directory: string;
  wasm: PinnedFile;
  zkey: PinnedFile;
  vkey: VerificationKey;
}

/**
 * Reads where a circuit comes from and what its proofs are verified with.
 *
 * @throws as `loadArtifacts` does
 */
export async function loadCircuitSource(
  circuit: CircuitName,
  options: ArtifactOptions,
): Promise<CircuitSource> {
  const { pinned } = await usableCircuit(circuit, options);
  const { directory = artifactsDirectory } = options;
  const vkey = await loadVerificationKey(circuit, options);
  return { directory, wasm: pinned.wasm, zkey: pinned.zkey, vkey };
}
