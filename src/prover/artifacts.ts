import { type CircuitName, circuits } from "../action/circuits.ts";
import { ArtifactMismatchError, DevelopmentKeysError } from "../errors/setup.ts";
import {
  artifactsDirectory,
  type PinnedCircuit,
  pinnedCircuitOf,
  readManifest,
} from "./manifest.ts";
import { readPinnedFile, readPinnedKey } from "./pinnedFile.ts";
import { parseVerificationKey, type VerificationKey } from "./verificationKey.ts";

export interface ArtifactOptions {
  /** Refuses development keys. Default: whether ZKMANDATE_PRODUCTION is set (and not 0). */
  production?: boolean | undefined;
  /** A folder with a manifest; this package's own artifacts unless told. */
  directory?: string | undefined;
}

/** Everything that proves and verifies one circuit, each file equal to its pinned hash. */
export interface Artifacts {
  circuit: CircuitName;
  /** Where the keys come from; development keys guard nothing of value. */
  setup: "development" | "ceremony";
  pinned: PinnedCircuit;
  /** Witness generator. */
  wasm: Uint8Array<ArrayBuffer>;
  /** Proving key, a snarkjs zkey file. */
  zkey: Uint8Array<ArrayBuffer>;
  vkey: VerificationKey;
}

/** The files of a circuit that are loaded at run time. */
export type ArtifactKind = "wasm" | "zkey" | "vkey" | "transcript";

/**
 * Whether production mode is on: what the caller says, else the environment.
 *
 * Any value of ZKMANDATE_PRODUCTION but `0` and the empty one turns it on.
 */
export function isProduction(option?: boolean): boolean {
  return option ?? !["", "0"].includes(process.env.ZKMANDATE_PRODUCTION ?? "");
}

/**
 * What is pinned for a circuit, if its keys may be used at all.
 *
 * @throws {DevelopmentKeysError} if they are development keys and production mode is on
 */
export async function usableCircuit(circuit: CircuitName, options: ArtifactOptions = {}) {
  const manifest = await readManifest(options.directory);
  if (isProduction(options.production) && manifest.setup !== "ceremony") {
    throw new DevelopmentKeysError({ circuit });
  }
  const pinned = pinnedCircuitOf(manifest, circuit);
  const { id, words } = circuits[circuit];
  if (pinned.id !== id || pinned.words !== words) {
    throw new ArtifactMismatchError({
      file: `circuit ${circuit}`,
      expected: `number ${id}, ${words} words`,
      received: `number ${pinned.id}, ${pinned.words} words`,
    });
  }
  return { setup: manifest.setup, pinned };
}

/**
 * Loads one file of a circuit and compares it with its pinned hash.
 *
 * @throws {DevelopmentKeysError} if they are development keys, by the manifest or the key's own mark, and
 *   production mode is on
 * @throws {ArtifactMismatchError} if the file is missing or has other bytes
 */
export async function loadArtifact(
  circuit: CircuitName,
  kind: ArtifactKind,
  options: ArtifactOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { pinned } = await usableCircuit(circuit, options);
  const directory = options.directory ?? artifactsDirectory;
  return kind === "zkey"
    ? readPinnedKey(circuit, directory, pinned.zkey, isProduction(options.production))
    : readPinnedFile(directory, pinned[kind]);
}

/**
 * Loads a circuit's verification key.
 *
 * @throws as `loadArtifact` does
 */
export async function loadVerificationKey(
  circuit: CircuitName,
  options: ArtifactOptions = {},
): Promise<VerificationKey> {
  const bytes = await loadArtifact(circuit, "vkey", options);
  return parseVerificationKey(JSON.parse(new TextDecoder().decode(bytes)), `${circuit} vkey`);
}

/**
 * Loads what a prover of one circuit needs, every file compared with its pinned hash.
 *
 * @throws {DevelopmentKeysError} if they are development keys and production mode is on
 * @throws {ArtifactMismatchError} if a file is missing or has other bytes
 *
 * @example
 * const { vkey, setup } = await loadArtifacts("gate");
 */
export async function loadArtifacts(
  circuit: CircuitName,
  options: ArtifactOptions = {},
): Promise<Artifacts> {
  const { setup, pinned } = await usableCircuit(circuit, options);
  const [wasm, zkey, vkey] = await Promise.all([
    loadArtifact(circuit, "wasm", options),
    loadArtifact(circuit, "zkey", options),
    loadVerificationKey(circuit, options),
  ]);
  return { circuit, setup, pinned, wasm, zkey, vkey };
}
