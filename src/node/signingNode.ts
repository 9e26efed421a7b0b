import type { Hex } from "viem";
import { isAddressEqual } from "viem";
import { z } from "zod";
import type { CircuitName } from "../action/circuits.ts";
import { InvalidFrostDataError, NonceUsedError, SigningRefusedError } from "../errors/frost.ts";
import { NodeRefusalError, type RefusalReason } from "../errors/node.ts";
import type { SigningEvidence } from "../keys/evidence.ts";
import { nodeCrashPoint } from "../keys/frost/crashMarks.ts";
import { hexSchema } from "../keys/frost/encoding.ts";
import { type FrostGroup, groupKeyId, type KeyShare } from "../keys/frost/group.ts";
import type { NodeIdentity } from "../keys/frost/identity.ts";
import type { NonceCommitment, NonceStore } from "../keys/frost/nonces.ts";
import type { SignatureShare } from "../keys/frost/rounds.ts";
import { parseShareRequest, ShareSigner } from "../keys/frost/signing.ts";
import type { Proof } from "../prover/prover.ts";
import { judge, type NodeGate } from "./judge.ts";
import {
  NO_DIGEST,
  type PrecedingTransition,
  parseEvidence,
  parsePreceding,
  type SignedRefusal,
  signRefusal,
} from "./messages.ts";
import { judgePreceding } from "./preceding.ts";
import { withTransition } from "./signedRecord.ts";
import type { SignedStore } from "./signedStore.ts";

/** What a node of a group is made of. */
export interface SigningNodeOptions {
  group: FrostGroup;
  share: KeyShare;
  /** Signs its refusals. */
  identity: NodeIdentity;
  gates: readonly NodeGate[];
  nonces: NonceStore;
  signed: SignedStore;
  /** Whether a proof is valid under the node's own pinned artifacts. */
  verify(circuit: CircuitName, proof: Proof): Promise<boolean>;
  /** seconds that an action may be after the node's latest block; 12 by default */
  tolerance?: bigint | undefined;
  /** Told what was decided, with what led to it. Must not throw. */
  onDecision?: ((decision: NodeDecision) => void) | undefined;
}

/** What a node decided about a digest. Stays with the node: the cause may hold limits. */
export interface NodeDecision {
  digest: Hex;
  refused?: { reason: RefusalReason; cause: unknown } | undefined;
}

/** One node of a group: holds a share, and signs what it finds in order. */
export interface SigningNode {
  readonly participant: number;
  readonly group: FrostGroup;
  /** Round one: the commitment to a fresh nonce pair. */
  commit(): NonceCommitment;
  /**
   * Round two.
   *
   * @param body `{ request, evidence }` as it came
   * @returns the share of the signature, or a signed refusal
   */
  sign(body: unknown): Promise<SignatureShare | SignedRefusal>;
  /**
   * Takes note, for good, of a transition that the group has signed and that has not landed, so that this node can sign
   * what follows. It signs no other one in its place then, as if it had signed this one.
   *
   * @param body as it came
   * @returns the transition's digest, or a signed refusal
   */
  follow(body: unknown): Promise<{ digest: Hex } | SignedRefusal>;
  /** Forgets every nonce. */
  close(): void;
}

const bodySchema = z.strictObject({ request: z.unknown(), evidence: z.unknown() });
const digestSchema = z.object({ request: z.object({ digest: hexSchema(32) }) });

/**
 * Makes a group's node. It has no say in which nodes sign, and asks nobody whether to.
 *
 * @throws {InvalidFrostDataError} if the share is not the group's
 *
 * @example
 * const node = createSigningNode({ group, share, identity, gates, nonces, signed, verify: verifyProof });
 */
export function createSigningNode(options: SigningNodeOptions): SigningNode {
  const { group, share, identity, gates, signed, tolerance = 12n, onDecision } = options;
  const { participant } = share;
  const key = groupKeyId(group);
  const signer = new ShareSigner({ group, share, store: options.nonces });

  function placeOf({ chainId, gate: address, proof }: SigningEvidence | PrecedingTransition) {
    const gate = gates.find(
      (served) => served.chainId === chainId && isAddressEqual(served.gate, address),
    );
    if (!gate) throw new NodeRefusalError({ reason: "unknown-gate" });
    return { gate, lane: { chainId, gate: gate.gate, lane: proof.lane } };
  }

  async function followChecked(body: unknown): Promise<{ digest: Hex }> {
    const preceding = parsePreceding(body);
    const { gate, lane } = placeOf(preceding);
    const record = () => signed.read(lane);
    const { snapshot, transition } = await judgePreceding({ gate, key, preceding, record });
    await signed.update(lane, (before) => withTransition(before, snapshot, transition));
    return { digest: transition.digest };
  }

  async function signChecked(body: unknown): Promise<SignatureShare> {
    const parsed = bodySchema.parse(body);
    const request = parseShareRequest(parsed.request);
    const evidence = parseEvidence(parsed.evidence);
    const { gate, lane } = placeOf(evidence);
    const { snapshot, transition } = await judge({
      gate,
      key,
      digest: request.digest,
      evidence,
      record: () => signed.read(lane),
      verify: options.verify,
      tolerance,
    });
    // Durable before the share is made, and decided anew on what stands there now.
    nodeCrashPoint("judged");
    return signer.sign(request, async () => {
      await signed.update(lane, (record) => withTransition(record, snapshot, transition));
      nodeCrashPoint("transition-recorded");
    });
  }

  return {
    participant,
    group,
    commit: () => signer.commit(),
    async sign(body) {
      const digest = digestSchema.safeParse(body).data?.request.digest ?? NO_DIGEST;
      try {
        const answer = await signChecked(body);
        onDecision?.({ digest });
        return answer;
      } catch (cause) {
        const reason = reasonOf(cause);
        onDecision?.({ digest, refused: { reason, cause } });
        return signRefusal(identity, { participant, digest, reason });
      }
    },
    async follow(body) {
      try {
        return await followChecked(body);
      } catch (cause) {
        const reason = reasonOf(cause);
        onDecision?.({ digest: NO_DIGEST, refused: { reason, cause } });
        return signRefusal(identity, { participant, digest: NO_DIGEST, reason });
      }
    },
    close: () => signer.close(),
  };
}

/** Doubt denies: what is not foreseen is a refusal too. */
function reasonOf(error: unknown): RefusalReason {
  if (error instanceof NodeRefusalError) return error.reason;
  if (error instanceof InvalidFrostDataError || error instanceof z.ZodError) return "malformed";
  if (error instanceof SigningRefusedError || error instanceof NonceUsedError) {
    return "wrong-round-two";
  }
  return "failed";
}
