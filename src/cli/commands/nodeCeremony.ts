import { Command, InvalidArgumentError } from "commander";
import type { Hex } from "viem";
import { FrostAbortError } from "../../errors/frost.ts";
import { type Ceremony, createKeyGeneration, createRefresh } from "../../keys/frost/ceremony.ts";
import { groupKeyId } from "../../keys/frost/group.ts";
import { conductCeremony } from "../../node/conductCeremony.ts";
import { parseCount } from "../actionOptions.ts";
import { action, type Cli, examples } from "../cli.ts";
import {
  adoptNext,
  assertNoShare,
  claimCeremony,
  keepNext,
  loadNodeFolder,
  type NodeFolder,
  type NodeSecrets,
  nodeFiles,
  openNode,
  readShare,
} from "../nodeFolder.ts";
import { done, shown, table } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";
import { withProgress } from "../progress.ts";

interface CeremonyOptions extends PassphraseOptions {
  session: Hex;
  wait: number;
}

type Made = (config: NodeFolder, secrets: NodeSecrets, session: Hex) => Promise<Ceremony>;

const sessionHelp = "32 bytes, fresh, and the same on every node (openssl rand -hex 32)";

function ceremonyCommand(name: string, description: string, make: Made): Command {
  const command = new Command(name)
    .description(
      `${description} Run it on every node at about the same time, while none of them serves: it uses the node's ` +
        "address.",
    )
    .requiredOption("--session <hex>", sessionHelp, parseSession)
    .option(
      "--wait <seconds>",
      "how long the others are waited for in each round",
      parseCount,
      120,
    );
  return passphraseOptions(command)
    .addHelpText("after", examples([`zkmandate -w node-1 node ${name} --session 0x…`]))
    .action(
      action<CeremonyOptions>(async (cli, options) => {
        const config = await loadNodeFolder(cli);
        const secrets = await openNode(cli, options, config);
        return conduct(cli, config, secrets, await make(config, secrets, options.session), options);
      }),
    );
}

/** As `openssl rand -hex` prints it, or with 0x. */
function parseSession(text: string): Hex {
  const session = text.toLowerCase().replace(/^0x/, "");
  if (/^[0-9a-f]{64}$/.test(session)) return `0x${session}`;
  throw new InvalidArgumentError("It is 32 bytes in hexadecimal.");
}

/** `zkmandate node dkg`: a key that no machine ever holds. */
export function nodeDkgCommand(): Command {
  return ceremonyCommand(
    "dkg",
    "Makes a group's key together with the other nodes, of which no machine ever has more than its share. A share that " +
      "the node has is never replaced.",
    async ({ folder, threshold, participant: self, nodes }, { identity }, session) => {
      await assertNoShare(folder);
      return createKeyGeneration({ session, threshold, self, nodes: keysOf(nodes), identity });
    },
  );
}

/** `zkmandate node refresh`: new shares of the same key. */
export function nodeRefreshCommand(): Command {
  return ceremonyCommand(
    "refresh",
    "Gives the nodes that node.yaml names new shares of the same key; the old ones are worth nothing then. A node " +
      "that is left out has none afterwards.",
    async ({ folder, nodes }, { identity, seal }, session) =>
      createRefresh({ session, nodes: keysOf(nodes), identity }, await readShare(folder, seal)),
  );
}

const keysOf = (nodes: NodeFolder["nodes"]) =>
  Object.fromEntries([...nodes].map(([id, { publicKey }]) => [id, publicKey]));

async function conduct(
  cli: Cli,
  config: NodeFolder,
  { identity, seal }: NodeSecrets,
  ceremony: Ceremony,
  { wait }: CeremonyOptions,
) {
  const { folder, participant, nodes, listen } = config;
  const files = nodeFiles(folder);
  const { group } = await withProgress("working with the other nodes", () =>
    conductCeremony({
      ceremony,
      identity,
      host: listen.host,
      port: listen.port,
      others: new Map([...nodes].filter(([id]) => id !== participant)),
      roundMs: wait * 1_000,
      begin: () => claimCeremony(folder, ceremony.id),
      keep: (result) => keepNext(folder, seal, result),
    }),
  ).catch((error: unknown) => {
    // Only then are there others that may have finished.
    if (error instanceof FrostAbortError && error.round === "confirmation") {
      cli.warn(
        `if the other nodes have finished, ${shown(files.nextShare)} and ${shown(files.nextGroup)} take the ` +
          "place of the old ones; else run it again with another session",
      );
    }
    throw error;
  });
  await adoptNext(folder);
  const key = groupKeyId(group);
  return {
    data: { key, participant, epoch: group.epoch, threshold: group.threshold, group: files.group },
    text: [
      done("the share is made, and all others have theirs"),
      table([
        ["group key", key],
        ["this node", `${participant} of ${group.participants.join(", ")}`],
        ["needed to sign", group.threshold],
        ["epoch of the shares", group.epoch],
        ["group file", `${shown(files.group)} (public; the coordinator needs it)`],
      ]),
    ].join("\n"),
  };
}
