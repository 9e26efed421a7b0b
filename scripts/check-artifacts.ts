/**
 * Checks that everything made from the circuits still belongs together, in about a minute: what the
 * sources compile to, the pinned hashes, the setup's own checks, and the verifier contracts.
 *
 *   npm run check:artifacts
 *
 * `npm run setup:verify` goes further and builds the keys anew.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BaseError } from "../src/errors/base.ts";
import { pinnedCircuitOf, readManifest } from "../src/prover/manifest.ts";
import { checkConstraints } from "../src/prover/setup/checkKey.ts";
import { checkSetup } from "../src/prover/setup/checkSetup.ts";
import { readProvingKey } from "../src/prover/setup/zkey.ts";
import { assertCommitted, buildCircuit } from "./circuits/build.ts";
import { circuitFiles, circuitNames, fileSha256, root } from "./setup/files.ts";
import { runtimeCodeHash, verifierSource } from "./setup/pin.ts";
import { step } from "./setup/progress.ts";

/** What the sources compile to is committed, pinned and the key's. */
async function checkCircuits(): Promise<string[]> {
  const manifest = await readManifest();
  const findings: string[] = [];
  for (const circuit of circuitNames) {
    const { compiled, build } = await buildCircuit(circuit);
    assertCommitted(circuit, build);
    if (build.r1csSha256 !== pinnedCircuitOf(manifest, circuit).r1csSha256) {
      findings.push(`${circuit}: the constraints are not the pinned ones; run npm run setup:dev`);
    }
    const { zkey } = circuitFiles(circuit);
    const key = readProvingKey(await readFile(zkey), zkey);
    const differing = checkConstraints(key, await readFile(compiled.r1cs));
    findings.push(...differing.map((finding) => `${circuit}: ${finding}`));
  }
  return findings;
}

/** Source and compiled code of each verifier are what its key gives. */
async function checkVerifiers(): Promise<string[]> {
  const manifest = await readManifest();
  const findings: string[] = [];
  for (const circuit of circuitNames) {
    const { verifier } = pinnedCircuitOf(manifest, circuit);
    const source = await readFile(join(root, verifier.source), "utf8");
    const agree = {
      "is not what its verification key gives": source === (await verifierSource(circuit)),
      "is not the pinned source":
        (await fileSha256(join(root, verifier.source))) === verifier.sourceSha256,
      "compiles to other code than the pinned":
        (await runtimeCodeHash(circuit)) === verifier.runtimeCodeHash,
    };
    findings.push(
      ...Object.entries(agree)
        .filter(([, same]) => !same)
        .map(([problem]) => `${verifier.source} ${problem}`),
    );
  }
  return findings;
}

try {
  const findings = [
    ...(await step("hashes, keys, transcripts", async () => (await checkSetup()).findings)),
    ...(await step("circuits and their keys", checkCircuits)),
    ...(await step("verifier contracts", checkVerifiers)),
  ];
  for (const finding of findings) console.error(finding);
  console.log(findings.length === 0 ? "the artifacts belong together" : "they do not");
  process.exitCode = findings.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof BaseError ? error.message : error);
  process.exitCode = 1;
}
