import { Command } from "commander";
import type { RefusalReason } from "../../errors/node.ts";
import { createFileNonceStore } from "../../keys/frost/fileNonceStore.ts";
import { groupKeyId } from "../../keys/frost/group.ts";
import { serveNode } from "../../node/serveNode.ts";
import { createFileSignedStore } from "../../node/signedStore.ts";
import { createSigningNode, type NodeDecision } from "../../node/signingNode.ts";
import { verifyProof } from "../../prover/verify.ts";
import { createLogger } from "../../server/logs/logger.ts";
import { action, examples } from "../cli.ts";
import { batchingClient } from "../clients.ts";
import {
  createMandateReader,
  loadNodeFolder,
  nodeFiles,
  openNode,
  readShare,
} from "../nodeFolder.ts";
import { done } from "../output.ts";
import { type PassphraseOptions, passphraseOptions } from "../passphrase.ts";

/** `zkmandate node serve`: one node of a group. */
export function nodeServeCommand(): Command {
  const command = new Command("serve").description(
    "Runs a node of a group. It shares in a signature only for an action that it has checked itself: against its " +
      "own chain, its own copy of the policy and its own artifacts, and never for two that can both land. Logs go " +
      "to stderr, one JSON object a line. SIGTERM and SIGINT end it.",
  );
  return passphraseOptions(command)
    .addHelpText("after", examples(["zkmandate -w node-1 node serve --passphrase-fd 3"]))
    .action(
      action<PassphraseOptions>(async (cli, options) => {
        const config = await loadNodeFolder(cli);
        const { folder, coordinators, listen, chain } = config;
        const { seal, identity } = await openNode(cli, options, config);
        const { group, share } = await readShare(folder, seal);
        const client = await batchingClient({ chain });
        const files = nodeFiles(folder);
        const mandate = createMandateReader(folder, seal);
        const log = createLogger({ level: "info" });
        const node = createSigningNode({
          group,
          share,
          identity,
          gates: config.gates.map((gate) => ({
            chainId: chain.id,
            gate,
            client,
            mandate,
          })),
          nonces: createFileNonceStore(files.nonces),
          signed: createFileSignedStore(files.signed, seal),
          verify: verifyProof,
          onDecision: ({ digest, refused }: NodeDecision) => {
            if (refused === undefined) log.info({ digest }, "signed");
            else {
              const { reason, cause } = refused;
              log.warn({ digest, reason, ...(needsCause(reason) && { err: cause }) }, "refused");
            }
          },
        });
        const server = await serveNode({
          node,
          identity,
          coordinators,
          peers: [...config.nodes.values()].map(({ publicKey }) => publicKey),
          host: listen.host,
          port: listen.port,
        });
        const { participant } = share;
        const key = groupKeyId(group);
        for (const [entry, { length }] of Object.entries({ gates: config.gates, coordinators })) {
          if (length === 0) log.warn(`node.yaml names no ${entry}: nothing can be signed`);
        }
        log.info({ host: server.host, port: server.port, participant, key }, "listening");
        const signal = await ended();
        await server.close();
        node.close();
        return { data: { participant, signal }, text: done(`ended by ${signal}`) };
      }),
    );
}

/** Whether the reason alone tells an operator nothing. What a log says of an error holds no limits. */
const needsCause = (reason: RefusalReason) =>
  ["chain-unavailable", "failed", "wrong-round-two"].includes(reason);

function ended(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.once(signal, () => resolve(signal));
  });
}
