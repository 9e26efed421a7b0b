import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { writeFileAtomic } from "../../keys/files.ts";
import { splitKey } from "../../keys/frost/dealer.ts";
import { groupKeyId } from "../../keys/frost/group.ts";
import { isRecipient, writeSealed } from "../../keys/sealed.ts";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { groupText } from "../nodeFolder.ts";
import { done, shown, table } from "../output.ts";
import { descriptor } from "../passphrase.ts";
import { parsePrivateKey } from "../privateKey.ts";
import { readSecret } from "../secretInput.ts";

interface SplitOptions {
  privateKeyFile?: string;
  privateKeyFd?: number;
  threshold: number;
  to: Map<number, string>;
  out: string;
}

/** `zkmandate node split`: shares of a key that exists. */
export function nodeSplitCommand(): Command {
  return new Command("split")
    .description(
      "Splits a private key that exists into shares, each sealed to its node, and writes the group's public file. " +
        "This machine holds the whole key meanwhile: prefer `node dkg`, and destroy the original. Every node copies " +
        "its share to share.age and the group to group.json in its folder.",
    )
    .requiredOption(
      "--to <node=recipient>",
      "a node's number and age recipient; once for each",
      recipientOf,
    )
    .requiredOption("--threshold <number>", "how many sign together", parseCount)
    .option("--private-key-file <file>", "read the private key from the one line of a file")
    .option("--private-key-fd <number>", "read it from an open file descriptor", descriptor)
    .option("--out <folder>", "where to write group.json and share-<node>.age", ".")
    .addHelpText(
      "after",
      examples([
        "zkmandate node split --threshold 2 --to 1=age1… --to 2=age1… --to 3=age1… --private-key-fd 3",
      ]),
    )
    .action(
      action<SplitOptions>(async (cli, options) => {
        const text = await readSecret(
          { file: options.privateKeyFile, fd: options.privateKeyFd },
          {
            prompt: "Private key",
            hint: "use --private-key-file <file> or --private-key-fd <number>",
            warn: cli.warn,
          },
        );
        const privateKey = parsePrivateKey(text);
        const participants = [...options.to.keys()].sort((a, b) => a - b);
        const { threshold } = options;
        const out = resolve(options.out);
        try {
          const { group, shares } = splitKey(privateKey, { threshold, participants });
          const file = join(out, "group.json");
          await writeFileAtomic(file, groupText(group), { mode: 0o644 });
          const files: string[] = [];
          for (const share of shares) {
            const path = join(out, `share-${share.participant}.age`);
            const recipient = options.to.get(share.participant) as string;
            await writeSealed(path, share.reveal(), { recipient });
            files.push(path);
          }
          const key = groupKeyId(group);
          return {
            data: { key, threshold, participants, group: file, shares: files },
            text: [
              done("key split"),
              table([
                ["group key", key],
                ["group file", shown(file)],
                ...files.map((path): [string, string] => ["share", shown(path)]),
              ]),
              "The nodes hold it now: destroy the copy that you split.",
            ].join("\n"),
          };
        } finally {
          privateKey.fill(0);
        }
      }),
    );
}

function recipientOf(text: string, before: Map<number, string> = new Map()): Map<number, string> {
  const [, id, recipient] = /^([1-9]\d{0,4})=(.+)$/.exec(text) ?? [];
  if (id === undefined || recipient === undefined || !isRecipient(recipient)) {
    throw new InvalidArgumentError("It is a node's number, =, and its age recipient.");
  }
  return new Map([...before, [Number(id), recipient]]);
}
