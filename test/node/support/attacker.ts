import type { Hex } from "viem";
import type { SigningEvidence } from "../../../src/keys/evidence.ts";
import { groupKeyId } from "../../../src/keys/frost/group.ts";
import { createNonces, type NonceCommitment } from "../../../src/keys/frost/nonces.ts";
import { gateSuite } from "../../../src/keys/frost/suite.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import { encodeEvidence } from "../../../src/node/messages.ts";
import { paths } from "../../../src/node/paths.ts";
import { createNodeClient } from "../../../src/node/transport/nodeClient.ts";
import type { SigningRequest } from "../../../src/signer/signingRequest.ts";
import type { NodeWorld, RunningNode } from "./nodeWorld.ts";

/** What an honest signer would show the group's nodes. */
export interface Shown {
  digest: Hex;
  evidence: SigningEvidence;
}

/** Proves an action as an honest signer does, and keeps what it shows its key instead of signing. */
export async function shownFor(world: NodeWorld, request: SigningRequest): Promise<Shown> {
  let shown: Shown | undefined;
  const key: AgentKey = {
    kind: "schnorr",
    address: world.gate,
    onchain: { kind: 2, id: groupKeyId(world.group) },
    async sign(digest, evidence) {
      if (evidence) shown = { digest, evidence };
      throw new Error("kept");
    },
    close: async () => undefined,
  };
  const signer = await world.signerWith(key);
  await signer.sign(request).catch(() => undefined);
  if (!shown) throw new Error("the signer showed nothing");
  return shown;
}

/** Asks one node for a share beside one of node 1, whose share the asker has. */
export async function ask(
  world: NodeWorld,
  node: RunningNode,
  { digest, evidence }: { digest: Hex; evidence: SigningEvidence },
  { commitment }: { commitment?: NonceCommitment } = {},
): Promise<Answer> {
  const client = createNodeClient(node, world.coordinator);
  try {
    const own = createNonces(gateSuite, world.partsOf(1).share).commitment;
    const theirs = commitment ?? ((await client.send(paths.commit, {}, 5_000)) as NonceCommitment);
    const request = {
      key: groupKeyId(world.group),
      epoch: 0,
      digest,
      commitments: [own, theirs],
    };
    const body = { request, evidence: encodeEvidence(evidence) };
    const answer = (await client.send(paths.sign, body, 20_000)) as Record<string, unknown>;
    const { reason, share } = answer as { reason?: string; share?: Hex };
    return { reason, share, commitment: theirs };
  } finally {
    client.close();
  }
}

export interface Answer {
  reason: string | undefined;
  share: Hex | undefined;
  commitment: NonceCommitment;
}
