import { secp256k1 } from "@noble/curves/secp256k1.js";
import { concatHex, type Hex, hexToBigInt, keccak256, numberToHex, stringToHex } from "viem";

const { Point } = secp256k1;
const { Fn } = Point;

const tag = keccak256(stringToHex("zkmandate-FROST-secp256k1-KECCAK256-v1chal"));

/** The address of a point, by its definition. */
export function addressOfPoint(point: InstanceType<typeof Point>): Hex {
  const { x, y } = point.toAffine();
  const hash = keccak256(concatHex([numberToHex(x, { size: 32 }), numberToHex(y, { size: 32 })]));
  return `0x${hash.slice(-40)}`;
}

/** An x of a point that is not below the curve's order; one point in 2^128 has such a one. */
export const xAboveOrder: bigint = (() => {
  for (let x = Fn.ORDER; ; x++) {
    try {
      return Point.fromHex(`02${x.toString(16)}`).toAffine().x;
    } catch {}
  }
})();

/** A single holder's Schnorr key and its signatures, written down from docs/PROTOCOL.md §3.1. */
export interface SchnorrSigner {
  /** Discrete logarithm of the key, normalised to even y. */
  secret: bigint;
  px: bigint;
  id: Hex;
  sign(parameters: { hash: Hex }): Promise<Hex>;
  /** A signature with a nonce of one's choice. */
  signWith(hash: Hex, nonce: bigint): Hex;
}

/** @param seed any number that is not a multiple of the order */
export function schnorrSigner(seed: bigint): SchnorrSigner {
  const raw = Fn.create(seed);
  const { x, y } = Point.BASE.multiply(raw).toAffine();
  const secret = y % 2n === 0n ? raw : Fn.neg(raw);
  const id = numberToHex(x, { size: 32 });
  const signWith = (hash: Hex, nonce: bigint) => {
    const address = addressOfPoint(Point.BASE.multiply(nonce));
    const e = Fn.create(hexToBigInt(keccak256(concatHex([tag, id, hash, address]))));
    return concatHex([address, numberToHex(Fn.add(nonce, Fn.mul(e, secret)), { size: 32 })]);
  };
  return {
    secret,
    px: x,
    id,
    signWith,
    async sign({ hash }) {
      const nonce = keccak256(concatHex([numberToHex(secret, { size: 32 }), hash]));
      return signWith(hash, Fn.create(hexToBigInt(nonce)));
    },
  };
}
