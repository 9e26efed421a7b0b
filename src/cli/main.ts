#!/usr/bin/env node
import { CommanderError } from "commander";
import { UsageError } from "../errors/cli.ts";
import { exitCodeOf, exitCodes } from "./exitCodes.ts";
import { describeError, formatError, toJson } from "./output.ts";
import { createProgram } from "./program.ts";

/** Prints an error where people or machines look for it; returns the exit code. */
function report(error: unknown, argv: readonly string[]): number {
  const exitCode = exitCodeOf(error);
  if (argv.includes("--json")) {
    process.stdout.write(`${toJson({ ok: false, exitCode, error: describeError(error) })}\n`);
  } else {
    process.stderr.write(`${formatError(error)}\n`);
  }
  if (argv.includes("--debug") && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exitCode;
}

/** Commander's own errors in ours; help and version are none. */
function asUsageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error;
  if (error.exitCode === 0) return undefined;
  const help = `see: ${(error as { command?: string }).command ?? "zkmandate"} --help`;
  if (error.code === "commander.help") {
    return new UsageError("A command is missing", { details: [help] });
  }
  const message = error.message.replace(/^error: /, "").split("\n");
  return new UsageError(message[0] as string, {
    details: [...message.slice(1), help].filter((line) => line !== ""),
  });
}

async function main(argv: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(argv.slice(2));
    await program.parseAsync(argv);
    return Number(process.exitCode ?? exitCodes.ok);
  } catch (thrown) {
    const error = asUsageError(thrown);
    return error === undefined ? exitCodes.ok : report(error, argv);
  }
}

// A reader that went away, as in `zkmandate … | head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`error: the output cannot be written: ${error.code}\n`);
  process.exit(exitCodes.error);
});

const exitCode = await main(process.argv);
// Pipes are written later than write() returns: exit only once everything is out.
await Promise.all(
  [process.stdout, process.stderr].map(
    (stream) => new Promise((resolve) => stream.write("", resolve)),
  ),
);
process.exit(exitCode);
