import { inspect } from "node:util";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { z } from "zod";
import { InvalidFrostDataError, NonceUsedError } from "../../errors/frost.ts";
import { parseStrict, participantSchema, pointSchema } from "./encoding.ts";
import { frostSecret, type KeyShare } from "./group.ts";
import type { Random } from "./polynomial.ts";
import type { FrostSuite } from "./suite.ts";

/** What a participant publishes of a nonce pair. */
export interface NonceCommitment {
  readonly participant: number;
  /** 33 bytes each. */
  readonly hiding: Hex;
  readonly binding: Hex;
}

export const nonceCommitmentSchema: z.ZodType<NonceCommitment> = z.strictObject({
  participant: participantSchema,
  hiding: pointSchema,
  binding: pointSchema,
});

/**
 * Reads a commitment that a participant sent.
 *
 * @param participant the authenticated sender
 * @throws {InvalidFrostDataError} if it is malformed, or names another participant
 */
export function parseNonceCommitment(value: unknown, participant: number): NonceCommitment {
  const commitment = parseStrict(nonceCommitmentSchema, value, "a nonce commitment");
  if (commitment.participant === participant) return commitment;
  const problems = [`participant: expected ${participant}, received ${commitment.participant}`];
  throw new InvalidFrostDataError({ what: "a nonce commitment", problems });
}

/**
 * Remembers which nonces were used, for good. Two shares from one nonce reveal the key share, and a process that was
 * cloned or restored from a snapshot has the nonce again: so the store outlives it, and is not restored with it.
 */
export interface NonceStore {
  /**
   * Marks a nonce used; returns only once that is durable.
   *
   * @param id 32 bytes, see `nonceId`
   * @throws {NonceUsedError} if it was marked before
   */
  markUsed(id: Hex): Promise<void>;
}

/** The name of a nonce pair: SHA-256 of both commitments. */
export function nonceId({ hiding, binding }: Pick<NonceCommitment, "hiding" | "binding">): Hex {
  return bytesToHex(sha256(concatBytes(hexToBytes(hiding), hexToBytes(binding))));
}

/** A pair of secret nonces, to be taken once. Never shows itself. */
export class NoncePair {
  readonly commitment: NonceCommitment;
  #nonces: { hiding: Uint8Array; binding: Uint8Array } | undefined;

  constructor(commitment: NonceCommitment, nonces: { hiding: Uint8Array; binding: Uint8Array }) {
    this.commitment = commitment;
    this.#nonces = nonces;
  }

  get id(): Hex {
    return nonceId(this.commitment);
  }

  /**
   * The nonces, of which nothing stays here.
   *
   * @throws {NonceUsedError} the second time
   */
  take(): { hiding: Uint8Array; binding: Uint8Array } {
    const nonces = this.#nonces;
    if (nonces === undefined) throw new NonceUsedError({ id: this.id });
    this.#nonces = undefined;
    return nonces;
  }

  /** Forgets nonces that will not be used. */
  discard(): void {
    this.#nonces?.hiding.fill(0);
    this.#nonces?.binding.fill(0);
    this.#nonces = undefined;
  }

  toJSON() {
    return this.commitment;
  }

  [inspect.custom]() {
    return `NoncePair(${this.id})`;
  }
}

/** Round one of RFC 9591 §5.1: fresh nonces, hedged with the share. */
export function createNonces(suite: FrostSuite, share: KeyShare, random?: Random): NoncePair {
  const secret = frostSecret(share);
  const { nonces, commitments } = suite.frost.commit(secret, random as never);
  secret.signingShare.fill(0);
  const commitment = {
    participant: share.participant,
    hiding: bytesToHex(commitments.hiding),
    binding: bytesToHex(commitments.binding),
  };
  return new NoncePair(commitment, nonces);
}
