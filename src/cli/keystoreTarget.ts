import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { Argument } from "commander";
import { FileExistsError } from "../errors/keys.ts";
import type { Cli } from "./cli.ts";
import { refuseGroup } from "./groupAccount.ts";
import { refuseToken } from "./tokenAccounts.ts";
import { type AccountRole, accountRoles } from "./workspace.ts";

/** The argument that names one of the workspace's accounts. */
export function roleArgument(): Argument {
  return new Argument("[account]", "which of the workspace's accounts")
    .choices(accountRoles)
    .default("agent");
}

/** A keystore's place, and the workspace's passphrase file for it. */
export interface KeystorePlace {
  path: string;
  configured?: string | undefined;
}

/**
 * Where an account's keystore is: the file given, else the workspace's.
 *
 * @throws {UsageError} if the account's key is in hardware, or a group's
 */
export async function keystorePlace(
  cli: Cli,
  file: string | undefined,
  role: string | undefined,
): Promise<KeystorePlace> {
  if (file !== undefined) return { path: resolve(file) };
  const account = (await cli.workspace()).accounts[role as AccountRole];
  if ("group" in account) refuseGroup(account.group, role as AccountRole);
  if ("pkcs11" in account) refuseToken(account.pkcs11, role as AccountRole);
  const { keystore, passphraseFile } = account;
  return { path: keystore, configured: passphraseFile };
}

/**
 * Where a new keystore goes, before a passphrase is asked for.
 *
 * @throws {FileExistsError} if something is there
 */
export async function keystoreTarget(
  cli: Cli,
  { out }: { out?: string },
  role: string | undefined,
): Promise<KeystorePlace> {
  const place = await keystorePlace(cli, out, role);
  const taken = await access(place.path).then(
    () => true,
    () => false,
  );
  if (taken) throw new FileExistsError({ path: place.path });
  return place;
}
