/**
 * Generates a development phase 1 and installs it in ptau/.
 *
 *   node scripts/setup/phase1.ts [--contributions 2] [--force]
 *
 * 2^14 takes about six minutes. Secrets come from the system's randomness and are forgotten, but one
 * party made them all: whoever runs this could keep them. A public file is better (`usePublicPtau`).
 * Everything made from the installed file (keys, verifiers, deployed gates) must be made anew.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  applyBeaconToPhase1,
  beginPhase1,
  contributeToPhase1,
  preparePhase1,
  verifyPhase1,
} from "../../src/prover/setup/ceremony.ts";
import {
  type InstalledPtau,
  ptauDirectory,
  ptauHashes,
  readPtauManifest,
  requiredPower,
  writePtauManifest,
} from "../../src/prover/setup/ptauManifest.ts";
import { snarkjsVersion } from "./files.ts";
import { step } from "./progress.ts";

async function generate(folder: string, contributors: number) {
  const at = (name: string) => join(folder, `${name}.ptau`);
  const contributions: InstalledPtau["contributions"] = [];
  await step("begin", (logger) => beginPhase1(requiredPower, at("0"), logger));
  for (let i = 1; i <= contributors; i++) {
    const name = `zkmandate development phase 1, contribution ${i}`;
    const hash = await step(`contribution ${i}`, (logger) =>
      contributeToPhase1(at(`${i - 1}`), at(`${i}`), name, logger),
    );
    contributions.push({ name, hash });
  }
  const name = "zkmandate development phase 1, beacon";
  const beacon = { value: randomBytes(32).toString("hex"), iterationsExp: 10 };
  const hash = await step("beacon", (logger) =>
    applyBeaconToPhase1(at(`${contributors}`), at("beacon"), { name, ...beacon }, logger),
  );
  contributions.push({ name, hash, beacon });
  await step("prepare for phase 2", (logger) => preparePhase1(at("beacon"), at("final"), logger));
  await step("verify", (logger) => verifyPhase1(at("final"), logger));
  return { path: at("final"), contributions };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      contributions: { type: "string", default: "2" },
      force: { type: "boolean", default: false },
    },
  });
  const manifest = await readPtauManifest();
  if (!values.force) {
    console.error(`${manifest.installed.file} is installed; --force replaces it`);
    process.exitCode = 1;
    return;
  }
  const folder = await mkdtemp(join(ptauDirectory, "phase1-"));
  try {
    const { path, contributions } = await generate(folder, Number(values.contributions));
    const installed: InstalledPtau = {
      file: `development-${requiredPower}.ptau`,
      kind: "development",
      name: "zkmandate development phase 1",
      power: requiredPower,
      ...ptauHashes(await readFile(path)),
      date: new Date().toISOString().slice(0, 10),
      tool: await snarkjsVersion(),
      contributions,
    };
    await rename(path, join(ptauDirectory, installed.file));
    await writePtauManifest({ ...manifest, installed });
    console.error(`installed ${installed.file}, sha256 ${installed.sha256}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
