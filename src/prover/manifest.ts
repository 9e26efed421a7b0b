import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { CircuitName } from "../action/circuits.ts";
import { ArtifactMismatchError, InvalidSetupFileError } from "../errors/setup.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const pinnedFile = z.object({
  /** Relative to the manifest's folder. */
  file: z.string(),
  bytes: z.int().positive(),
  sha256,
});
const pinnedCircuit = z.object({
  /** The circuit's number on-chain. */
  id: z.int().positive(),
  /** How many calldata words it reads. */
  words: z.int().positive(),
  rows: z.int().positive(),
  wires: z.int().positive(),
  r1csSha256: sha256,
  wasm: pinnedFile,
  zkey: pinnedFile,
  vkey: pinnedFile,
  transcript: pinnedFile,
  verifier: z.object({
    /** The generated contract, relative to the repository. */
    source: z.string(),
    sourceSha256: sha256,
    /** keccak256 of the code on-chain, as the production profile compiles it. */
    runtimeCodeHash: z.string().regex(/^0x[0-9a-f]{64}$/),
  }),
});
const manifest = z.object({
  version: z.literal(1),
  /** `development`: whoever ran the ceremony could forge proofs. `ceremony`: a public multi-party one. */
  setup: z.enum(["development", "ceremony"]),
  /** The phase-1 file that the keys were made from. */
  ptau: z.object({ file: z.string(), sha256 }),
  circuits: z.record(z.string(), pinnedCircuit),
});

/** What every artifact of the circuits must be: sizes, hashes and where the keys come from. */
export type ArtifactManifest = z.infer<typeof manifest>;
/** What the artifacts of one circuit must be. */
export type PinnedCircuit = z.infer<typeof pinnedCircuit>;
/** One file and its hash. */
export type PinnedFile = z.infer<typeof pinnedFile>;

/** Where the artifacts of this package are. */
export const artifactsDirectory = fileURLToPath(
  new URL("../../circuits/artifacts/", import.meta.url),
);
export const MANIFEST_FILE = "manifest.json";

/**
 * Reads the manifest of a folder of artifacts.
 *
 * @param directory this package's own unless told
 * @throws {ArtifactMismatchError} if there is none
 * @throws {InvalidSetupFileError} if it has another form
 */
export async function readManifest(directory = artifactsDirectory): Promise<ArtifactManifest> {
  const file = join(directory, MANIFEST_FILE);
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ArtifactMismatchError({
      file,
      expected: "a manifest of the circuits' artifacts",
      received: cause instanceof Error ? cause.message : "no file",
    });
  });
  const invalid = (received: string) =>
    new InvalidSetupFileError({ file, expected: "an artifact manifest, version 1", received });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid("text that is not JSON");
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  return parsed.data;
}

/**
 * What is pinned for one circuit.
 *
 * @throws {InvalidSetupFileError} if the manifest does not have it
 */
export function pinnedCircuitOf(from: ArtifactManifest, circuit: CircuitName): PinnedCircuit {
  const pinned = from.circuits[circuit];
  if (pinned === undefined) {
    throw new InvalidSetupFileError({
      file: MANIFEST_FILE,
      expected: `an entry for circuit ${circuit}`,
      received: Object.keys(from.circuits).join(", ") || "none",
    });
  }
  return pinned;
}
