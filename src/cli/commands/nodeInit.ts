import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { writeFileAtomic } from "../../keys/files.ts";
import { MAX_PARTICIPANT } from "../../keys/frost/encoding.ts";
import { NodeIdentity } from "../../keys/frost/identity.ts";
import { createSealIdentity, writeSealed } from "../../keys/sealed.ts";
import { parseCount } from "../actionOptions.ts";
import { action, examples } from "../cli.ts";
import { NODE_FILE, nodeFiles } from "../nodeFolder.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseFor, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";

interface InitOptions extends PassphraseOptions {
  participant: number;
  port: number;
}

const within = (last: number) => (text: string) => {
  const value = parseCount(text);
  if (value >= 1 && value <= last) return value;
  throw new InvalidArgumentError(`It is 1 to ${last}.`);
};
const parseParticipant = within(MAX_PARTICIPANT);
const parsePort = within(65_535);

/** `zkmandate node init`: a folder for one node of a group. */
export function nodeInitCommand(): Command {
  const command = new Command("init")
    .description(
      "Makes a node's folder: its configuration, the identity that seals its files, and the Ed25519 key by which " +
        "the other nodes and the coordinator know it. Files that exist are never overwritten.",
    )
    .argument("[folder]", "where; made if it does not exist", ".")
    .requiredOption("--participant <number>", "the node's number in its group", parseParticipant)
    .option("--port <number>", "where it listens, on 127.0.0.1", parsePort, 7_100);
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate node init node-1 --participant 1 --port 7101"]))
    .action(
      action<InitOptions>(async (cli, options, target = ".") => {
        const folder = resolve(target);
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const files = nodeFiles(folder);
        const config = join(folder, NODE_FILE);
        const passphrase = await passphraseFor(cli, options, { path: files.seal, confirm: true });
        const identity = new NodeIdentity();
        await writeFileAtomic(config, template(options, identity.publicKey), { mode: 0o644 });
        const seal = await withProgress(`making ${shown(files.seal)}`, () =>
          createSealIdentity(files.seal, passphrase),
        );
        await writeSealed(files.node, identity.reveal(), seal);
        const { publicKey } = identity;
        const { recipient } = seal;
        return {
          data: { config, participant: options.participant, key: publicKey, recipient },
          text: [
            done(shown(config)),
            table([
              ["key", publicKey],
              ["recipient", recipient],
            ]),
            "",
            "Next:",
            "  1. write the chain, the gates and every node's address and key into node.yaml",
            "  2. zkmandate node dkg --session <32 bytes, the same for all>, on every node",
            "  3. zkmandate node serve",
          ].join("\n"),
        };
      }),
    );
}

const template = (
  { participant, port }: InitOptions,
  key: string,
) => `# One node of a group that signs together.
version: 1
participant: ${participant}
# How many of the group sign together.
threshold: 2
chain:
  id: 31337
  rpcUrl: http://127.0.0.1:8545
# The gates that it signs for.
gates: []
# Everyone of the group, this node included: where it listens, and its key.
nodes:
  ${participant}: { host: 127.0.0.1, port: ${port}, key: "${key}" }
# Keys of those who may ask for signatures (zkmandate keys show --check, on the desk).
coordinators: []
`;
