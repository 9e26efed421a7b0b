import { inspect } from "node:util";
import { type Address, type Hex, isHex, size } from "viem";
import { FrostAbortError } from "../errors/frost.ts";
import { InvalidDigestError, KeyClosedError } from "../errors/keys.ts";
import {
  EvidenceMissingError,
  type NodeFault,
  NodeTransportError,
  QuorumMissingError,
} from "../errors/node.ts";
import type { SigningEvidence } from "../keys/evidence.ts";
import { decodePoint } from "../keys/frost/encoding.ts";
import { type FrostGroup, groupKeyId } from "../keys/frost/group.ts";
import type { NodeIdentity } from "../keys/frost/identity.ts";
import { type NonceCommitment, parseNonceCommitment } from "../keys/frost/nonces.ts";
import { combineShares } from "../keys/frost/signing.ts";
import { type AgentKey, agentKeyKinds } from "../keys/keys.ts";
import { schnorrKeyAddress } from "../keys/schnorr.ts";
import { stateCommitment } from "../state/state.ts";
import {
  encodeEvidence,
  type PrecedingTransition,
  readRefusal,
  type SignedRefusal,
} from "./messages.ts";
import { paths } from "./paths.ts";
import { showPreceding } from "./showPreceding.ts";
import { SignedHistory } from "./signedHistory.ts";
import { createNodeClient, type NodeAddress, type NodeClient } from "./transport/nodeClient.ts";

/** A node of a group, as its coordinator knows it. */
export interface GroupNode extends NodeAddress {
  participant: number;
}

export interface GroupKeyOptions {
  group: FrostGroup;
  /** At least as many as the threshold; those before are asked first. */
  nodes: readonly GroupNode[];
  /** The coordinator's own, which the nodes know. */
  identity: NodeIdentity;
  /** How long a node may take for a commitment; 2,000 ms by default. */
  commitMs?: number | undefined;
  /** How long a node may take to check an action and sign; 10,000 ms by default. */
  signMs?: number | undefined;
  /** Told what a node did instead of its part. Must not throw. */
  onFault?: ((fault: NodeFault) => void) | undefined;
}

/** What the coordinator has of a node. */
interface Member extends GroupNode {
  client: NodeClient;
  /** Commitments that were fetched ahead. */
  ready: NonceCommitment[];
  /** It sent what no honest node sends: not asked again. */
  cheated: boolean;
  /** It did not answer the last time: asked last. */
  absent: boolean;
}

/** A member in a round, with the nonces that it signs with. */
interface Signer {
  member: Member;
  commitment: NonceCommitment;
  /** Whether the commitment was fetched ahead: the node may have been started again since. */
  wasReady: boolean;
}

/** One signing, until it succeeds or too few nodes are left. */
interface Attempt {
  /** Lower case. */
  digest: Hex;
  /** As it is sent. */
  evidence: unknown;
  faults: NodeFault[];
  /** Nodes that did not know their nonces any more: what was fetched ahead is not used again. */
  renewed: Set<Member>;
  /** What precedes the action, if this coordinator had it signed. */
  preceding: PrecedingTransition | undefined;
  /** Nodes that were shown what precedes the action. */
  informed: Set<Member>;
}

/** A group whose nodes sign, each by its own judgement. Holds no secret but its name. */
class FrostGroupKey implements AgentKey {
  readonly kind = "schnorr";
  readonly address: Address;
  readonly onchain: { kind: number; id: Hex };
  readonly #group: FrostGroup;
  readonly #members: readonly Member[];
  readonly #commitMs: number;
  readonly #signMs: number;
  readonly #onFault: (fault: NodeFault) => void;
  readonly #history = new SignedHistory();
  #closed = false;

  constructor(options: GroupKeyOptions) {
    const { group, nodes, identity, commitMs = 2_000, signMs = 10_000, onFault } = options;
    this.#group = group;
    this.#members = nodes
      .filter(({ participant }) => group.participants.includes(participant))
      .map((node) => ({
        ...node,
        client: createNodeClient(node, identity),
        ready: [],
        cheated: false,
        absent: false,
      }));
    this.#commitMs = commitMs;
    this.#signMs = signMs;
    this.#onFault = onFault ?? (() => undefined);
    this.address = schnorrKeyAddress(decodePoint(group.commitments[0] as Hex));
    this.onchain = { kind: agentKeyKinds.schnorr, id: groupKeyId(group) };
  }

