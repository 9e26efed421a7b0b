import type { Hex } from "viem";
import { nodeCrashPoint } from "../keys/frost/crashMarks.ts";
import type { NodeIdentity } from "../keys/frost/identity.ts";
import { paths } from "./paths.ts";
import type { SigningNode } from "./signingNode.ts";
import { listenForNodes, type NodeServer } from "./transport/nodeServer.ts";

/** Calldata of 2^20 bytes as hexadecimal, and everything around it. */
const MAX_SIGN_BYTES = 2_200_000;
const MAX_BYTES = 1_024;

/** Lets a node's coordinators talk to it. */
export function serveNode(parameters: {
  node: SigningNode;
  identity: NodeIdentity;
  /** Ed25519 keys of those who may ask for signatures. */
  coordinators: readonly Hex[];
  /** Of the group's other nodes, which may ask whether this one is there. */
  peers?: readonly Hex[] | undefined;
  host: string;
  port: number;
}): Promise<NodeServer> {
  const { node, identity, coordinators, peers = [], host, port } = parameters;
  const allows = (sender: Hex) => coordinators.includes(sender);
  return listenForNodes({
    identity,
    host,
    port,
    handlers: {
      [paths.commit]: {
        allows,
        maxBytes: MAX_BYTES,
        handle: async () => node.commit(),
      },
      [paths.preceding]: {
        allows,
        maxBytes: MAX_SIGN_BYTES,
        handle: (body) => node.follow(body),
      },
      [paths.status]: {
        allows: (sender) => allows(sender) || peers.includes(sender),
        maxBytes: MAX_BYTES,
        handle: async () => ({ participant: node.participant, epoch: node.group.epoch }),
      },
      [paths.sign]: {
        allows,
        maxBytes: MAX_SIGN_BYTES,
        handle: (body) => node.sign(body),
        onSent: () => nodeCrashPoint("share-sent"),
      },
    },
  });
}
