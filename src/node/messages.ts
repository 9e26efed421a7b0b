/** What a coordinator and the nodes of a group tell each other: JSON, integers beyond 2^53 as decimal strings. */
import { type Address, getAddress, type Hex } from "viem";
import { z } from "zod";
import type { GateCall, GateProof } from "../action/gateCall.ts";
import type { RefusalReason } from "../errors/node.ts";
import { refusalReasons } from "../errors/node.ts";
import { FIELD_ORDER } from "../field/field.ts";
import type { SigningEvidence } from "../keys/evidence.ts";
import { hexSchema, parseStrict, participantSchema } from "../keys/frost/encoding.ts";
import { isSignedBy, type NodeIdentity } from "../keys/frost/identity.ts";
import { SCHNORR_SIGNATURE_BYTES } from "../keys/schnorr.ts";

/** Bytes of calldata that a gate takes, exclusive. */
const DATA_BOUND = 1 << 20;
/** Decimal digits of 2^256. */
const DIGITS = 78;

const below = (bound: bigint) =>
  z
    .string()
    .regex(new RegExp(`^(0|[1-9]\\d{0,${DIGITS - 1}})$`), "not a decimal integer")
    .transform((text) => BigInt(text))
    .refine((value) => value < bound, "too large");
const uint = (bits: bigint) => below(1n << bits);
const element = below(FIELD_ORDER);
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "not an address")
  .transform((text): Address => getAddress(text.toLowerCase()));
const calldata = z
  .string()
  .max(2 + 2 * DATA_BOUND)
  .regex(/^0x([0-9a-f]{2})*$/, "not calldata")
  .transform((text) => text as Hex);

const place = {
  chainId: z.int().positive(),
  gate: address,
  epoch: z.int().min(1).max(0xffff_ffff),
  seq: uint(64n),
};
const call = z.strictObject({ target: address, value: uint(128n), data: calldata });
const claims = {
  circuit: z.int().min(1).max(255),
  lane: z.int().min(0).max(65_535),
  time: uint(34n),
  deadline: uint(64n),
  submitter: address,
  priceFeed: address,
  priceRound: uint(80n),
  riskRound: uint(80n),
  stateNew: element,
  contextCommitment: element,
};

const evidenceSchema = z.strictObject({
  ...place,
  call,
  proof: z.strictObject({ ...claims, points: z.array(uint(256n)).length(8) }),
  // A state has one opening only within these bounds (docs/PROTOCOL.md §6).
  stateOld: z.strictObject({
    levels: z.array(z.strictObject({ level: uint(160n), last: uint(34n) })).length(4),
    salt: element,
  }),
});

/** A transition that the group has signed, as it is shown to a node that had no part in it. */
export interface PrecedingTransition
  extends Pick<SigningEvidence, "chainId" | "gate" | "epoch" | "seq" | "call"> {
  readonly proof: Omit<GateProof, "points">;
  /** The commitment to the state that it found. */
  readonly stateOld: bigint;
  /** The group's, 52 bytes. */
  readonly signature: Hex;
}

const precedingSchema: z.ZodType<PrecedingTransition> = z.strictObject({
  ...place,
  call,
  proof: z.strictObject(claims),
  stateOld: element,
  signature: hexSchema(SCHNORR_SIGNATURE_BYTES),
});

/**
 * Reads a transition that is said to precede others.
 *
 * @throws {InvalidFrostDataError} if it is malformed
 */
export function parsePreceding(value: unknown): PrecedingTransition {
  return parseStrict(precedingSchema, value, "a preceding transition");
}

/** Integers beyond 2^53 as decimal strings, calldata in lower case. */
function encode<T extends { call: GateCall }>(plain: T): unknown {
  const { call } = plain;
  return JSON.parse(
    JSON.stringify({ ...plain, call: { ...call, data: call.data.toLowerCase() } }, (_, entry) =>
      typeof entry === "bigint" ? `${entry}` : entry,
    ),
  );
}

/** A preceding transition as it is sent. */
export const encodePreceding = (preceding: PrecedingTransition): unknown => encode(preceding);

/** Evidence as it is sent. */
export function encodeEvidence(evidence: SigningEvidence): unknown {
  const { chainId, gate, epoch, seq, call, proof, stateOld } = evidence;
  return encode({
    ...{ chainId, gate, epoch, seq, call, proof },
    stateOld: {
      levels: stateOld.levels.map(({ level, last }) => ({ level, last })),
      salt: stateOld.salt,
    },
  });
}

/**
 * Reads evidence that was sent.
 *
 * @throws {InvalidFrostDataError} if it is malformed; names places, never values
 */
export function parseEvidence(value: unknown): SigningEvidence {
  return parseStrict(evidenceSchema, value, "a signing request's evidence");
}

/** What a refusal names where the request names no digest. */
export const NO_DIGEST: Hex = `0x${"0".repeat(64)}`;

/** A node's word that it does not sign, which it cannot deny later. */
export interface SignedRefusal {
  readonly participant: number;
  readonly digest: Hex;
  readonly reason: RefusalReason;
  /** Ed25519, 64 bytes. */
  readonly signature: Hex;
}

const refusalSchema = z.strictObject({
  participant: participantSchema,
  digest: hexSchema(32),
  // A node of a later version may have reasons that this one does not know; it refuses all the same.
  reason: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)*$/)
    .max(64),
  signature: hexSchema(64),
});

interface Unsigned extends Pick<SignedRefusal, "participant" | "digest"> {
  readonly reason: string;
}
const statementOf = ({ participant, digest, reason }: Unsigned) => [
  "zkmandate/node/refusal/v1",
  participant,
  digest,
  reason,
];

export const signRefusal = (
  identity: NodeIdentity,
  body: Omit<SignedRefusal, "signature">,
): SignedRefusal => ({
  ...body,
  signature: identity.sign(statementOf(body)),
});

/**
 * Reads a refusal and checks who signed it. A reason that is not known reads as `failed`.
 *
 * @returns nothing if it is none, or not the node's for this digest
 */
export function readRefusal(
  value: unknown,
  { participant, digest, publicKey }: { participant: number; digest: Hex; publicKey: Hex },
): SignedRefusal | undefined {
  const parsed = refusalSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const refusal = parsed.data;
  const isTheirs =
    refusal.participant === participant &&
    refusal.digest === digest &&
    isSignedBy(publicKey, statementOf(refusal), refusal.signature);
  if (!isTheirs) return undefined;
  return {
    ...refusal,
    reason: refusalReasons.find((known) => known === refusal.reason) ?? "failed",
  };
}
