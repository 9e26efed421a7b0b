import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { FileExistsError } from "../../errors/keys.ts";
import { writeFileAtomic } from "../../keys/files.ts";
import { action, examples } from "../cli.ts";
import { done, shown } from "../output.ts";
import { WORKSPACE_FILE } from "../workspace.ts";

/** What a new workspace holds, as it stands in the package's `templates`. */
const templates = [
  { name: WORKSPACE_FILE, template: "zkmandate.yaml", mode: 0o644 },
  // The limits in plain text.
  { name: "policy.yaml", template: "policy.yaml", mode: 0o600 },
  { name: ".gitignore", template: "gitignore", mode: 0o644 },
];

/** `zkmandate init`: a folder with a configuration and an example policy. */
export function initCommand(): Command {
  return new Command("init")
    .description(
      "Writes zkmandate.yaml, an example policy.yaml and a .gitignore that keeps secrets out of git. " +
        "Files that exist stay as they are.",
    )
    .argument("[folder]", "where; made if it does not exist", ".")
    .addHelpText("after", examples(["zkmandate init", "zkmandate init desk"]))
    .action(
      action(async (cli, _options, folder) => {
        const target = resolve(folder as string);
        await mkdir(target, { recursive: true });
        const written: string[] = [];
        const kept: string[] = [];
        for (const { name, template, mode } of templates) {
          const path = join(target, name);
          const text = await readFile(
            new URL(`../../../templates/${template}`, import.meta.url),
            "utf8",
          );
          try {
            await writeFileAtomic(path, text, { mode });
            written.push(path);
          } catch (error) {
            if (!(error instanceof FileExistsError)) throw error;
            kept.push(path);
            cli.warn(`${shown(path)} exists and stays as it is`);
          }
        }
        const at = shown(target) === target ? target : shown(target);
        return {
          data: { folder: target, written, kept },
          text: [
            ...written.map((path) => done(shown(path))),
            "",
            "Next:",
            `  1. cd ${at}, and write your limits into policy.yaml`,
            "  2. zkmandate policy check",
            "  3. zkmandate keys new agent; likewise submitter, governance and guardian",
            "  4. zkmandate gate deploy, once these three have ether for gas",
          ].join("\n"),
        };
      }),
    );
}
