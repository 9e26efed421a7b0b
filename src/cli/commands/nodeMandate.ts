import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { numberToHex } from "viem";
import { readLane } from "../../chain/readLane.ts";
import { isRecipient, writeSealed } from "../../keys/sealed.ts";
import { action, examples } from "../cli.ts";
import { gateClient } from "../gateClient.ts";
import { loadMandate } from "../mandates.ts";
import { done, shown } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { openIdentity } from "../secrets.ts";

interface MandateOptions extends PassphraseOptions {
  to: string;
  out: string;
}

/** `zkmandate node mandate`: a node's copy of the lane's policy. */
export function nodeMandateCommand(): Command {
  const command = new Command("mandate")
    .description(
      "Seals a copy of the lane's policy and state secret, as the gate holds it now, to one node, which decides by it. " +
        "The node's operator puts the file into the node's folder mandates. After a rotation every node needs the new one.",
    )
    .requiredOption(
      "--to <recipient>",
      "the node's age recipient (zkmandate node init shows it)",
      parseRecipient,
    )
    .option("--out <folder>", "where to write it", ".");
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate node mandate --to age1… --out for-node-1"]))
    .action(
      action<MandateOptions>(async (cli, options) => {
        const workspace = await cli.workspace();
        const { client, deployment } = await gateClient(workspace);
        const { policy } = await readLane(client, { ...deployment, lane: workspace.lane });
        const identity = await openIdentity(cli, options);
        const {
          committed: _,
          secret: __,
          ...mandate
        } = await loadMandate(workspace, identity, policy);
        const commitment = numberToHex(policy, { size: 32 });
        const file = join(resolve(options.out), `${commitment}.age`);
        await writeSealed(file, mandate, { recipient: options.to });
        return {
          data: { commitment, file, recipient: options.to },
          text: done(`${shown(file)}: only the node opens it`),
        };
      }),
    );
}

function parseRecipient(text: string): string {
  if (isRecipient(text)) return text;
  throw new InvalidArgumentError("It is not an age recipient, age1….");
}
