import { type Hex, hexToBytes } from "viem";
import type { GroupDesk, GroupMember } from "../../../src/cli/bench/groupDesk.ts";
import { nodeFiles } from "../../../src/cli/nodeFolder.ts";
import { NodeIdentity } from "../../../src/keys/frost/identity.ts";
import { type NonceCommitment, nonceId } from "../../../src/keys/frost/nonces.ts";
import { readSealed } from "../../../src/keys/sealed.ts";
import type { GroupNode } from "../../../src/node/groupKey.ts";
import { paths } from "../../../src/node/paths.ts";
import { createNodeClient } from "../../../src/node/transport/nodeClient.ts";
import { listenForNodes } from "../../../src/node/transport/nodeServer.ts";

/** A request for a share that reached a node, and what left the node in answer. */
export interface Seen {
  participant: number;
  body: {
    request: { digest: Hex; commitments: readonly NonceCommitment[] };
    evidence: { epoch: number; seq: string; proof: { lane: number } };
  };
  /** Nothing if the node died over it. */
  answer: { share?: Hex; reason?: string } | undefined;
}

/**
 * Stands before every node with the node's own identity, so that coordinators talk to the nodes through it, and
 * remembers all that goes in and comes out.
 */
export async function openWitness(desk: GroupDesk) {
  const seen: Seen[] = [];
  let followed = 0;
  const commitments = new Set<Hex>();
  const fronts = await Promise.all(desk.members.map((member) => front(member)));

  async function front(member: GroupMember) {
    const { participant, folder, seal, publicKey } = member;
    const identity = new NodeIdentity(
      hexToBytes(await readSealed<Hex>(nodeFiles(folder).node, seal)),
    );
    const client = createNodeClient(member, desk.coordinator);
    const allows = (sender: Hex) => sender === desk.coordinator.publicKey;
    const server = await listenForNodes({
      ...{ identity, host: "127.0.0.1", port: 0 },
      handlers: {
        [paths.commit]: {
          allows,
          maxBytes: 1_024,
          async handle(body) {
            const answer = (await client.send(paths.commit, body, 30_000)) as NonceCommitment;
            commitments.add(nonceId(answer));
            return answer;
          },
        },
        [paths.preceding]: {
          allows,
          maxBytes: 4_000_000,
          async handle(body) {
            const answer = (await client.send(paths.preceding, body, 60_000)) as Seen["answer"];
            if (answer?.reason === undefined) followed += 1;
            return answer;
          },
        },
        [paths.sign]: {
          allows,
          maxBytes: 4_000_000,
          async handle(body) {
            const entry: Seen = { participant, body: body as Seen["body"], answer: undefined };
            seen.push(entry);
            entry.answer = (await client.send(paths.sign, body, 60_000)) as Seen["answer"];
            return entry.answer;
          },
        },
      },
    });
    const close = async () => {
      client.close();
      await server.close();
    };
    const node: GroupNode = { participant, publicKey, host: server.host, port: server.port };
    return { node, close };
  }

  const ownNonce = ({ participant, body }: Seen) =>
    nonceId(
      body.request.commitments.find((each) => each.participant === participant) as NonceCommitment,
    );

  return {
    seen,
    /** How often a node took a transition from the group's signature. */
    followed: () => followed,
    /** The nodes as a coordinator is to be told of them. */
    nodes: fronts.map(({ node }) => node),
    /** The shares that left, by what must be unique to each: what there was more than one of. */
    violations(): string[] {
      const shares = seen.filter(({ answer }) => answer?.share !== undefined);
      const found: string[] = [];
      const nonces = new Map<string, number>();
      const digests = new Map<string, Set<Hex>>();
      for (const entry of shares) {
        const { participant, body } = entry;
        const nonce = ownNonce(entry);
        if (!commitments.has(nonce)) found.push(`node ${participant} never published ${nonce}`);
        nonces.set(nonce, (nonces.get(nonce) ?? 0) + 1);
        const { epoch, seq, proof } = body.evidence;
        const place = `node ${participant}, lane ${proof.lane}, ${epoch}/${seq}`;
        digests.set(place, (digests.get(place) ?? new Set()).add(body.request.digest));
      }
      for (const [nonce, count] of nonces) {
        if (count > 1) found.push(`${count} shares from ${nonce}`);
      }
      for (const [place, signed] of digests) {
        if (signed.size > 1) found.push(`${signed.size} digests signed by ${place}`);
      }
      return found;
    },
    /**
     * Sends everything again that a node was asked so far.
     *
     * @returns the shares that came of it
     */
    async replay(participant: number): Promise<Hex[]> {
      const member = desk.members[participant - 1] as GroupMember;
      const client = createNodeClient(member, desk.coordinator);
      const given: Hex[] = [];
      for (const { body } of seen.filter((entry) => entry.participant === participant)) {
        const answer = (await client.send(paths.sign, body, 20_000)) as Seen["answer"];
        if (answer?.share) given.push(answer.share);
      }
      client.close();
      return given;
    },
    async close() {
      await Promise.all(fronts.map(({ close }) => close()));
    },
  };
}
export type Witness = Awaited<ReturnType<typeof openWitness>>;
