/**
 * Schnorr signatures over secp256k1 as a gate verifies them (docs/PROTOCOL.md §3.1): the TypeScript of
 * `contracts/lib/SchnorrLib.sol`.
 *
 * A key is the x coordinate of a point P with even y, below the curve's order; a signature is
 * `A ‖ s`, the address of the commitment R and a scalar, with `s·G = R + e·P` and
 * `e = keccak256(tag ‖ Px ‖ digest ‖ A) mod n`.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { type Address, bytesToHex, type Hex, hexToBytes } from "viem";

const { Point } = secp256k1;
const { Fn } = Point;
export type CurvePoint = InstanceType<typeof Point>;

/** Name of the ciphersuite, which starts every hash of it. */
export const SCHNORR_SUITE = "zkmandate-FROST-secp256k1-KECCAK256-v1";
/** What the challenge's hash starts with. */
export const CHALLENGE_TAG = keccak_256(utf8ToBytes(`${SCHNORR_SUITE}chal`));
/** Bytes of a signature: an address and a scalar. */
export const SCHNORR_SIGNATURE_BYTES = 52;

const ADDRESS_BYTES = 20;

/** The address of a point: the last 20 bytes of the hash of x ‖ y. */
export function pointAddress(point: CurvePoint): Uint8Array {
  return keccak_256(point.toBytes(false).subarray(1)).subarray(-ADDRESS_BYTES);
}

/** Whether a point's y is even. */
export function hasEvenY(point: CurvePoint): boolean {
  return point.toAffine().y % 2n === 0n;
}

/**
 * The id under which a gate stores a Schnorr key: the x coordinate.
 *
 * @param key a point with even y
 * @throws {RangeError} if its y is odd, or x is not below the curve's order (no key in 2^128 is like that)
 */
export function schnorrKeyId(key: CurvePoint): Hex {
  const { x } = key.toAffine();
  if (!hasEvenY(key) || !Fn.isValid(x))
    throw new RangeError("not a key that a gate can verify with");
  return bytesToHex(Fn.toBytes(x));
}

/**
 * The point of a gate's Schnorr key.
 *
 * @param id 32 bytes: the x coordinate
 * @returns nothing if the id is no key: not 32 bytes, 0, not below the curve's order, or no point's
 */
export function schnorrKeyPoint(id: Hex): CurvePoint | undefined {
  const bytes = hexToBytes(id);
  if (bytes.length !== Fn.BYTES) return undefined;
  try {
    // Fn refuses what is not below the order.
    const x = Fn.toBytes(Fn.fromBytes(bytes));
    return Point.fromBytes(concatBytes(Uint8Array.of(2), x));
  } catch {
    return undefined;
  }
}

/**
 * The challenge e of a signature.
 *
 * @param commitment R
 * @param key P; its y is even
 * @param digest 32 bytes
 * @returns below the curve's order
 */
export function schnorrChallenge(
  commitment: CurvePoint,
  key: CurvePoint,
  digest: Uint8Array,
): bigint {
  return challengeOf(pointAddress(commitment), key, digest);
}

function challengeOf(address: Uint8Array, key: CurvePoint, digest: Uint8Array): bigint {
  const x = key.toBytes(true).subarray(1);
  return Fn.create(BigInt(bytesToHex(keccak_256(concatBytes(CHALLENGE_TAG, x, digest, address)))));
}

/** A signature's 52 bytes. */
export function encodeSchnorrSignature(commitment: CurvePoint, s: bigint): Hex {
  return bytesToHex(concatBytes(pointAddress(commitment), Fn.toBytes(s)));
}

/**
 * Whether a gate accepts a signature for a Schnorr key.
 *
 * @param id the key as the gate stores it, 32 bytes
 * @param digest 32 bytes
 * @param signature 52 bytes: the commitment's address and s, 0 < s < n
 *
 * @example
 * verifySchnorr(key.onchain.id, digest, await key.sign(digest)); // true
 */
export function verifySchnorr(id: Hex, digest: Hex, signature: Hex): boolean {
  const key = schnorrKeyPoint(id);
  const bytes = hexToBytes(signature);
  const message = hexToBytes(digest);
  if (key === undefined || bytes.length !== SCHNORR_SIGNATURE_BYTES || message.length !== 32) {
    return false;
  }
  const address = bytes.subarray(0, ADDRESS_BYTES);
  let s: bigint;
  try {
    s = Fn.fromBytes(bytes.subarray(ADDRESS_BYTES));
  } catch {
    return false;
  }
  if (Fn.is0(s)) return false;
  const e = challengeOf(address, key, message);
  // Only public values: variable time is safe.
  const commitment = Point.BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(Fn.neg(e)));
  return !commitment.is0() && equal(pointAddress(commitment), address);
}

/** The address of a Schnorr key: what the same key is called as an ECDSA key. */
export function schnorrKeyAddress(key: CurvePoint): Address {
  return bytesToHex(pointAddress(key));
}

const equal = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
