import { relative } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type Address, getAddress, type Hex } from "viem";
import { InvalidKeystoreError } from "../errors/keys.ts";
import { isReadableByOthers } from "../keys/files.ts";
import type { AgentKey } from "../keys/keys.ts";
import { loadKeystore, readKeystore } from "../keys/keystore.ts";
import { openTokenKey, readTokenKeyAddress } from "../keys/pkcs11/tokenKey.ts";
import { agentOf } from "./agentKey.ts";
import type { Cli } from "./cli.ts";
import { openGroup, readGroupFile } from "./groupAccount.ts";
import { withProgress } from "./progress.ts";
import { readSecret, type SecretSource } from "./secretInput.ts";
import { shownToken } from "./tokenAccounts.ts";
import type { AccountRole, TokenAccount } from "./workspace.ts";

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

/** Opens the key of one of the workspace's accounts: a keystore, one in hardware, or a group of nodes. */
export async function openAccount(
  cli: Cli,
  role: AccountRole,
  options: PassphraseOptions,
): Promise<AgentKey> {
  const account = (await cli.workspace()).accounts[role];
  if ("group" in account) return openGroup(cli, options, account.group);
  if ("pkcs11" in account) {
    const pin = await pinFor(cli, options, account.pkcs11);
    return withProgress(`opening ${shownToken(account.pkcs11)}`, () =>
      openTokenKey({ place: account.pkcs11, pin }),
    );
  }
  const { keystore, passphraseFile } = account;
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
 * The address of one of the workspace's accounts, as its keystore or token names it; no passphrase is needed.
 *
 * @throws {InvalidKeystoreError} if the keystore names none
 */
export async function addressOfAccount(cli: Cli, role: AccountRole): Promise<Address> {
  const account = (await cli.workspace()).accounts[role];
  if ("group" in account) return (await readGroupFile(account.group)).address;
  if ("pkcs11" in account) return readTokenKeyAddress(account.pkcs11);
  const path = account.keystore;
  const { address } = await readKeystore(path);
  if (address === undefined) {
    throw new InvalidKeystoreError({ path, problems: ["address: missing"] });
  }
  return getAddress(`0x${address}`);
}

/** An account's key as a gate stores it; no passphrase is needed. */
export async function agentOfAccount(
  cli: Cli,
  role: AccountRole,
): Promise<{ kind: number; id: Hex }> {
  const account = (await cli.workspace()).accounts[role];
  if ("group" in account) return (await readGroupFile(account.group)).onchain;
  return agentOf(await addressOfAccount(cli, role));
}

/** A path as a person reads it: relative to where they stand if it is below. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
