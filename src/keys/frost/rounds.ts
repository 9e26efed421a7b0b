/** Round two of RFC 9591 and the aggregation, over any message, for any suite. */
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { z } from "zod";
import { FrostAbortError, type Misconduct } from "../../errors/frost.ts";
import { parseStrict, participantSchema, scalarSchema } from "./encoding.ts";
import {
  type FrostGroup,
  frostIdentifier,
  frostPublic,
  frostSecret,
  type KeyShare,
} from "./group.ts";
import type { NonceCommitment, NoncePair } from "./nonces.ts";
import type { FrostSuite } from "./suite.ts";

/** A participant's part of a signature. */
export interface SignatureShare {
  readonly participant: number;
  /** A scalar, 32 bytes. */
  readonly share: Hex;
}

const signatureShareSchema: z.ZodType<SignatureShare> = z.strictObject({
  participant: participantSchema,
  share: scalarSchema,
});

const frostCommitments = (commitments: readonly NonceCommitment[]) =>
  commitments.map(({ participant, hiding, binding }) => ({
    identifier: frostIdentifier(participant),
    hiding: hexToBytes(hiding),
    binding: hexToBytes(binding),
  }));

/**
 * Signs a share, and uses up the nonces whether or not that succeeds.
 *
 * @param commitments of everyone who signs, this participant included
 * @throws {NonceUsedError} if the nonces were used
 */
export function signShare(
  suite: FrostSuite,
  parameters: {
    group: FrostGroup;
    share: KeyShare;
    nonces: NoncePair;
    commitments: readonly NonceCommitment[];
    message: Uint8Array;
  },
): SignatureShare {
  const { group, share, commitments, message } = parameters;
  const nonces = parameters.nonces.take();
  const secret = frostSecret(share);
  try {
    const signed = suite.frost.signShare(
      secret,
      frostPublic(group),
      nonces,
      frostCommitments(commitments),
      message,
    );
    return { participant: share.participant, share: bytesToHex(signed) };
  } finally {
    secret.signingShare.fill(0);
    nonces.hiding.fill(0);
    nonces.binding.fill(0);
  }
}

/** Whether a share is the participant's for these commitments and this message. */
export function verifyShare(
  suite: FrostSuite,
  parameters: {
    group: FrostGroup;
    commitments: readonly NonceCommitment[];
    message: Uint8Array;
    share: SignatureShare;
  },
): boolean {
  const { group, commitments, message, share } = parameters;
  return suite.frost.verifyShare(
    frostPublic(group),
    frostCommitments(commitments),
    message,
    frostIdentifier(share.participant),
    hexToBytes(share.share),
  );
}

/**
 * Makes the group's signature of everyone's shares, or says whose share is wrong.
 *
 * @param answers what each participant that committed answered, by authenticated sender
 * @returns RFC 9591's encoding: R compressed and z
 * @throws {FrostAbortError} naming everyone whose answer is not its share, and everyone without an answer
 */
export function aggregate(
  suite: FrostSuite,
  parameters: {
    group: FrostGroup;
    commitments: readonly NonceCommitment[];
    message: Uint8Array;
    answers: ReadonlyMap<number, unknown>;
  },
): Uint8Array {
  const { group, commitments, message, answers } = parameters;
  const misconduct: Misconduct[] = [];
  const missing: number[] = [];
  const shares: SignatureShare[] = [];
  for (const { participant } of commitments) {
    if (!answers.has(participant)) {
      missing.push(participant);
      continue;
    }
    try {
      shares.push(readShare(answers.get(participant), participant));
    } catch {
      misconduct.push({ participant, reason: "sent something else than a signature share" });
    }
  }
  if (misconduct.length + missing.length === 0) {
    try {
      return suite.frost.aggregate(
        frostPublic(group),
        frostCommitments(commitments),
        message,
        Object.fromEntries(
          shares.map(({ participant, share }) => [frostIdentifier(participant), hexToBytes(share)]),
        ),
      );
    } catch {}
  }
  // Each is checked by itself, also beside the malformed ones: everyone who cheats is named.
  for (const share of shares) {
    if (!verifyShare(suite, { group, commitments, message, share })) {
      misconduct.push({ participant: share.participant, reason: "its signature share is wrong" });
    }
  }
  throw new FrostAbortError({ round: "signature", misconduct, missing });
}

function readShare(answer: unknown, participant: number): SignatureShare {
  const share = parseStrict(signatureShareSchema, answer, "a signature share");
  if (share.participant !== participant) throw new RangeError("another participant's");
  return share;
}
