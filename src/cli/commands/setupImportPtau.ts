import { Command } from "commander";
import { usePublicPtau } from "../../prover/setup/ptauManifest.ts";
import { action, examples } from "../cli.ts";
import { done, table } from "../output.ts";
import { withProgress } from "../progress.ts";

/** `zkmandate setup import-ptau`: a public phase-1 file in the place of the development one. */
export function setupImportPtauCommand(): Command {
  return new Command("import-ptau")
    .description(
      "Installs a public Perpetual-Powers-of-Tau or Hermez phase-1 file, if its hash is one of the published " +
        "ones. All circuits' keys must be made anew from it afterwards. Ends with 5 if the file is none of them.",
    )
    .argument("<file>", "a .ptau file, prepared for phase 2")
    .addHelpText("after", examples(["zkmandate setup import-ptau powersOfTau28_hez_final_14.ptau"]))
    .action(
      action(async (cli, _options, file) => {
        const entry = await withProgress("checking the file", () => usePublicPtau(file as string));
        cli.warn("the circuits' keys are still those of the former phase 1: make them anew");
        return {
          data: { ...entry },
          text: [
            done(`${entry.name} installed`),
            table([
              ["file", entry.file],
              ["power", entry.power],
              ["sha256", entry.sha256],
            ]),
          ].join("\n"),
        };
      }),
    );
}
