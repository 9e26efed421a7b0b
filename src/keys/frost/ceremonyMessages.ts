/** What nodes tell each other in a ceremony. Everything is signed, so that a contradiction proves itself. */
import type { Hex } from "viem";
import { z } from "zod";
import {
  hexSchema,
  MAX_GROUP,
  parseStrict,
  participantSchema,
  pointSchema,
  scalarSchema,
} from "./encoding.ts";
import { isSignedBy, type NodeIdentity, type Statement } from "./identity.ts";

/** Step 1, to all: commitments to a polynomial, and for a new key the proof that its constant is known. */
export interface Broadcast {
  readonly ceremony: Hex;
  readonly from: number;
  readonly commitments: readonly Hex[];
  /** Schnorr proof of knowledge: R (33 bytes) and z (32 bytes); none in a refresh. */
  readonly proof?: { readonly commitment: Hex; readonly response: Hex } | undefined;
  /** Ed25519, 64 bytes. */
  readonly signature: Hex;
}

/** Step 2, to all: every broadcast as its sender received it. */
export interface Echo {
  readonly ceremony: Hex;
  readonly from: number;
  /** Ascending by sender, the own one included. */
  readonly broadcasts: readonly Broadcast[];
  readonly signature: Hex;
}

/** Step 3, to one, in secret: the value of the sender's polynomial at the receiver. */
export interface Deal {
  readonly ceremony: Hex;
  readonly from: number;
  readonly to: number;
  readonly share: Hex;
  readonly signature: Hex;
}

type Unsigned<T> = Omit<T, "signature">;

const broadcastSchema: z.ZodType<Broadcast> = z.strictObject({
  ceremony: hexSchema(32),
  from: participantSchema,
  commitments: z.array(pointSchema).min(1).max(MAX_GROUP),
  proof: z.strictObject({ commitment: pointSchema, response: scalarSchema }).optional(),
  signature: hexSchema(64),
});
const echoSchema = z.strictObject({
  ceremony: hexSchema(32),
  from: participantSchema,
  // Each is read by itself: which of them is malformed says who lies.
  broadcasts: z.array(z.unknown()).max(MAX_GROUP),
  signature: hexSchema(64),
});
const dealSchema: z.ZodType<Deal> = z.strictObject({
  ceremony: hexSchema(32),
  from: participantSchema,
  to: participantSchema,
  share: scalarSchema,
  signature: hexSchema(64),
});

export const parseBroadcast = (value: unknown): Broadcast =>
  parseStrict(broadcastSchema, value, "a broadcast");
export const parseEcho = (value: unknown) => parseStrict(echoSchema, value, "an echo");
export const parseDeal = (value: unknown): Deal => parseStrict(dealSchema, value, "a deal");

/** What a broadcast says, without who signed it how: equal statements are the same broadcast. */
export const broadcastStatement = ({
  ceremony,
  from,
  commitments,
  proof,
}: Unsigned<Broadcast>): Statement => [
  "zkmandate/ceremony/broadcast/v1",
  ceremony,
  from,
  commitments,
  proof === undefined ? [] : [proof.commitment, proof.response],
];
const echoStatement = ({ ceremony, from, broadcasts }: Unsigned<Echo>): Statement => [
  "zkmandate/ceremony/echo/v1",
  ceremony,
  from,
  broadcasts.map(broadcastStatement),
];
const dealStatement = ({ ceremony, from, to, share }: Unsigned<Deal>): Statement => [
  "zkmandate/ceremony/deal/v1",
  ceremony,
  from,
  to,
  share,
];

export const signBroadcast = (identity: NodeIdentity, body: Unsigned<Broadcast>): Broadcast => ({
  ...body,
  signature: identity.sign(broadcastStatement(body)),
});
export const signEcho = (identity: NodeIdentity, body: Unsigned<Echo>): Echo => ({
  ...body,
  signature: identity.sign(echoStatement(body)),
});
export const signDeal = (identity: NodeIdentity, body: Unsigned<Deal>): Deal => ({
  ...body,
  signature: identity.sign(dealStatement(body)),
});

export const isSignedBroadcast = (publicKey: Hex, message: Broadcast) =>
  isSignedBy(publicKey, broadcastStatement(message), message.signature);
export const isSignedEcho = (publicKey: Hex, message: Echo) =>
  isSignedBy(publicKey, echoStatement(message), message.signature);
export const isSignedDeal = (publicKey: Hex, message: Deal) =>
  isSignedBy(publicKey, dealStatement(message), message.signature);
