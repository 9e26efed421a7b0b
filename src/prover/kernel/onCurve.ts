import type { Group } from "./engine.ts";
import { isZero, POINT_BYTES } from "./layout.ts";
import { Wasmcurves } from "./wasmcurves.ts";

/** Points looked at with one copy into the module's memory. */
const CHUNK_POINTS = 512;
const functions = { g1: "g1m_inCurveAffine", g2: "g2m_inCurveAffine" } as const;

let shared: Wasmcurves | undefined;

/**
 * The first of several affine points that is neither on the curve nor at infinity.
 *
 * @param points reduced coordinates in Montgomery form, see `engine.ts`
 */
export function firstOffCurve(points: Uint8Array, group: Group): number | undefined {
  shared ??= new Wasmcurves();
  const curve = shared;
  const size = POINT_BYTES[group];
  const isFine = (offset: number, address: number) =>
    curve.call(functions[group], address) !== 0 || isZero(points.subarray(offset, offset + size));
  return curve.scoped(() => {
    const room = curve.reserve(CHUNK_POINTS * size);
    for (let start = 0; start < points.length; start += CHUNK_POINTS * size) {
      const end = Math.min(start + CHUNK_POINTS * size, points.length);
      curve.write(room, points.subarray(start, end));
      for (let offset = start; offset < end; offset += size) {
        if (!isFine(offset, room + offset - start)) return offset / size;
      }
    }
    return undefined;
  });
}
