import { secp256k1, secp256k1_hasher } from "@noble/curves/secp256k1.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type Hex, hexToBytes } from "viem";
import type { CurvePoint } from "../schnorr.ts";
import type { Broadcast } from "./ceremonyMessages.ts";
import { decodePoint, decodeScalar, encodePoint, encodeScalar } from "./encoding.ts";
import { type Random, randomCoefficients } from "./polynomial.ts";
import { gateSuite } from "./suite.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** Covers ceremony and prover, so that nobody can repeat another's proof. */
function challengeOf(
  { ceremony, from }: Pick<Broadcast, "ceremony" | "from">,
  constant: CurvePoint,
  commitment: CurvePoint,
): bigint {
  const message = concatBytes(
    hexToBytes(ceremony),
    Fn.toBytes(BigInt(from)),
    constant.toBytes(),
    commitment.toBytes(),
  );
  return secp256k1_hasher.hashToScalar(message, { DST: utf8ToBytes(`${gateSuite.name}dkg`) });
}

/**
 * Proves that a polynomial's constant is known, lest a node choose its commitment as a function of the others' and
 * decide the group's key.
 *
 * @param secret the constant
 * @see Komlo and Goldberg, "FROST" (2020), figure 1, round 1
 */
export function proveKnowledge(
  by: Pick<Broadcast, "ceremony" | "from">,
  secret: bigint,
  random?: Random,
): NonNullable<Broadcast["proof"]> {
  const [nonce] = randomCoefficients(gateSuite, 1, random) as [bigint];
  const commitment = Point.BASE.multiply(nonce);
  const challenge = challengeOf(by, Point.BASE.multiply(secret), commitment);
  const response = Fn.add(nonce, Fn.mul(secret, challenge));
  return { commitment: encodePoint(commitment), response: encodeScalar(response) };
}

/** Whether a broadcast's proof holds for its first commitment. */
export function isKnowledgeProven(broadcast: Broadcast): boolean {
  const { commitments, proof } = broadcast;
  if (proof === undefined) return false;
  const constant = decodePoint(commitments[0] as Hex);
  const commitment = decodePoint(proof.commitment);
  const challenge = challengeOf(broadcast, constant, commitment);
  return Point.BASE.multiplyUnsafe(decodeScalar(proof.response)).equals(
    commitment.add(constant.multiplyUnsafe(challenge)),
  );
}
