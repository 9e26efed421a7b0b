import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import { InputFileError } from "../../errors/cli.ts";
import { artifactsDirectory, pinnedCircuitOf, readManifest } from "../../prover/manifest.ts";
import { verifyPhase1, verifyPhase2 } from "../../prover/setup/ceremony.ts";
import { checkSetup } from "../../prover/setup/checkSetup.ts";
import { installedPtau } from "../../prover/setup/ptauManifest.ts";
import { action, examples } from "../cli.ts";
import { exitCodes } from "../exitCodes.ts";
import { done, table } from "../output.ts";
import { withProgress } from "../progress.ts";

interface VerifyOptions {
  full?: boolean;
  r1cs: string;
}

/** `zkmandate setup verify`: whether proofs under the installed keys can be relied upon. */
export function setupVerifyCommand(): Command {
  return new Command("verify")
    .description(
      "Compares every artifact with its pinned hash, and looks for what would let someone forge proofs: keys " +
        "without contributions, γ = δ, a generator for α or β, two circuits with one δ, a transcript or a " +
        "verification key of another key. With --full (minutes) the powers of tau and every contribution are " +
        "verified, and each key is rebuilt from its constraints. Ends with 5 if anything is wrong.",
    )
    .option("--full", "verify phase 1 and rebuild every key from its constraints (minutes)")
    .option("--r1cs <folder>", "where the compiled circuits are, for --full", "build/circuits")
    .addHelpText(
      "after",
      examples(["zkmandate setup verify", "zkmandate setup verify --full --json"]),
    )
    .action(
      action<VerifyOptions>(async (cli, { full = false, r1cs }) => {
        const report = await withProgress("checking the setup", () => checkSetup());
        if (report.setup === "development") {
          cli.warn("development keys: whoever made them can forge proofs; guard nothing of value");
        }
        const sound = report.findings.length === 0;
        if (full && sound) await verifyFully(r1cs);
        return {
          data: { sound, full, ...report },
          text: [
            ...(sound
              ? [done(full ? "the setup holds, rebuilt from its constraints" : "the setup holds")]
              : report.findings.map((finding) => `✗ ${finding}`)),
            table([
              ["setup", report.setup],
              [
                "phase 1",
                `${report.ptau.file}${report.ptau.compared ? "" : " (not here to be compared)"}`,
              ],
              ...Object.entries(report.circuits).map(
                ([circuit, { contributions }]) =>
                  [`circuit ${circuit}`, contributions.map(({ name }) => name).join(", ")] as const,
              ),
            ]),
          ].join("\n"),
          exitCode: sound ? exitCodes.ok : exitCodes.setup,
        };
      }),
    );
}

async function verifyFully(folder: string): Promise<void> {
  const { path: ptau } = await installedPtau();
  const manifest = await readManifest();
  const files = await Promise.all(
    (Object.keys(circuits) as CircuitName[]).map(async (circuit) => {
      const pinned = pinnedCircuitOf(manifest, circuit);
      const r1cs = join(folder, `${circuit}.r1cs`);
      await assertHash(r1cs, pinned.r1csSha256);
      return { circuit, r1cs, ptau, zkey: join(artifactsDirectory, pinned.zkey.file) };
    }),
  );
  await withProgress("verifying phase 1", () => verifyPhase1(ptau));
  for (const { circuit, ...paths } of files) {
    await withProgress(`rebuilding the key of circuit ${circuit}`, () => verifyPhase2(paths));
  }
}

async function assertHash(path: string, sha256: string): Promise<void> {
  const expected = `the constraints with sha256 ${sha256}; \`npm run build:circuits\` makes them`;
  const bytes = await readFile(path).catch(() => {
    throw new InputFileError({ path, expected, received: "no such file" });
  });
  const received = createHash("sha256").update(bytes).digest("hex");
  if (received !== sha256) {
    throw new InputFileError({ path, expected, received: `sha256 ${received}` });
  }
}
