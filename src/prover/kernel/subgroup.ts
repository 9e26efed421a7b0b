import { FIELD_ORDER } from "../../field/field.ts";
import { isZero, SCALAR_BYTES, scalarBytes } from "./layout.ts";
import { Wasmcurves } from "./wasmcurves.ts";

const ORDER = scalarBytes(FIELD_ORDER);

let shared: Wasmcurves | undefined;

/**
 * Whether a point of G2's curve is in the subgroup of order r, on which alone the pairing is defined: r times it is
 * the point at infinity. (The cofactor is prime to r, so that no other points have that order.)
 *
 * @param point affine, on the curve or at infinity; reduced coordinates in Montgomery form, see `engine.ts`
 * @see EIP-197
 */
export function isInSubgroup(point: Uint8Array): boolean {
  if (isZero(point)) return true;
  shared ??= new Wasmcurves();
  const curve = shared;
  return curve.scoped(() => {
    const multiple = curve.reserve((point.length / 2) * 3);
    curve.call("g2m_toJacobian", curve.place(point), multiple);
    curve.call("g2m_timesScalar", multiple, curve.place(ORDER), SCALAR_BYTES, multiple);
    return curve.call("g2m_isZero", multiple) !== 0;
  });
}
