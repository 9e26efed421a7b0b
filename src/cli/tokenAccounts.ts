import { UsageError } from "../errors/cli.ts";
import type { Cli } from "./cli.ts";
import type { AccountRole, TokenAccount } from "./workspace.ts";

/** The hardware module's token that holds an account's key; nothing if a keystore does. */
export async function tokenOfAccount(cli: Cli, role: string): Promise<TokenAccount | undefined> {
  const account = (await cli.workspace()).accounts[role as AccountRole];
  return "pkcs11" in account ? account.pkcs11 : undefined;
}

/** A key in a token as a person reads it. */
export const shownToken = ({ token, key }: TokenAccount) => `key ${key} of token ${token}`;

/** Refuses what can be done with a keystore only. */
export function refuseToken(account: TokenAccount, role: string): never {
  throw new UsageError(`The ${role} key is in hardware: ${shownToken(account)}`, {
    details: [
      "a key is made in its token (zkmandate keys new) and cannot be brought in",
      "name a keystore file, or change accounts in zkmandate.yaml",
    ],
  });
}
