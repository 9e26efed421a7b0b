/** Strict encodings: one text for each value, and no value out of range. Hexadecimal is lower case with 0x. */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import { z } from "zod";
import { InvalidFrostDataError } from "../../errors/frost.ts";
import { schemaIssue } from "../../errors/schemaIssue.ts";
import type { CurvePoint } from "../schnorr.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** Highest participant number. */
export const MAX_PARTICIPANT = 65_535;
/** Largest group: every node talks to every other one. */
export const MAX_GROUP = 255;

const succeeds = (work: () => unknown) => {
  try {
    work();
    return true;
  } catch {
    return false;
  }
};

/** A number of bytes, fixed. */
export const hexSchema = (bytes: number) =>
  z
    .string()
    .refine((text) => new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`).test(text), `not ${bytes} bytes`)
    .transform((text) => text as Hex);

/** A scalar, 32 bytes, below the curve's order; 0 is one. */
export const scalarSchema = hexSchema(32).refine(
  (text) => succeeds(() => decodeScalar(text)),
  "not below the curve's order",
);

/** A point that is not the identity, 33 bytes compressed. */
export const pointSchema = hexSchema(33).refine(
  (text) => succeeds(() => decodePoint(text)),
  "not a point of the curve",
);

/** A participant's number, the x at which its share is the polynomial's value. */
export const participantSchema = z.int().min(1).max(MAX_PARTICIPANT);

/** Participants in ascending order, each once. */
export const participantsSchema = z
  .array(participantSchema)
  .min(2)
  .max(MAX_GROUP)
  .refine((ids) => ids.every((id, i) => i === 0 || (ids[i - 1] as number) < id), "not ascending");

export const encodeScalar = (scalar: bigint): Hex => bytesToHex(Fn.toBytes(scalar));
/** @throws if it is not 32 bytes below the order */
export const decodeScalar = (text: Hex): bigint => Fn.fromBytes(hexToBytes(text));
export const encodePoint = (point: CurvePoint): Hex => bytesToHex(point.toBytes(true));
/** @throws if it is not a point's compressed form */
export const decodePoint = (text: Hex): CurvePoint => Point.fromBytes(hexToBytes(text));

/**
 * Reads what another node sent, or a file held.
 *
 * @throws {InvalidFrostDataError} if it does not fit the schema; names places, never values
 */
export function parseStrict<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value, { error: schemaIssue });
  if (parsed.success) return parsed.data;
  throw new InvalidFrostDataError({
    what,
    problems: parsed.error.issues.map(
      ({ path, message }) => `${path.join(".") || "it"}: ${message}`,
    ),
  });
}