  async sign(digest: Hex, evidence?: SigningEvidence): Promise<Hex> {
    if (this.#closed) throw new KeyClosedError({ address: this.address });
    if (!isHex(digest) || size(digest) !== 32) {
      throw new InvalidDigestError({
        received: isHex(digest) ? `${size(digest)} bytes` : typeof digest,
      });
    }
    if (evidence === undefined) throw new EvidenceMissingError();
    const stateOld = stateCommitment(evidence.stateOld);
    const attempt: Attempt = {
      digest: digest.toLowerCase() as Hex,
      evidence: encodeEvidence(evidence),
      faults: [],
      renewed: new Set(),
      preceding: this.#history.before({ ...evidence, stateOld }),
      informed: new Set(),
    };
    for (;;) {
      const signers = await this.#gather(attempt);
      const signature = await this.#round(attempt, signers);
      if (signature === undefined) continue;
      this.#history.add(evidence, signature);
      for (const { member } of signers) void this.#fetchAhead(member);
      return signature;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { client } of this.#members) client.close();
  }

  toJSON() {
    return { kind: this.kind, address: this.address };
  }

  [inspect.custom]() {
    return `AgentKey(${this.kind}, ${this.address})`;
  }

  /** Round one: as many nodes as are needed, of those that did nothing wrong in this signing. */
  async #gather(attempt: Attempt): Promise<Signer[]> {
    const { faults } = attempt;
    const { threshold } = this.#group;
    const gathered: Signer[] = [];
    for (;;) {
      const isOut = ({ participant, cheated }: Member) =>
        cheated || faults.some((fault) => fault.participant === participant);
      const asked = gathered.map(({ member }) => member);
      const candidates = this.#members
        .filter((member) => !isOut(member) && !asked.includes(member))
        .toSorted((a, b) => Number(a.absent) - Number(b.absent));
      const missing = threshold - gathered.length;
      if (missing === 0) {
        return gathered.toSorted((a, b) => a.member.participant - b.member.participant);
      }
      if (candidates.length < missing) {
        for (const { member, commitment } of gathered) member.ready.push(commitment);
        throw new QuorumMissingError({ threshold, faults: this.#withCheaters(faults) });
      }
      const found = await Promise.all(
        candidates.slice(0, missing).map((member) => this.#commitmentOf(member, attempt)),
      );
      gathered.push(...found.filter((signer) => signer !== undefined));
    }
  }

  async #commitmentOf(member: Member, attempt: Attempt): Promise<Signer | undefined> {
    const ready = attempt.renewed.has(member) ? undefined : member.ready.shift();
    if (ready) return { member, commitment: ready, wasReady: true };
    try {
      return { member, commitment: await this.#commit(member), wasReady: false };
    } catch (error) {
      this.#blame(member, attempt, error);
      return undefined;
    }
  }

  async #commit({ client, participant }: Member): Promise<NonceCommitment> {
    const answer = await client.send(paths.commit, {}, this.#commitMs);
    return parseNonceCommitment(answer, participant);
  }

  async #fetchAhead(member: Member): Promise<void> {
    if (this.#closed || member.ready.length > 0) return;
    try {
      member.ready.push(await this.#commit(member));
    } catch {
      // Whoever needs one asks again, and learns why.
    }
  }

  /** Round two: nothing if the signature has to be made by others. */
  async #round(attempt: Attempt, signers: readonly Signer[]): Promise<Hex | undefined> {
    const { digest, evidence } = attempt;
    const { epoch } = this.#group;
    const commitments = signers.map(({ commitment }) => commitment);
    const request = { key: this.onchain.id, epoch, digest, commitments };
    const answers = new Map<number, unknown>();
    await Promise.all(
      signers.map(async ({ member, wasReady }) => {
        try {
          const answer = await member.client.send(paths.sign, { request, evidence }, this.#signMs);
          member.absent = false;
          const refusal = readRefusal(answer, { ...member, digest });
          if (refusal) await this.#refused(member, refusal, wasReady, attempt);
          else answers.set(member.participant, answer);
        } catch (error) {
          this.#blame(member, attempt, error);
        }
      }),
    );
    try {
      return combineShares(this.#group, { digest, commitments }, answers);
    } catch (error) {
      if (!(error instanceof FrostAbortError)) throw error;
      for (const { participant, reason } of error.misconduct) {
        const member = this.#members.find((other) => other.participant === participant);
        if (member) member.cheated = true;
        this.#note(attempt, { participant, kind: "cheated", reason });
      }
      return undefined;
    }
  }

  async #refused(
    member: Member,
    { participant, reason }: SignedRefusal,
    wasReady: boolean,
    attempt: Attempt,
  ): Promise<void> {
    if (reason === "wrong-round-two" && wasReady) {
      // A node forgets its nonces when it is started again: it is asked for new ones.
      member.ready = [];
      attempt.renewed.add(member);
      return;
    }
    const { preceding, informed } = attempt;
    if (reason === "wrong-sequence" && preceding && !informed.has(member)) {
      // It had no part in what precedes the action: it is shown that, and asked again.
      informed.add(member);
      if (await showPreceding(member, this.#history, preceding, this.#signMs)) return;
    }
    this.#note(attempt, { participant, kind: "refused", reason });
  }

  #blame(member: Member, attempt: Attempt, error: unknown): void {
    const { participant } = member;
    if (error instanceof NodeTransportError) {
      member.absent = true;
      member.ready = [];
      this.#note(attempt, { participant, kind: "absent", reason: error.reason });
    } else {
      member.cheated = true;
      this.#note(attempt, { participant, kind: "cheated", reason: "it sent no nonce commitment" });
    }
  }

  #note({ faults }: Attempt, fault: NodeFault): void {
    faults.push(fault);
    this.#onFault(fault);
  }

  #withCheaters(faults: readonly NodeFault[]): NodeFault[] {
    const earlier = this.#members
      .filter(
        ({ cheated, participant }) => cheated && !faults.some((f) => f.participant === participant),
      )
      .map(
        ({ participant }): NodeFault => ({
          participant,
          kind: "cheated",
          reason: "in an earlier signing",
        }),
      );
    return [...faults, ...earlier];
  }
}

/**
 * A key whose shares live in nodes, each of which decides for itself whether it signs: `threshold` of them make one
 * signature. Nodes that are down, stall, refuse or cheat are worked around while enough others remain; who cheats is
 * named and not asked again.
 *
 * @throws by `sign`: {EvidenceMissingError} for anything but a gated action, {QuorumMissingError} naming what each node
 * did
 *
 * @example
 * const key = createGroupKey({ group, nodes, identity, onFault: (fault) => log.warn(fault) });
 * const signer = createSigner({ …, key });
 */
export function createGroupKey(options: GroupKeyOptions): AgentKey {
  return new FrostGroupKey(options);
}
