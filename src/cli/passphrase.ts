import { type Command, InvalidArgumentError } from "commander";
import type { Cli } from "./cli.ts";
import { shown } from "./output.ts";
import { readSecret, type SecretSource } from "./secretInput.ts";
import type { TokenAccount } from "./workspace.ts";

/** Where a command takes its passphrase from. */
export interface PassphraseOptions {
  passphraseFile?: string;
  passphraseFd?: number;
}

const PASSPHRASE_HINT = "use --passphrase-file <file> or --passphrase-fd <number>";

/** The passphrase that a command line named, for every file that the command opens. */
const given = new WeakMap<Cli["global"], Promise<string>>();

/** Adds the passphrase's options to a command. */
export function passphraseOptions(command: Command): Command {
  return command
    .option("--passphrase-file <file>", "read the passphrase from the one line of a file")
    .option(
      "--passphrase-fd <number>",
      "read the passphrase from an open file descriptor",
      descriptor,
    );
}

/** Reads the number of a file descriptor from the command line. */
export function descriptor(text: string): number {
  const fd = Number(text);
  if (!Number.isInteger(fd) || fd < 0) {
    throw new InvalidArgumentError("It is not the number of a file descriptor.");
  }
  return fd;
}

/**
 * The passphrase for a file: from the command line's options, else from the file that the workspace
 * names, else asked for.
 *
 * @param path what it opens, for the prompt
 * @param configured the workspace's passphrase file
 * @param confirm whether it is a new one, to be typed twice
 * @param prompt what is asked for, if it is not a file's passphrase
 */
export async function passphraseFor(
  cli: Cli,
  options: PassphraseOptions,
  input: { path: string; configured?: string | undefined; confirm?: boolean; prompt?: string },
): Promise<string> {
  const { path, configured, confirm = false, prompt = `Passphrase for ${shown(path)}` } = input;
  const { passphraseFile, passphraseFd } = options;
  const ask = (source: SecretSource) =>
    readSecret(source, {
      prompt,
      confirm,
      hint: PASSPHRASE_HINT,
      warn: cli.warn,
    });
  if (passphraseFile === undefined && passphraseFd === undefined) return ask({ file: configured });
  // A descriptor can be read only once, and a command may open several files.
  const known = given.get(cli.global) ?? ask({ file: passphraseFile, fd: passphraseFd });
  given.set(cli.global, known);
  return known;
}

/**
 * A token's PIN: from the file that the workspace names, else as a passphrase is given or asked for.
 *
 * @throws {InputFileError} if the file cannot be read
 */
export async function pinFor(
  cli: Cli,
  options: PassphraseOptions,
  { token, pinFile }: TokenAccount,
): Promise<string> {
  const prompt = `PIN of token ${token}`;
  if (pinFile === undefined) return passphraseFor(cli, options, { path: token, prompt });
  const hint = "see accounts in zkmandate.yaml: pinFile";
  return readSecret({ file: pinFile }, { prompt, hint, warn: cli.warn });
}
