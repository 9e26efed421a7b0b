import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import { type ArtifactOptions, loadArtifact, loadArtifacts } from "../artifacts.ts";
import { artifactsDirectory, readManifest } from "../manifest.ts";
import { checkDistinctDeltas, checkProvingKey, checkVerificationKey } from "./checkKey.ts";
import { checkKeyOfPtau, type PowersOfTau, readPowersOfTau } from "./ptau.ts";
import { installedPtau, ptauDirectory, readPtauManifest } from "./ptauManifest.ts";
import { checkTranscript, parseTranscript } from "./transcript.ts";
import { type ProvingKey, readProvingKey } from "./zkey.ts";

export interface SetupReport {
  setup: "development" | "ceremony";
  /** The phase-1 file; whether it is here to be compared (the npm package leaves it out). */
  ptau: { file: string; compared: boolean };
  circuits: Record<string, { zkeySha256: string; contributions: { name: string; hash: string }[] }>;
  /** What is wrong, in words; empty if nothing is. */
  findings: string[];
}

/**
 * Checks everything about the installed setup that takes seconds: hashes, phase 1's first points, each key's
 * points and contributions, verification keys, transcripts, and that no two circuits share δ. (That keys
 * follow from their constraints takes minutes: `npm run setup:verify`.)
 *
 * @param options folder of the artifacts, production mode
 * @throws {ArtifactMismatchError} if a file is missing or not the pinned one
 * @throws {DevelopmentKeysError} if they are development keys and production mode is on
 * @throws {InvalidSetupFileError} {InsecureSetupError} if the phase-1 file cannot be used
 */
export async function checkSetup(options: ArtifactOptions = {}): Promise<SetupReport> {
  const manifest = await readManifest(options.directory ?? artifactsDirectory);
  const entry = (await readPtauManifest()).installed;
  const compared = existsSync(join(ptauDirectory, entry.file));
  const phase1 = compared ? await loadPhase1() : undefined;
  const report: SetupReport = {
    setup: manifest.setup,
    ptau: { file: entry.file, compared },
    circuits: {},
    findings:
      manifest.ptau.sha256 === entry.sha256
        ? []
        : [`the keys are made from ${manifest.ptau.file}, but ${entry.file} is installed`],
  };
  const keys: Record<string, ProvingKey> = {};
  for (const circuit of Object.keys(circuits) as CircuitName[]) {
    const { zkey, vkey, pinned } = await loadArtifacts(circuit, options);
    const key = readProvingKey(zkey, pinned.zkey.file);
    const transcript = parseTranscript(
      JSON.parse(new TextDecoder().decode(await loadArtifact(circuit, "transcript", options))),
      pinned.transcript.file,
    );
    const agree = {
      "r1cs hash": transcript.r1csSha256 === pinned.r1csSha256,
      "zkey hash": transcript.zkeySha256 === pinned.zkey.sha256,
      "phase 1": transcript.ptau.sha256 === manifest.ptau.sha256,
      setup: manifest.setup === "development" || transcript.setup === "ceremony",
      circuit: transcript.circuit === circuit,
    };
    const disagreeing = Object.entries(agree).filter(([, same]) => !same);
    const findings = [
      ...checkProvingKey(key),
      ...checkVerificationKey(vkey, key),
      ...(phase1 ? checkKeyOfPtau(key, phase1) : []),
      ...checkTranscript(transcript, key),
      ...disagreeing.map(([what]) => `manifest and transcript differ in ${what}`),
    ];
    report.findings.push(...findings.map((finding) => `${circuit}: ${finding}`));
    report.circuits[circuit] = {
      zkeySha256: pinned.zkey.sha256,
      contributions: key.contributions.map(({ name, hash }) => ({ name, hash })),
    };
    keys[circuit] = key;
  }
  report.findings.push(...checkDistinctDeltas(keys));
  return report;
}

async function loadPhase1(): Promise<PowersOfTau> {
  const { path } = await installedPtau();
  return readPowersOfTau(await readFile(path), path);
}
