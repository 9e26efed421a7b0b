import { Command } from "commander";
import { importKeystore } from "../../keys/keystore.ts";
import { action, examples } from "../cli.ts";
import { keystoreTarget, roleArgument } from "../keystoreTarget.ts";
import { done, shown, table } from "../output.ts";
import {
  descriptor,
  type PassphraseOptions,
  passphraseFor,
  passphraseOptions,
} from "../passphrase.ts";
import { parsePrivateKey } from "../privateKey.ts";
import { withProgress } from "../progress.ts";
import { readSecret } from "../secretInput.ts";

interface ImportOptions extends PassphraseOptions {
  out?: string;
  privateKeyFile?: string;
  privateKeyFd?: number;
}

/** `zkmandate keys import`: an existing private key into an encrypted keystore. */
export function keysImportCommand(): Command {
  const command = new Command("import")
    .description(
      "Reads a private key (64 hexadecimal digits) from a file, a descriptor or a prompt and writes it, " +
        "encrypted, as an Ethereum v3 keystore (mode 0600). A key is never taken from the command line.",
    )
    .addArgument(roleArgument())
    .option("--private-key-file <file>", "read the private key from the one line of a file")
    .option("--private-key-fd <number>", "read it from an open file descriptor", descriptor)
    .option(
      "--out <file>",
      "where to write it; the workspace's keystore of the account by default",
    );
  return passphraseOptions(command)
    .addHelpText(
      "after",
      examples([
        "zkmandate keys import agent --private-key-file key.hex",
        "zkmandate keys import --out keys/agent.json --private-key-fd 3 3< key.hex",
      ]),
    )
    .action(
      action<ImportOptions>(async (cli, options, role) => {
        const { path, configured } = await keystoreTarget(cli, options, role);
        const text = await readSecret(
          { file: options.privateKeyFile, fd: options.privateKeyFd },
          {
            prompt: "Private key",
            hint: "use --private-key-file <file> or --private-key-fd <number>",
            warn: cli.warn,
          },
        );
        const privateKey = parsePrivateKey(text);
        try {
          const passphrase = await passphraseFor(cli, options, { path, configured, confirm: true });
          const address = await withProgress("encrypting the key", () =>
            importKeystore(path, privateKey, passphrase),
          );
          return {
            data: { address, keystore: path },
            text: [
              done("key imported"),
              table([
                ["address", address],
                ["keystore", shown(path)],
              ]),
              "The keystore holds it now: destroy the copy that you imported from.",
            ].join("\n"),
          };
        } finally {
          privateKey.fill(0);
        }
      }),
    );
}
