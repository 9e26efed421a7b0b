import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, hexToBytes } from "viem";
import { z } from "zod";
import { NonceUsedError, SigningRefusedError } from "../../errors/frost.ts";
import { encodeSchnorrSignature } from "../schnorr.ts";
import { nodeCrashPoint } from "./crashMarks.ts";
import { hexSchema, MAX_GROUP, parseStrict } from "./encoding.ts";
import { assertShareOf, type FrostGroup, groupKeyId, type KeyShare } from "./group.ts";
import {
  createNonces,
  type NonceCommitment,
  type NoncePair,
  type NonceStore,
  nonceCommitmentSchema,
  nonceId,
} from "./nonces.ts";
import type { Random } from "./polynomial.ts";
import { aggregate, type SignatureShare, signShare } from "./rounds.ts";
import { gateSuite } from "./suite.ts";

const { Point } = secp256k1;

/** Nonce pairs that a node keeps ready; the oldest is forgotten beyond. */
const MAX_PENDING = 256;

/** What a coordinator asks a node to sign. */
export interface ShareRequest {
  /** The group's key as a gate stores it. */
  readonly key: Hex;
  readonly epoch: number;
  /** 32 bytes. */
  readonly digest: Hex;
  /** Of everyone who signs, ascending by participant. */
  readonly commitments: readonly NonceCommitment[];
}

const requestSchema: z.ZodType<ShareRequest> = z.strictObject({
  key: hexSchema(32),
  epoch: z.int().min(0),
  digest: hexSchema(32),
  commitments: z.array(nonceCommitmentSchema).max(MAX_GROUP),
});

/** Reads a request, so that a node can decide about its digest before it signs. */
export function parseShareRequest(value: unknown): ShareRequest {
  return parseStrict(requestSchema, value, "a signing request");
}

/**
 * One participant's side of signing: keeps its nonces, and lets each sign once. It signs whatever digest it is given:
 * whether to sign is for its owner to decide before.
 *
 * @example
 * const node = new ShareSigner({ group, share, store: createFileNonceStore("used-nonces") });
 * const commitment = node.commit();
 * const answer = await node.sign({ key, epoch, digest, commitments });
 */
export class ShareSigner {
  readonly #group: FrostGroup;
  readonly #share: KeyShare;
  readonly #store: NonceStore;
  readonly #pending = new Map<Hex, NoncePair>();

  /** @throws {InvalidFrostDataError} if the share is not the group's */
  constructor({ group, share, store }: { group: FrostGroup; share: KeyShare; store: NonceStore }) {
    assertShareOf(group, share);
    this.#group = group;
    this.#share = share;
    this.#store = store;
  }

  /** Makes a nonce pair and publishes its commitment. */
  commit(random?: Random): NonceCommitment {
    const nonces = createNonces(gateSuite, this.#share, random);
    this.#pending.set(nonces.id, nonces);
    const [oldest] = this.#pending;
    if (oldest && this.#pending.size > MAX_PENDING) {
      oldest[1].discard();
      this.#pending.delete(oldest[0]);
    }
    nodeCrashPoint("commitment-made");
    return nonces.commitment;
  }

  /**
   * Signs a share. Its nonces are gone from memory before anything is waited for, and marked used in the store before
   * the share is made.
   *
   * @param record what else has to be durable before the share is made; done at the same time, and the nonces are gone
   * whatever it throws
   * @throws {InvalidFrostDataError} if the request is malformed
   * @throws {SigningRefusedError} if it is for another group or epoch, or its signers are not a quorum of the group
   * @throws {NonceUsedError} if its nonce was used, or is not this node's
   */
  async sign(
    request: ShareRequest,
    record: () => Promise<void> = async () => undefined,
  ): Promise<SignatureShare> {
    const { digest, commitments } = parseShareRequest(request);
    this.#assertOurs(request);
    const own = commitments.find(({ participant }) => participant === this.#share.participant);
    if (own === undefined) {
      throw new SigningRefusedError({
        reason: "this node is not among the signers",
        expected: `participant ${this.#share.participant}`,
        received: commitments.map(({ participant }) => participant).join(", "),
      });
    }
    const id = nonceId(own);
    const nonces = this.#pending.get(id);
    if (nonces === undefined) throw new NonceUsedError({ id });
    this.#pending.delete(id);
    nodeCrashPoint("nonce-taken");
    try {
      // Both come to an end before either failure is told: no write goes on behind a refusal.
      const written = await Promise.allSettled([this.#markUsed(id), record()]);
      for (const each of written) if (each.status === "rejected") throw each.reason;
      const message = hexToBytes(digest);
      const [group, share] = [this.#group, this.#share];
      const signed = signShare(gateSuite, { group, share, nonces, commitments, message });
      nodeCrashPoint("share-made");
      return signed;
    } finally {
      nonces.discard();
    }
  }

  async #markUsed(id: Hex): Promise<void> {
    await this.#store.markUsed(id);
    nodeCrashPoint("nonce-marked");
  }

  /** Forgets every nonce. */
  close(): void {
    for (const nonces of this.#pending.values()) nonces.discard();
    this.#pending.clear();
  }

  #assertOurs({ key, epoch, commitments }: ShareRequest): void {
    const { threshold, participants } = this.#group;
    const ids = commitments.map(({ participant }) => participant);
    const ascending = ids.every((id, i) => i === 0 || (ids[i - 1] as number) < id);
    const checks: [boolean, string, string, string][] = [
      [key === groupKeyId(this.#group), "it is for another group", groupKeyId(this.#group), key],
      [
        epoch === this.#group.epoch,
        "it is for shares of another epoch",
        `${this.#group.epoch}`,
        `${epoch}`,
      ],
      [
        ids.length >= threshold,
        "the signers are too few",
        `at least ${threshold}`,
        `${ids.length}`,
      ],
      [
        ascending && ids.every((id) => participants.includes(id)),
        "the signers are not each one of the group, in ascending order",
        participants.join(", "),
        ids.join(", "),
      ],
    ];
    for (const [ok, reason, expected, received] of checks) {
      if (!ok) throw new SigningRefusedError({ reason, expected, received });
    }
  }
}

/**
 * Makes the signature that a gate verifies of everyone's answers to a request.
 *
 * @param answers by authenticated sender
 * @returns 52 bytes, see `verifySchnorr`
 * @throws {FrostAbortError} naming who cheated and who did not answer
 */
export function combineShares(
  group: FrostGroup,
  { digest, commitments }: Pick<ShareRequest, "digest" | "commitments">,
  answers: ReadonlyMap<number, unknown>,
): Hex {
  const message = hexToBytes(digest);
  const signature = aggregate(gateSuite, { group, commitments, message, answers });
  const commitment = Point.fromBytes(signature.subarray(0, 33));
  return encodeSchnorrSignature(commitment, Point.Fn.fromBytes(signature.subarray(33)));
}
