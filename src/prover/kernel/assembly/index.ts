/** What the kernel exports; `engine.ts` is its face. */
export { invert } from "./coordinate";
export { reserve } from "./memory";
export { buildTable, flagInfinities } from "./tables";
export { batchLimit, indexBuffer, msmAdd, msmBegin, msmEnd, scalarBuffer } from "./msm";
export { pointAdd, pointIsOnCurve, pointMultiply, pointNegate } from "./points";
export { divide, prepareTransforms, quotient, transform, transformRoom } from "./fft";
export { convertCoefficients, evaluateMatrices } from "./matrices";
export { wipe } from "./wipe";
export {
  fq2Multiply,
  fqAdd,
  fqMultiply,
  fqSquare,
  fqSubtract,
  frAdd,
  frMultiply,
  frSquare,
  frSubtract,
} from "./generated";
