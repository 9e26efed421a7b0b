/**
 * Verifies the whole setup from the ground up, as someone would who trusts no file but the circuits:
 * phase 1 with every contribution, each circuit's key built anew from its constraints, every contribution
 * to it, and our own checks.
 *
 *   npm run setup:verify          (minutes; build/circuits/*.r1cs must be there: npm run build:circuits)
 */
import { readFile } from "node:fs/promises";
import { BaseError } from "../../src/errors/base.ts";
import { InsecureSetupError } from "../../src/errors/setup.ts";
import { verifyPhase1, verifyPhase2 } from "../../src/prover/setup/ceremony.ts";
import { checkDistinctDeltas } from "../../src/prover/setup/checkKey.ts";
import { installedPtau } from "../../src/prover/setup/ptauManifest.ts";
import { readProvingKey } from "../../src/prover/setup/zkey.ts";
import { circuitFiles, circuitNames } from "./files.ts";
import { step } from "./progress.ts";

async function main(): Promise<void> {
  const { path: ptau, entry } = await installedPtau();
  await step(`phase 1, ${entry.file}`, (logger) => verifyPhase1(ptau, logger));
  const keys = [];
  for (const circuit of circuitNames) {
    const { r1cs, zkey } = circuitFiles(circuit);
    await step(`phase 2 of ${circuit}`, (logger) => verifyPhase2({ r1cs, ptau, zkey }, logger));
    keys.push([circuit, readProvingKey(await readFile(zkey), zkey)] as const);
  }
  const findings = checkDistinctDeltas(Object.fromEntries(keys));
  if (findings.length > 0) throw new InsecureSetupError({ subject: "the circuits", findings });
  console.log("the setup verifies");
}

try {
  await main();
} catch (error) {
  console.error(error instanceof BaseError ? error.message : error);
  process.exitCode = 1;
}
