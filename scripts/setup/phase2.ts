/**
 * A circuit's phase 2, step by step, as the parties of a ceremony run it. Each takes the previous key,
 * adds a secret, forgets it, passes the new key on and publishes the hash that is printed.
 *
 *   node scripts/setup/phase2.ts begin <circuit> <new.zkey>
 *   node scripts/setup/phase2.ts contribute <previous.zkey> <new.zkey> --name "who"
 *   node scripts/setup/phase2.ts beacon <previous.zkey> <new.zkey> --value <hex> [--iterations 10]
 *   node scripts/setup/phase2.ts verify <circuit> <key.zkey>
 *   node scripts/setup/phase2.ts finish <circuit> <key.zkey> [--setup ceremony]
 *
 * `begin`, `verify` and `finish` need build/circuits/<circuit>.r1cs (npm run build:circuits). `--value` is
 * randomness that is published after the last contribution, such as a block hash announced beforehand.
 * `finish` verifies, then writes zkey, vkey.json and transcript.json to circuits/artifacts/<circuit>/; then
 * `node scripts/setup/pin.ts` writes verifier contracts and the manifest.
 */
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { CircuitName } from "../../src/action/circuits.ts";
import { BaseError } from "../../src/errors/base.ts";
import { InsecureSetupError } from "../../src/errors/setup.ts";
import {
  applyBeaconToPhase2,
  beginPhase2,
  contributeToPhase2,
  exportVerificationKey,
  verifyPhase2,
} from "../../src/prover/setup/ceremony.ts";
import { installedPtau } from "../../src/prover/setup/ptauManifest.ts";
import { checkTranscript, transcriptOf } from "../../src/prover/setup/transcript.ts";
import { readProvingKey } from "../../src/prover/setup/zkey.ts";
import { circuitFiles, circuitNames, fileSha256, snarkjsVersion } from "./files.ts";
import { step } from "./progress.ts";

export type SetupKind = "development" | "ceremony";

/** Verifies a circuit's finished key and installs it with its verification key and transcript. */
export async function finishPhase2(
  circuit: CircuitName,
  zkey: string,
  setup: SetupKind,
): Promise<void> {
  const files = circuitFiles(circuit);
  const { path: ptau, entry } = await installedPtau();
  await step(`${circuit}: verify the key`, (logger) =>
    verifyPhase2({ r1cs: files.r1cs, ptau, zkey }, logger),
  );
  const key = readProvingKey(await readFile(zkey), zkey);
  const transcript = transcriptOf(key, {
    circuit,
    setup,
    date: new Date().toISOString().slice(0, 10),
    tool: await snarkjsVersion(),
    r1csSha256: await fileSha256(files.r1cs),
    ptau: { file: entry.file, sha256: entry.sha256 },
    zkeySha256: await fileSha256(zkey),
  });
  const findings = checkTranscript(transcript, key);
  if (findings.length > 0) throw new InsecureSetupError({ subject: zkey, findings });
  const vkey = await exportVerificationKey(zkey);
  await copyFile(zkey, files.zkey);
  await writeJson(files.vkey, vkey);
  await writeJson(files.transcript, transcript);
}

const writeJson = (path: string, content: unknown) =>
  writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`);

class UsageError extends BaseError {
  override readonly name = "UsageError";
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      name: { type: "string" },
      value: { type: "string" },
      iterations: { type: "string", default: "10" },
      setup: { type: "string", default: "ceremony" },
    },
    allowPositionals: true,
  });
  const [command, first, second] = positionals;
  if (first === undefined || second === undefined) {
    throw new UsageError("Two arguments are missing", {
      details: [
        "usage: phase2.ts begin|contribute|beacon|verify|finish <from> <to> (see the file)",
      ],
    });
  }
  const circuit = () => {
    const known = circuitNames.find((name) => name === first);
    if (known) return known;
    throw new UsageError(`No circuit ${first}`, {
      details: [`expected: ${circuitNames.join(", ")}`],
    });
  };
  const required = (option: "name" | "value") => {
    const given = values[option];
    if (given) return given;
    throw new UsageError(`${command} needs --${option}`);
  };
  switch (command) {
    case "begin": {
      const { path } = await installedPtau();
      await step("begin", (logger) =>
        beginPhase2(circuitFiles(circuit()).r1cs, path, second, logger),
      );
      return;
    }
    case "contribute": {
      const name = required("name");
      const hash = await step("contribute", (logger) =>
        contributeToPhase2(first, second, name, logger),
      );
      console.log(hash);
      return;
    }
    case "beacon": {
      const beacon = {
        name: values.name ?? "beacon",
        value: required("value"),
        iterationsExp: Number(values.iterations),
      };
      const hash = await step("beacon", (logger) =>
        applyBeaconToPhase2(first, second, beacon, logger),
      );
      console.log(hash);
      return;
    }
    case "verify": {
      const { path: ptau } = await installedPtau();
      const { r1cs } = circuitFiles(circuit());
      await step("verify", (logger) => verifyPhase2({ r1cs, ptau, zkey: second }, logger));
      const { contributions } = readProvingKey(await readFile(second), second);
      for (const { name, hash } of contributions) console.log(`${name}: ${hash}`);
      return;
    }
    case "finish": {
      const kind = values.setup === "development" ? "development" : "ceremony";
      await finishPhase2(circuit(), second, kind);
      return;
    }
    default:
      throw new UsageError(`No command ${command}`, {
        details: ["expected: begin, contribute, beacon, verify or finish"],
      });
  }
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof BaseError ? error.message : error);
    process.exitCode = 1;
  }
}
