import { buildBn128, type Curve } from "ffjavascript";

let curve: Promise<Curve> | undefined;

/** ffjavascript's BN254 on this thread alone; building it takes a quarter of a second. */
export function threadCurve(): Promise<Curve> {
  curve ??= buildBn128(true);
  return curve;
}
