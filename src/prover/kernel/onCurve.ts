import { BASE_FIELD_ORDER, MONTGOMERY } from "../baseField.ts";
import type { Group } from "./engine.ts";
import { isZero, POINT_BYTES, readInteger, SCALAR_BYTES } from "./layout.ts";

const p = BASE_FIELD_ORDER;
const R = MONTGOMERY % p;
/** b of `y² = x³ + b` for G1. */
const b1 = 3n;
/** b for G2 (the twist): 3 / (9 + u). @see EIP-197 */
const b2 = [
  19485874751759354771024239261021720505790618469301721065564631296452457478373n,
  266929791119991161246907387137283842545076965332900288569378510910307636690n,
] as const;
/** With x = X/R, y = Y/R the equation is `Y²·R = X³ + b·R³`: nothing is converted. */
const scaled = (b: bigint) => (b * ((R * R * R) % p)) % p;
const B1 = scaled(b1);
const B2 = [scaled(b2[0]), scaled(b2[1])] as const;

function isOnG1(points: Uint8Array, offset: number): boolean {
  const x = readInteger(points, offset);
  const y = readInteger(points, offset + SCALAR_BYTES);
  return (((y * y) % p) * R - ((x * x) % p) * x - B1) % p === 0n;
}

function isOnG2(points: Uint8Array, offset: number): boolean {
  const [x0, x1, y0, y1] = [0, 1, 2, 3].map((k) =>
    readInteger(points, offset + k * SCALAR_BYTES),
  ) as [bigint, bigint, bigint, bigint];
  // (a + bu)² = (a + b)(a − b) + 2ab·u, as u² = −1
  const [s0, s1] = [((x0 + x1) * (x0 - x1)) % p, (2n * x0 * x1) % p];
  const real = (((y0 + y1) * (y0 - y1)) % p) * R - (s0 * x0 - s1 * x1) - B2[0];
  const imaginary = ((2n * y0 * y1) % p) * R - (s0 * x1 + s1 * x0) - B2[1];
  return real % p === 0n && imaginary % p === 0n;
}

/**
 * The first of several affine points that is neither on the curve nor at infinity.
 *
 * @param points reduced coordinates in Montgomery form, see `engine.ts`
 */
export function firstOffCurve(points: Uint8Array, group: Group): number | undefined {
  const size = POINT_BYTES[group];
  const isOnCurve = group === "g1" ? isOnG1 : isOnG2;
  for (let offset = 0; offset < points.length; offset += size) {
    if (isOnCurve(points, offset)) continue;
    if (!isZero(points.subarray(offset, offset + size))) return offset / size;
  }
  return undefined;
}
