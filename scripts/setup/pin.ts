/**
 * Writes what follows from the circuits' keys: verifier contracts, their compiled code in src/, and
 * circuits/artifacts/manifest.json, which pins everything by hash.
 *
 *   node scripts/setup/pin.ts
 */
import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { type Hex, keccak256 } from "viem";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";
import { BaseError } from "../../src/errors/base.ts";
import {
  type ArtifactManifest,
  artifactsDirectory,
  MANIFEST_FILE,
  type PinnedCircuit,
  type PinnedFile,
} from "../../src/prover/manifest.ts";
import { readPtauManifest } from "../../src/prover/setup/ptauManifest.ts";
import { readR1csHeader } from "../../src/prover/setup/r1cs.ts";
import { parseTranscript, type Transcript } from "../../src/prover/setup/transcript.ts";
import { solidityVerifier } from "../../src/prover/solidityVerifier.ts";
import { parseVerificationKey } from "../../src/prover/verificationKey.ts";
import { runTool } from "../circuits/compile.ts";
import { circuitFiles, circuitNames, fileSha256, root } from "./files.ts";
import { step } from "./progress.ts";

const hardhat = join(root, "node_modules/hardhat/dist/src/cli.js");

const readJson = async (path: string) => JSON.parse(await readFile(path, "utf8"));

/** The Solidity source of a circuit's verifier, as its verification key gives it. */
export async function verifierSource(circuit: CircuitName): Promise<string> {
  const { vkey, contract } = circuitFiles(circuit);
  const { setup } = await readTranscript(circuit);
  return solidityVerifier(parseVerificationKey(await readJson(vkey), vkey), {
    name: contract,
    notice:
      setup === "ceremony"
        ? "The key comes from a public multi-party ceremony; see its transcript."
        : "The key comes from a development ceremony.",
  });
}

export async function readTranscript(circuit: CircuitName): Promise<Transcript> {
  const { transcript } = circuitFiles(circuit);
  return parseTranscript(await readJson(transcript), transcript);
}

/** keccak256 of a verifier's code on-chain, as it is compiled now. */
export async function runtimeCodeHash(circuit: CircuitName): Promise<Hex> {
  const { deployedBytecode } = await readJson(circuitFiles(circuit).compiledVerifier);
  return keccak256(deployedBytecode as Hex);
}

async function pinFile(path: string): Promise<PinnedFile> {
  const { size } = await stat(path);
  return { file: relative(artifactsDirectory, path), bytes: size, sha256: await fileSha256(path) };
}

async function pinCircuit(circuit: CircuitName): Promise<PinnedCircuit> {
  const files = circuitFiles(circuit);
  const r1cs = await readFile(files.r1cs);
  const { rows, wires } = readR1csHeader(r1cs, files.r1cs);
  const { id, words } = circuits[circuit];
  return {
    id,
    words,
    rows,
    wires,
    r1csSha256: createHash("sha256").update(r1cs).digest("hex"),
    wasm: await pinFile(files.wasm),
    zkey: await pinFile(files.zkey),
    vkey: await pinFile(files.vkey),
    transcript: await pinFile(files.transcript),
    verifier: {
      source: files.verifierSource,
      sourceSha256: await fileSha256(join(root, files.verifierSource)),
      runtimeCodeHash: await runtimeCodeHash(circuit),
    },
  };
}

async function run(name: string, module: string, ...args: string[]): Promise<void> {
  await step(name, async () => {
    const { code, output } = await runTool(module, args);
    if (code !== 0) throw new BaseError(`${name} failed`, { details: output.trim().split("\n") });
  });
}

/** Writes verifiers, the manifest and the verifiers' code for the keys in circuits/artifacts/. */
export async function pinArtifacts(): Promise<void> {
  const sources = circuitNames.map((circuit) => circuitFiles(circuit).verifierSource);
  for (const [i, circuit] of circuitNames.entries()) {
    await writeFile(join(root, sources[i] as string), await verifierSource(circuit));
  }
  await run("compile the verifiers", hardhat, "build", "--build-profile", "production", ...sources);
  const transcripts = await Promise.all(circuitNames.map(readTranscript));
  const { installed } = await readPtauManifest();
  const pinned = await Promise.all(circuitNames.map(pinCircuit));
  const manifest: ArtifactManifest = {
    version: 1,
    setup: transcripts.every(({ setup }) => setup === "ceremony") ? "ceremony" : "development",
    ptau: { file: installed.file, sha256: installed.sha256 },
    circuits: Object.fromEntries(circuitNames.map((name, i) => [name, pinned[i] as PinnedCircuit])),
  };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(join(artifactsDirectory, MANIFEST_FILE), text);
  await run("write the contracts' code", join(root, "scripts/generate-abi.ts"));
}

if (import.meta.main) {
  try {
    await pinArtifacts();
  } catch (error) {
    console.error(error instanceof BaseError ? error.message : error);
    process.exitCode = 1;
  }
}
