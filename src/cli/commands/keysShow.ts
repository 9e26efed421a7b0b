import { Command } from "commander";
import { type Address, getAddress } from "viem";
import { isReadableByOthers } from "../../keys/files.ts";
import { loadKeystore, readKeystore } from "../../keys/keystore.ts";
import { openTokenKey, readTokenKeyAddress } from "../../keys/pkcs11/tokenKey.ts";
import { keystoreOf } from "../accounts.ts";
import { agentOf } from "../agentKey.ts";
import { action, type Cli, examples } from "../cli.ts";
import { groupOfAccount, openCoordinator, readGroupFile } from "../groupAccount.ts";
import { keystorePlace, roleArgument } from "../keystoreTarget.ts";
import { shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseFor, passphraseOptions, pinFor } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { shownToken, tokenOfAccount } from "../tokenAccounts.ts";
import type { AccountRole, GroupAccount, TokenAccount } from "../workspace.ts";

interface ShowOptions extends PassphraseOptions {
  keystore?: string;
  check?: boolean;
}

/** `zkmandate keys show`: a keystore's address and what a gate stores for it; never the key. */
export function keysShowCommand(): Command {
  const command = new Command("show")
    .description(
      "Shows the address of a keystore, or of a key in hardware, and the (kind, id) pair under which a gate knows it. The key itself " +
        "is never shown. Without --check the address is the one that the file names.",
    )
    .addArgument(roleArgument())
    .option("--keystore <file>", "a keystore; the workspace's keystore of the account by default")
    .option(
      "--check",
      "open it with its passphrase; of a group, the key by which its nodes know the desk",
    );
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate keys show",
        "zkmandate keys show --keystore keys/agent.json --check --json",
      ]),
    )
    .action(
      action<ShowOptions>(async (cli, options, role = "agent") => {
        const group = options.keystore === undefined ? await groupOfAccount(cli, role) : undefined;
        if (group) return showGroup(cli, options, group);
        const token = options.keystore === undefined ? await tokenOfAccount(cli, role) : undefined;
        if (token) return showTokenKey(cli, options, token);
        const { path, configured } = await keystorePlace(cli, options.keystore, role);
        const read = readKeystore(path);
        const file = await (options.keystore === undefined
          ? keystoreOf(role as AccountRole, read)
          : read);
        const openToOthers = await isReadableByOthers(path);
        if (openToOthers) {
          cli.warn(
            `${shown(path)} can be read by others; protect it with: chmod 600 ${shown(path)}`,
          );
        }
        const checked = options.check === true || file.address === undefined;
        const address = checked
          ? await openedAddress(await passphraseFor(cli, options, { path, configured }), path)
          : getAddress(`0x${file.address}`);
        const onchain = agentOf(address);
        const { kdf } = file.crypto;
        return {
          data: { address, kind: "ecdsa", onchain, keystore: path, kdf, checked },
          text: table([
            ...identityRows(address),
            ["keystore", shown(path)],
            ["key derivation", kdf],
            ["opened", checked ? "yes, the passphrase fits" : "no (--check opens it)"],
          ]),
        };
      }),
    );
}

async function openedAddress(passphrase: string, path: string) {
  const key = await withProgress(`opening ${shown(path)}`, () => loadKeystore(path, passphrase));
  await key.close();
  return key.address;
}

/** What a gate stores for an address. */
const identityRows = (address: Address): [string, string][] => {
  const { kind, id } = agentOf(address);
  return [
    ["address", address],
    ["kind", `ecdsa (${kind})`],
    ["id on-chain", id],
  ];
};

async function showGroup(cli: Cli, options: ShowOptions, account: GroupAccount) {
  const { group, address, onchain } = await readGroupFile(account);
  const { threshold, participants, epoch } = group;
  const coordinator = options.check
    ? (await openCoordinator(cli, options, account)).publicKey
    : undefined;
  return {
    data: {
      address,
      kind: "schnorr",
      onchain,
      threshold,
      participants,
      epoch,
      ...(coordinator && { coordinator }),
    },
    text: table([
      ["on-chain kind", `${onchain.kind}`],
      ["on-chain id", onchain.id],
      ["needed to sign", `${threshold} of ${participants.length}`],
      ["epoch of the shares", epoch],
      ["file", shown(account.file)],
      ["the desk's key", coordinator ?? "not opened (--check opens it)"],
    ]),
  };
}

async function showTokenKey(cli: Cli, options: ShowOptions, place: TokenAccount) {
  const { module, token, key } = place;
  const checked = options.check === true;
  const address = checked
    ? await openedTokenAddress(place, await pinFor(cli, options, place))
    : await readTokenKeyAddress(place);
  return {
    data: {
      address,
      kind: "ecdsa",
      onchain: agentOf(address),
      pkcs11: { module, token, key },
      checked,
    },
    text: table([
      ...identityRows(address),
      ["module", module],
      ["token", token],
      ["key", key],
      ["opened", checked ? "yes, it signs, and cannot leave its token" : "no (--check opens it)"],
    ]),
  };
}

async function openedTokenAddress(place: TokenAccount, pin: string): Promise<Address> {
  const key = await withProgress(`opening ${shownToken(place)}`, () =>
    openTokenKey({ place, pin }),
  );
  await key.close();
  return key.address;
}
