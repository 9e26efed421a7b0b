import { Command } from "commander";
import { createKeystore } from "../../keys/keystore.ts";
import { createTokenKey } from "../../keys/pkcs11/tokenKey.ts";
import { action, type Cli, examples } from "../cli.ts";
import { createCoordinator, groupOfAccount } from "../groupAccount.ts";
import { keystoreTarget, roleArgument } from "../keystoreTarget.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseFor, passphraseOptions, pinFor } from "../passphrase.ts";
import { withProgress } from "../progress.ts";
import { shownToken, tokenOfAccount } from "../tokenAccounts.ts";
import type { GroupAccount, TokenAccount } from "../workspace.ts";

/** `zkmandate keys new`: a fresh key in an encrypted keystore. */
export function keysNewCommand(): Command {
  const command = new Command("new")
    .description(
      "Makes a fresh secp256k1 key and writes it, encrypted, as an Ethereum v3 keystore (mode 0600); or, if " +
        "zkmandate.yaml has the account in hardware (pkcs11), makes it there, never to leave. For a group it makes " +
        "the key by which the nodes know this desk. What exists is " +
        "never overwritten.",
    )
    .addArgument(roleArgument())
    .option(
      "--out <file>",
      "where to write it; the workspace's keystore of the account by default",
    );
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate keys new agent",
        "zkmandate keys new --out keys/agent.json --passphrase-file /run/secrets/agent",
      ]),
    )
    .action(
      action<PassphraseOptions & { out?: string }>(async (cli, options, role = "agent") => {
        const group = options.out === undefined ? await groupOfAccount(cli, role) : undefined;
        if (group) return makeCoordinator(cli, options, group);
        const token = options.out === undefined ? await tokenOfAccount(cli, role) : undefined;
        if (token) return makeTokenKey(cli, options, token);
        const { path, configured } = await keystoreTarget(cli, options, role);
        const passphrase = await passphraseFor(cli, options, { path, configured, confirm: true });
        const address = await withProgress("encrypting the key", () =>
          createKeystore(path, passphrase),
        );
        return {
          data: { address, keystore: path },
          text: [
            done("key made"),
            table([
              ["address", address],
              ["keystore", shown(path)],
            ]),
            "Keep a copy of the keystore and its passphrase: nobody can restore them.",
          ].join("\n"),
        };
      }),
    );
}

async function makeCoordinator(cli: Cli, options: PassphraseOptions, account: GroupAccount) {
  const coordinator = await createCoordinator(cli, options, account);
  return {
    data: { coordinator, identity: account.identity },
    text: [
      done("the desk's key for its nodes is made"),
      table([
        ["key", coordinator],
        ["kept in", shown(account.identity)],
      ]),
      "Write it under coordinators into every node's node.yaml. It signs no action.",
    ].join("\n"),
  };
}

async function makeTokenKey(cli: Cli, options: PassphraseOptions, place: TokenAccount) {
  const pin = await pinFor(cli, options, place);
  const address = await withProgress(`making ${shownToken(place)}`, () =>
    createTokenKey({ place, pin }),
  );
  const { module, token, key } = place;
  return {
    data: { address, pkcs11: { module, token, key } },
    text: [
      done("key made"),
      table([
        ["address", address],
        ["key", shownToken(place)],
      ]),
      "It cannot leave its token: if that is lost, rotate to another agent key.",
    ].join("\n"),
  };
}
