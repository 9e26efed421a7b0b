import { Command } from "commander";
import { getAddress, pad } from "viem";
import { isReadableByOthers } from "../../keys/files.ts";
import { agentKeyKinds } from "../../keys/keys.ts";
import { loadKeystore, readKeystore } from "../../keys/keystore.ts";
import { type PassphraseOptions, passphraseFor, passphraseOptions, shown } from "../accounts.ts";
import { action, examples } from "../cli.ts";
import { keystorePlace, roleArgument } from "../keystoreTarget.ts";
import { table } from "../output.ts";
import { withProgress } from "../progress.ts";

interface ShowOptions extends PassphraseOptions {
  keystore?: string;
  check?: boolean;
}

/** `zkmandate keys show`: a keystore's address and what a gate stores for it; never the key. */
export function keysShowCommand(): Command {
  const command = new Command("show")
    .description(
      "Shows the address of a keystore and the (kind, id) pair under which a gate knows it. The key itself " +
        "is never shown. Without --check the address is the one that the file names.",
    )
    .addArgument(roleArgument())
    .option("--keystore <file>", "a keystore; the workspace's keystore of the account by default")
    .option("--check", "open it with its passphrase and derive the address from the key");
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate keys show",
        "zkmandate keys show --keystore keys/agent.json --check --json",
      ]),
    )
    .action(
      action<ShowOptions>(async (cli, options, role) => {
        const { path, configured } = await keystorePlace(cli, options.keystore, role);
        const file = await readKeystore(path);
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
        const onchain = {
          kind: agentKeyKinds.ecdsa,
          id: pad(address, { size: 32 }).toLowerCase(),
        };
        const { kdf } = file.crypto;
        return {
          data: { address, kind: "ecdsa", onchain, keystore: path, kdf, checked },
          text: table([
            ["address", address],
            ["kind", `ecdsa (${onchain.kind})`],
            ["id on-chain", onchain.id],
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
