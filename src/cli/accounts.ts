import { type Address, getAddress, type Hex } from "viem";
import { InvalidKeystoreError, KeyFileError } from "../errors/keys.ts";
import { isReadableByOthers } from "../keys/files.ts";
import type { AgentKey } from "../keys/keys.ts";
import { loadKeystore, readKeystore } from "../keys/keystore.ts";
import { openTokenKey, readTokenKeyAddress } from "../keys/pkcs11/tokenKey.ts";
import { agentOf } from "./agentKey.ts";
import type { Cli } from "./cli.ts";
import { openGroup, readGroupFile } from "./groupAccount.ts";
import { shown } from "./output.ts";
import { type PassphraseOptions, passphraseFor, pinFor } from "./passphrase.ts";
import { withProgress } from "./progress.ts";
import { shownToken } from "./tokenAccounts.ts";
import type { AccountRole } from "./workspace.ts";

/** An account's keystore; where it is missing, the error says how to make it. */
export async function keystoreOf<T>(role: AccountRole, keystore: Promise<T>): Promise<T> {
  return keystore.catch((error: unknown) => {
    if (!(error instanceof KeyFileError && error.isMissing)) throw error;
    const remedy = `make it with: zkmandate keys new ${role}`;
    throw new KeyFileError({ path: error.path, doing: "read", cause: error.cause, remedy });
  });
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
  if (await keystoreOf(role, isReadableByOthers(keystore))) {
    cli.warn(
      `${shown(keystore)} can be read by others; protect it with: chmod 600 ${shown(keystore)}`,
    );
  }
  const passphrase = await passphraseFor(cli, options, {
    path: keystore,
    configured: passphraseFile,
  });
  return withProgress(`opening ${shown(keystore)}`, () =>
    keystoreOf(role, loadKeystore(keystore, passphrase)),
  );
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
  const { address } = await keystoreOf(role, readKeystore(path));
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
