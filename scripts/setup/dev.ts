/**
 * Everything that a change to the circuits needs, with development keys: builds the circuits, runs a
 * phase 2 for each (two contributions and a beacon, secrets forgotten), writes verification keys,
 * transcripts and verifier contracts, and pins all of it in circuits/artifacts/manifest.json.
 *
 *   npm run setup:dev [-- --new-keys]
 *
 * About four minutes on two cores. A circuit whose constraints and phase 1 are those of its key keeps the key,
 * unless `--new-keys` is given: each committed key stays in the repository's history for good.
 */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CircuitName } from "../../src/action/circuits.ts";
import { BaseError } from "../../src/errors/base.ts";
import {
  applyBeaconToPhase2,
  beginPhase2,
  contributeToPhase2,
} from "../../src/prover/setup/ceremony.ts";
import { installedPtau } from "../../src/prover/setup/ptauManifest.ts";
import { buildCircuit, storeBuild } from "../circuits/build.ts";
import { circuitFiles, circuitNames, fileSha256 } from "./files.ts";
import { finishPhase2 } from "./phase2.ts";
import { pinArtifacts, readTranscript } from "./pin.ts";
import { step } from "./progress.ts";

const CONTRIBUTORS = 2;

async function buildCircuits(): Promise<void> {
  for (const circuit of circuitNames) storeBuild(circuit, await buildCircuit(circuit));
}

/** Whether a circuit's key is there and made from its constraints and the installed phase 1. */
async function keyIsCurrent(circuit: CircuitName): Promise<boolean> {
  const { r1cs, zkey, transcript } = circuitFiles(circuit);
  if (![zkey, transcript].every((path) => existsSync(path))) return false;
  const recorded = await readTranscript(circuit);
  return (
    recorded.r1csSha256 === (await fileSha256(r1cs)) &&
    recorded.zkeySha256 === (await fileSha256(zkey)) &&
    recorded.ptau.sha256 === (await installedPtau()).entry.sha256
  );
}

async function developmentKey(circuit: CircuitName, folder: string): Promise<void> {
  const at = (i: number | string) => join(folder, `${circuit}.${i}.zkey`);
  const { path: ptau } = await installedPtau();
  await step(`${circuit}: begin`, (logger) =>
    beginPhase2(circuitFiles(circuit).r1cs, ptau, at(0), logger),
  );
  for (let i = 1; i <= CONTRIBUTORS; i++) {
    await step(`${circuit}: contribution ${i}`, (logger) =>
      contributeToPhase2(at(i - 1), at(i), `development contribution ${i}`, logger),
    );
  }
  const beacon = {
    name: "development beacon",
    value: randomBytes(32).toString("hex"),
    iterationsExp: 10,
  };
  await step(`${circuit}: beacon`, (logger) =>
    applyBeaconToPhase2(at(CONTRIBUTORS), at("final"), beacon, logger),
  );
  await finishPhase2(circuit, at("final"), "development");
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { "new-keys": { type: "boolean", default: false } } });
  await step("build the circuits", buildCircuits);
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-phase2-"));
  try {
    for (const circuit of circuitNames) {
      if (!values["new-keys"] && (await keyIsCurrent(circuit))) {
        console.error(`${circuit}: the key is current`);
      } else {
        await developmentKey(circuit, folder);
      }
    }
    await pinArtifacts();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof BaseError ? error.message : error);
  process.exitCode = 1;
}
