import { Command } from "commander";
import { NodeTransportError } from "../../errors/node.ts";
import { groupKeyId } from "../../keys/frost/group.ts";
import { paths } from "../../node/paths.ts";
import { createNodeClient } from "../../node/transport/nodeClient.ts";
import { action, examples } from "../cli.ts";
import { loadNodeFolder, openNode, readShare } from "../nodeFolder.ts";
import { table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";

/** How long a node may take to say that it is there, milliseconds. */
const STATUS_MS = 3_000;

/** `zkmandate node status`: a node's share, and which of its group are there. */
export function nodeStatusCommand(): Command {
  const command = new Command("status").description(
    "Shows a node's group and which of its nodes answer, this one included.",
  );
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate -w node-1 node status"]))
    .action(
      action<PassphraseOptions>(async (cli, options) => {
        const config = await loadNodeFolder(cli);
        const { seal, identity } = await openNode(cli, options, config);
        const { group } = await readShare(config.folder, seal);
        const nodes = await Promise.all(
          [...config.nodes].map(async ([participant, address]) => {
            const client = createNodeClient(address, identity);
            try {
              const answer = await client.send(paths.status, {}, STATUS_MS);
              const { epoch } = answer as { epoch?: unknown };
              return { participant, answers: true, epoch };
            } catch (error) {
              const reason = error instanceof NodeTransportError ? error.reason : "no answer";
              return { participant, answers: false, reason };
            } finally {
              client.close();
            }
          }),
        );
        const key = groupKeyId(group);
        return {
          data: { key, epoch: group.epoch, threshold: group.threshold, nodes },
          text: table([
            ["group key", key],
            ["epoch of the shares", group.epoch],
            ["needed to sign", group.threshold],
            ...nodes.map(({ participant, answers, epoch, reason }): [string, string] => [
              `node ${participant}`,
              answers ? `answers, epoch ${epoch}` : `does not answer: ${reason}`,
            ]),
          ]),
        };
      }),
    );
}
