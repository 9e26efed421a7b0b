import type { Command } from "commander";
import pc from "picocolors";
import { type CommandResult, toJson } from "./output.ts";
import { loadWorkspace, type Workspace } from "./workspace.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  json?: boolean;
  debug?: boolean;
  /** Folder of the workspace. */
  workspace: string;
}

/** What a command gets besides its own arguments and options. */
export interface Cli {
  readonly global: GlobalOptions;
  /** Tells the user something that does not stop the command. */
  warn(message: string): void;
  /** The workspace named by `--workspace`; read once. */
  workspace(): Promise<Workspace>;
}

/** A command's work: it returns what is to be shown and prints nothing itself. */
export type CommandHandler<Options> = (
  cli: Cli,
  options: Options,
  ...args: string[]
) => Promise<CommandResult>;

/**
 * Turns a handler into a commander action: gives it the CLI, prints its result, sets the exit code.
 *
 * @example
 * command.argument("<file>").action(action(async (cli, options, file) => …));
 */
export function action<Options>(handler: CommandHandler<Options>) {
  return async function run(this: Command): Promise<void> {
    const options = this.optsWithGlobals<GlobalOptions & Options>();
    const warnings: string[] = [];
    let workspace: Promise<Workspace> | undefined;
    const cli: Cli = {
      global: options,
      warn: (message) => {
        warnings.push(message);
        process.stderr.write(`${pc.yellow("warning:")} ${message}\n`);
      },
      workspace: () => {
        workspace ??= loadWorkspace(options.workspace);
        return workspace;
      },
    };
    const { data, text, exitCode = 0 } = await handler(cli, options, ...this.processedArgs);
    const json = { ok: exitCode === 0, ...data, ...(warnings.length > 0 && { warnings }) };
    process.stdout.write(options.json ? `${toJson(json)}\n` : text && `${text}\n`);
    process.exitCode = exitCode;
  };
}

/** Adds examples below a command's help. */
export function examples(lines: readonly string[]): string {
  return ["", "Examples:", ...lines.map((line) => `  $ ${line}`)].join("\n");
}
