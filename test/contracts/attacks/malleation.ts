import { bn254 } from "@noble/curves/bn254.js";
import { concatHex, type Hex, hexToBigInt, numberToHex, slice } from "viem";
import type { Points } from "../support/openProof.ts";

export const ORDER = bn254.fields.Fp.ORDER;

/** −A, −B, C: another proof of the same statement. */
export function negated([ax, ay, bx1, bx0, by1, by0, cx, cy]: Points): Points {
  const minus = (y: bigint) => (ORDER - y) % ORDER;
  return [ax, minus(ay), bx1, bx0, minus(by1), minus(by0), cx, cy];
}

/** r·A, B/r, C: another proof of the same statement. */
export function rerandomised([ax, ay, bx1, bx0, by1, by0, cx, cy]: Points, r = 1_234_567n): Points {
  const a = bn254.G1.Point.fromAffine({ x: ax, y: ay }).multiply(r).toAffine();
  const b = bn254.G2.Point.fromAffine({ x: { c0: bx0, c1: bx1 }, y: { c0: by0, c1: by1 } })
    .multiply(bn254.fields.Fr.inv(r))
    .toAffine();
  return [a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, cx, cy];
}

export const malleations = { negated, "re-randomised": rerandomised };

/** The same signature with s in the upper half, which ecrecover accepts. */
export function highS(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - hexToBigInt(slice(signature, 32, 64));
  const v = slice(signature, 64) === "0x1b" ? "0x1c" : "0x1b";
  return concatHex([slice(signature, 0, 32), numberToHex(s, { size: 32 }), v]);
}
