import { BASE_FIELD_ORDER, MONTGOMERY_INVERSE } from "../baseField.ts";
import type { Fp2, G1Point, G2Point } from "../curve.ts";
import type { Reader } from "./binFile.ts";

/** Bytes of one coordinate. */
const WIDTH = 32;

const readCoordinate = (reader: Reader): bigint =>
  (reader.integer(WIDTH) * MONTGOMERY_INVERSE) % BASE_FIELD_ORDER;

const readFp2 = (reader: Reader): Fp2 => ({
  c0: readCoordinate(reader),
  c1: readCoordinate(reader),
});

/** A G1 point as zkey and ptau files store it: x, y, little-endian, in Montgomery form. */
export function readG1(reader: Reader): G1Point {
  return { x: readCoordinate(reader), y: readCoordinate(reader) };
}

/** A G2 point as zkey and ptau files store it: x, y, each c0 then c1. */
export function readG2(reader: Reader): G2Point {
  return { x: readFp2(reader), y: readFp2(reader) };
}

const bigEndian = (value: bigint) =>
  Buffer.from(value.toString(16).padStart(2 * WIDTH, "0"), "hex");

/** A finite G1 point as ceremonies hash it: big-endian x, y. */
export function uncompressedG1({ x, y }: G1Point): Uint8Array {
  return Buffer.concat([x, y].map(bigEndian));
}

/** A finite G2 point as ceremonies hash it: big-endian x, y, each c1 then c0. */
export function uncompressedG2({ x, y }: G2Point): Uint8Array {
  return Buffer.concat([x.c1, x.c0, y.c1, y.c0].map(bigEndian));
}
