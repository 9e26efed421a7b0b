import { createHash } from "node:crypto";
import { access, readFile, rename, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { InputFileError } from "../../errors/cli.ts";
import { FileExistsError } from "../../errors/keys.ts";
import { DevelopmentKeysError } from "../../errors/setup.ts";
import { isProduction } from "../../prover/artifacts.ts";
import { exportVerificationKey } from "../../prover/setup/ceremony.ts";
import { developmentSetup } from "../../prover/setup/devSetup.ts";
import { action, examples } from "../cli.ts";
import { done, table } from "../output.ts";
import { withProgress } from "../progress.ts";

interface DevOptions {
  out: string;
  vkey?: string;
  force?: boolean;
}

/** `zkmandate setup dev`: a development key for a circuit that is being changed. */
export function setupDevCommand(): Command {
  return new Command("dev")
    .description(
      "Makes a Groth16 proving key from compiled constraints on this machine alone, in seconds and without powers " +
        "of tau. It serves snarkjs and this prover alike, and says inside that it is a development key: whoever " +
        "made it can forge proofs, so it must guard nothing, and production mode refuses it. Ends with 5 if the " +
        "constraints cannot be used, or in production mode.",
    )
    .argument("<r1cs>", "compiled constraints over BN254, a .r1cs file")
    .requiredOption("--out <zkey>", "proving key to write")
    .option("--vkey <file>", "verification key to write, snarkjs' JSON")
    .option("--force", "replace files that exist")
    .addHelpText(
      "after",
      examples([
        "zkmandate setup dev circuit.r1cs --out circuit.zkey --vkey vkey.json",
        "zkmandate setup dev circuit.r1cs --out circuit.zkey --force",
      ]),
    )
    .action(
      action<DevOptions>(async (cli, { out, vkey, force = false }, file) => {
        const path = file as string;
        if (isProduction()) {
          throw new DevelopmentKeysError({ circuit: path, received: "`setup dev`" });
        }
        const r1cs = await readConstraints(path);
        for (const target of [out, vkey]) {
          if (target !== undefined && !force) await refuseExisting(target);
        }
        const { zkey, ...sizes } = await withProgress("making the key", async () => {
          const key = await developmentSetup(r1cs, path);
          await writeWhole(out, key.zkey);
          if (vkey !== undefined) {
            const json = await exportVerificationKey(key.zkey);
            await writeWhole(vkey, `${JSON.stringify(json, undefined, 2)}\n`);
          }
          return key;
        });
        cli.warn("a development key: whoever made it can forge proofs; guard nothing of value");
        const sha256 = createHash("sha256").update(zkey).digest("hex");
        return {
          data: { zkey: out, vkey, sha256, bytes: zkey.length, ...sizes },
          text: [
            done(`${out} written`),
            table([
              ["rows", sizes.rows],
              ["domain", sizes.domainSize],
              ["wires", sizes.wires],
              ["public signals", sizes.publicSignals],
              ["sha256", sha256],
              ...(vkey === undefined ? [] : [["verification key", vkey] as const]),
            ]),
          ].join("\n"),
        };
      }),
    );
}

/** @throws {FileExistsError} */
async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  const remedy = "choose another path, or replace it with --force";
  if (exists) throw new FileExistsError({ path, remedy });
}

async function readConstraints(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputFileError({
      path,
      expected: "compiled constraints, a .r1cs file that can be read",
      received: error.code ?? error.message,
    });
  });
}

/** Writes a file such that nobody finds half of it under its name. */
async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, content);
    await rename(unfinished, path);
  } catch (error) {
    throw new InputFileError({
      path,
      expected: "a path that can be written to",
      received: error instanceof Error ? error.message : String(error),
    });
  }
}
