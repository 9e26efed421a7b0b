import { FIELD_ORDER } from "../../field/field.ts";
import { BASE_FIELD_ORDER, MONTGOMERY, MONTGOMERY_INVERSE } from "../baseField.ts";
import type { Group } from "./engine.ts";

/** Bytes of a scalar, and of one coordinate in the base field. */
export const SCALAR_BYTES = 32;
/** Bytes of an affine point. */
export const POINT_BYTES: Readonly<Record<Group, number>> = { g1: 64, g2: 128 };

/** The little-endian integer of 32 bytes. */
export function readInteger(bytes: Uint8Array, offset = 0): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, SCALAR_BYTES);
  const word = (k: number) => view.getBigUint64(8 * k, true);
  return (((word(3) << 64n) | word(2)) << 128n) | ((word(1) << 64n) | word(0));
}

/** A scalar's 32 bytes. */
export function scalarBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(SCALAR_BYTES);
  const view = new DataView(bytes.buffer);
  for (let k = 0; k < 4; k++)
    view.setBigUint64(8 * k, BigInt.asUintN(64, value >> BigInt(64 * k)), true);
  return bytes;
}

/** The coordinates of affine points out of Montgomery form, in the order in which they lie. */
export function coordinates(points: Uint8Array): bigint[] {
  return Array.from(
    { length: points.length / SCALAR_BYTES },
    (_, k) => (readInteger(points, k * SCALAR_BYTES) * MONTGOMERY_INVERSE) % BASE_FIELD_ORDER,
  );
}

/** The bytes of affine points from their plain coordinates. */
export function pointBytes(...plain: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(plain.length * SCALAR_BYTES);
  plain.forEach((coordinate, k) => {
    bytes.set(scalarBytes((coordinate * MONTGOMERY) % BASE_FIELD_ORDER), k * SCALAR_BYTES);
  });
  return bytes;
}

/** Whether all bytes are 0: the point at infinity, the scalar 0. */
export const isZero = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

/**
 * Whether each of the 32-byte scalars is below the order of the field.
 *
 * @param stride bytes from one to the next
 */
export function areScalars(bytes: Uint8Array, stride = SCALAR_BYTES): boolean {
  return areBelow(bytes, FIELD_ORDER, stride);
}

/** Whether each of the 32-byte coordinates is below the order of the base field. */
export function areCoordinates(bytes: Uint8Array): boolean {
  return areBelow(bytes, BASE_FIELD_ORDER, SCALAR_BYTES);
}

function areBelow(bytes: Uint8Array, order: bigint, stride: number): boolean {
  const highest = Number(order >> 224n);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset < bytes.length; offset += stride) {
    // All but a fraction of 2^-30 of the values are decided by their highest word.
    const high = view.getUint32(offset + 28, true);
    if (high > highest) return false;
    if (high === highest && readInteger(bytes, offset) >= order) return false;
  }
  return true;
}
