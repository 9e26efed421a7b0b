import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, hexToBytes } from "viem";
import { z } from "zod";
import { InvalidFrostDataError } from "../../errors/frost.ts";
import { schnorrKeyId } from "../schnorr.ts";
import {
  decodePoint,
  decodeScalar,
  encodePoint,
  encodeScalar,
  MAX_GROUP,
  parseStrict,
  participantSchema,
  participantsSchema,
  pointSchema,
  scalarSchema,
} from "./encoding.ts";
import { evaluateCommitments } from "./polynomial.ts";

const { Point } = secp256k1;

/** What everyone may know of a group. */
export interface FrostGroup {
  /** How many participants sign together, at least 2. */
  readonly threshold: number;
  /** Ascending. */
  readonly participants: readonly number[];
  /** How often the shares were refreshed. Shares of different epochs do not fit together. */
  readonly epoch: number;
  /** Commitments to the polynomial's coefficients, 33 bytes each, as many as the threshold; the first is the key. */
  readonly commitments: readonly Hex[];
}

const groupSchema: z.ZodType<FrostGroup> = z
  .strictObject({
    threshold: z.int().min(2).max(MAX_GROUP),
    participants: participantsSchema,
    epoch: z.int().min(0),
    commitments: z.array(pointSchema),
  })
  .refine(({ threshold, participants }) => threshold <= participants.length, {
    path: ["threshold"],
    error: "more than there are participants",
  })
  .refine(({ threshold, commitments }) => commitments.length === threshold, {
    path: ["commitments"],
    error: "not as many as the threshold",
  });

/**
 * Reads a group that was stored or sent.
 *
 * @throws {InvalidFrostDataError} if it is malformed, or its key is none that a gate can verify with
 */
export function parseFrostGroup(value: unknown): FrostGroup {
  const group = parseStrict(groupSchema, value, "a group key");
  try {
    groupKeyId(group);
  } catch (cause) {
    const problems = [`commitments.0: ${(cause as Error).message}`];
    throw new InvalidFrostDataError({ what: "a group key", problems });
  }
  return group;
}

/** The group's key as a gate stores it: x, 32 bytes. */
export function groupKeyId({ commitments }: FrostGroup): Hex {
  return schnorrKeyId(decodePoint(commitments[0] as Hex));
}

/** A participant's share times the generator, by which everyone checks what it signs. */
export function verifyingShare({ commitments }: FrostGroup, participant: number): Hex {
  return encodePoint(evaluateCommitments(commitments.map(decodePoint), participant));
}

/** A participant's share of a group's key. Never shows itself. */
export class KeyShare {
  readonly participant: number;
  readonly epoch: number;
  readonly #secret: bigint;

  constructor(input: { participant: number; epoch: number; secret: bigint }) {
    this.participant = input.participant;
    this.epoch = input.epoch;
    this.#secret = input.secret;
  }

  /** The scalar, for the arithmetic of a round. */
  scalar(): bigint {
    return this.#secret;
  }

  /** What `parseKeyShare` reads, to be sealed and nothing else. */
  reveal(): { participant: number; epoch: number; secret: Hex } {
    return {
      participant: this.participant,
      epoch: this.epoch,
      secret: encodeScalar(this.#secret),
    };
  }

  toJSON() {
    return { participant: this.participant, epoch: this.epoch };
  }

  [inspect.custom]() {
    return `KeyShare(participant ${this.participant}, epoch ${this.epoch})`;
  }
}

const shareSchema = z.strictObject({
  participant: participantSchema,
  epoch: z.int().min(0),
  secret: scalarSchema,
});

/**
 * Reads a share and checks that it is the group's.
 *
 * @throws {InvalidFrostDataError} if it is malformed, or of another group, epoch or participant
 */
export function parseKeyShare(value: unknown, group: FrostGroup): KeyShare {
  const { secret, ...rest } = parseStrict(shareSchema, value, "a key share");
  const share = new KeyShare({ ...rest, secret: decodeScalar(secret) });
  assertShareOf(group, share);
  return share;
}

/**
 * Refuses a share that is not one of the group's.
 *
 * @throws {InvalidFrostDataError}
 */
export function assertShareOf(group: FrostGroup, share: KeyShare): void {
  const what = "a share of this group";
  if (share.epoch !== group.epoch) {
    const problems = [`epoch: expected ${group.epoch}, received ${share.epoch}`];
    throw new InvalidFrostDataError({ what, problems });
  }
  if (!group.participants.includes(share.participant)) {
    throw new InvalidFrostDataError({ what, problems: [`participant: ${share.participant}`] });
  }
  const secret = share.scalar();
  const expected = verifyingShare(group, share.participant);
  if (secret === 0n || encodePoint(Point.BASE.multiply(secret)) !== expected) {
    throw new InvalidFrostDataError({ what, problems: ["secret: not the one committed to"] });
  }
}

/** A participant's identifier as RFC 9591 encodes it. */
export const frostIdentifier = (participant: number): string =>
  participant.toString(16).padStart(64, "0");

const verifyingShares = new WeakMap<FrostGroup, Readonly<Record<string, Uint8Array>>>();

/** All verifying shares by identifier; computed once for a group. */
function verifyingSharesOf(group: FrostGroup): Readonly<Record<string, Uint8Array>> {
  const known = verifyingShares.get(group);
  if (known) return known;
  const shares = Object.fromEntries(
    group.participants.map((id) => [frostIdentifier(id), hexToBytes(verifyingShare(group, id))]),
  );
  verifyingShares.set(group, shares);
  return shares;
}

/** The group as noble's FROST takes it. */
export function frostPublic(group: FrostGroup) {
  return {
    signers: { min: group.threshold, max: group.participants.length },
    commitments: group.commitments.map((text) => hexToBytes(text)),
    verifyingShares: { ...verifyingSharesOf(group) },
  };
}

/** A share as noble's FROST takes it. */
export function frostSecret(share: KeyShare) {
  return {
    identifier: frostIdentifier(share.participant),
    signingShare: hexToBytes(encodeScalar(share.scalar())),
  };
}
