import { secp256k1 } from "@noble/curves/secp256k1.js";
import { InvalidFrostDataError } from "../../errors/frost.ts";
import { InvalidPrivateKeyError } from "../../errors/keys.ts";
import { hasEvenY } from "../schnorr.ts";
import { encodePoint } from "./encoding.ts";
import { type FrostGroup, KeyShare, parseFrostGroup } from "./group.ts";
import { commitTo, evaluate, type Random, randomCoefficients } from "./polynomial.ts";
import { type FrostSuite, gateSuite } from "./suite.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** A group and everyone's shares of its key. */
export interface DealtGroup {
  group: FrostGroup;
  shares: KeyShare[];
}

/**
 * Splits a key that exists. Whoever runs this holds the whole key while it runs: prefer a ceremony in which no machine
 * ever has it (`createKeyGeneration`), and wipe the original where it came from.
 *
 * @param privateKey 32 bytes, 0 < key < order; the caller wipes it. If its point has odd y, the group's key is the
 * point's negative: the same x, which is all that a gate stores
 * @param threshold how many sign together, at least 2
 * @param participants numbers from 1, ascending
 * @throws {InvalidPrivateKeyError} if the bytes are not a private key
 * @throws {InvalidFrostDataError} if threshold and participants do not fit
 * @see RFC 9591 Appendix C
 *
 * @example
 * const { group, shares } = splitKey(privateKey, { threshold: 2, participants: [1, 2, 3] });
 */
export function splitKey(
  privateKey: Uint8Array,
  { threshold, participants }: { threshold: number; participants: readonly number[] },
  { suite = gateSuite, random, coefficients }: DealerOptions = {},
): DealtGroup {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) {
    throw new InvalidPrivateKeyError({ received: `${privateKey.length} bytes` });
  }
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > participants.length) {
    throw new InvalidFrostDataError({ what: "a group key", problems: [`threshold: ${threshold}`] });
  }
  const given = Fn.fromBytes(privateKey);
  const secret = hasEvenY(Point.BASE.multiply(given)) ? given : Fn.neg(given);
  const polynomial = [
    secret,
    ...(coefficients ?? randomCoefficients(suite, threshold - 1, random)),
  ];
  const group = parseFrostGroup({
    threshold,
    participants: [...participants],
    epoch: 0,
    commitments: commitTo(polynomial).map(encodePoint),
  });
  const shares = participants.map(
    (participant) =>
      new KeyShare({ participant, epoch: 0, secret: evaluate(polynomial, participant) }),
  );
  polynomial.fill(0n);
  return { group, shares };
}

export interface DealerOptions {
  suite?: FrostSuite;
  random?: Random;
  /** Instead of random ones, for vectors. */
  coefficients?: readonly bigint[];
}
