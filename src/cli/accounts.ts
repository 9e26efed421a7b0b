import { relative } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Address, getAddress } from "viem";
import { InvalidKeystoreError } from "../errors/keys.ts";
import { isReadableByOthers } from "../keys/files.ts";
import type { AgentKey } from "../keys/keys.ts";
import { loadKeystore, readKeystore } from "../keys/keystore.ts";
import type { Cli } from "./cli.ts";
import { withProgress } from "./progress.ts";
import { readSecret, type SecretSource } from "./secretInput.ts";
import type { AccountRole } from "./workspace.ts";

/** Where a command takes its passphrase from. */
export interface PassphraseOptions {
  passphraseFile?: string;
  passphraseFd?: number;
}

export const PASSPHRASE_HINT = "use --passphrase-file <file> or --passphrase-fd <number>";

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
 */
export async function passphraseFor(
  cli: Cli,
  options: PassphraseOptions,
  input: { path: string; configured?: string | undefined; confirm?: boolean },
): Promise<string> {
  const { path, configured, confirm = false } = input;
  const { passphraseFile, passphraseFd } = options;
  const ask = (source: SecretSource) =>
    readSecret(source, {
      prompt: `Passphrase for ${shown(path)}`,
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

/** Opens the keystore of one of the workspace's accounts. */
export async function openAccount(
  cli: Cli,
  role: AccountRole,
  options: PassphraseOptions,
): Promise<AgentKey> {
  const { accounts } = await cli.workspace();
  const { keystore, passphraseFile } = accounts[role];
  if (await isReadableByOthers(keystore)) {
    cli.warn(
      `${shown(keystore)} can be read by others; protect it with: chmod 600 ${shown(keystore)}`,
    );
  }
  const passphrase = await passphraseFor(cli, options, {
    path: keystore,
    configured: passphraseFile,
  });
  return withProgress(`opening ${shown(keystore)}`, () => loadKeystore(keystore, passphrase));
}

/**
 * The address of one of the workspace's accounts, as its keystore names it; no passphrase is needed.
 *
 * @throws {InvalidKeystoreError} if the keystore names none
 */
export async function addressOfAccount(cli: Cli, role: AccountRole): Promise<Address> {
  const path = (await cli.workspace()).accounts[role].keystore;
  const { address } = await readKeystore(path);
  if (address === undefined) {
    throw new InvalidKeystoreError({ path, problems: ["address: missing"] });
  }
  return getAddress(`0x${address}`);
}

/** A path as a person reads it: relative to where they stand if it is below. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
