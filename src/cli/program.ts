import { readFileSync } from "node:fs";
import { Command } from "commander";
import { gateExecuteCommand } from "./commands/gateExecute.ts";
import { gateExitCommand } from "./commands/gateExit.ts";
import { gatePauseCommand } from "./commands/gatePause.ts";
import { gateRevokeCommand } from "./commands/gateRevoke.ts";
import { gateSendCommand } from "./commands/gateSend.ts";
import { gateUnpauseCommand } from "./commands/gateUnpause.ts";
import { initCommand } from "./commands/init.ts";
import { keysImportCommand } from "./commands/keysImport.ts";
import { keysNewCommand } from "./commands/keysNew.ts";
import { keysShowCommand } from "./commands/keysShow.ts";
import { proveCommand } from "./commands/prove.ts";
import { verifyCommand } from "./commands/verify.ts";
import { exitCodesHelp } from "./exitCodes.ts";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { version: string };

/** The command line: every command, without running anything. */
export function createProgram(): Command {
  const program = new Command("zkmandate")
    .description("Hidden trading mandates, proven before each signature and enforced on-chain.")
    .version(version)
    .option("--json", "print one JSON object on stdout, for machines")
    .option("--debug", "print the stack of an error")
    .option("-w, --workspace <folder>", "folder with zkmandate.yaml", ".")
    .addHelpText("after", exitCodesHelp);
  program.addCommand(initCommand());
  program.addCommand(
    group("keys", "agent keys in encrypted keystores", [
      keysNewCommand(),
      keysImportCommand(),
      keysShowCommand(),
    ]),
  );
  program.addCommand(proveCommand());
  program.addCommand(verifyCommand());
  program.addCommand(
    group("gate", "the contract that holds the assets", [
      gateSendCommand(),
      gatePauseCommand(),
      gateRevokeCommand(),
      gateUnpauseCommand(),
      gateExitCommand(),
      gateExecuteCommand(),
    ]),
  );
  return prepared(program);
}

function group(name: string, summary: string, commands: readonly Command[]): Command {
  const command = new Command(name).description(summary);
  for (const subcommand of commands) command.addCommand(subcommand);
  return command;
}

/** Commander then throws what `main` prints and numbers, and every help shows the global options. */
function prepared(command: Command): Command {
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true });
  for (const subcommand of command.commands) prepared(subcommand);
  return command;
}
