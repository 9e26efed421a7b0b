/** Single operations on points of the zkey. */
import { ELEMENT, setZero, subtract } from "./coordinate";
import {
  addProjective,
  isOnCurve,
  loadPoints,
  multiplyProjective,
  storePoint,
} from "./curve";

const P: usize = memory.data(480, 16);
const Q: usize = memory.data(480, 16);

/** Whether the point at `bytes` is on the curve; infinity is. */
export function pointIsOnCurve(degree: i32, bytes: usize): bool {
  loadPoints(degree, P, bytes, bytes);
  return isOnCurve(degree, P);
}

export function pointAdd(degree: i32, out: usize, a: usize, b: usize): void {
  loadPoints(degree, P, a, a);
  loadPoints(degree, Q, b, b);
  addProjective(degree, P, P, Q);
  storePoint(degree, out, P);
}

export function pointNegate(degree: i32, out: usize, a: usize): void {
  loadPoints(degree, P, a, a);
  const y = P + ELEMENT * <usize>degree;
  setZero(degree, Q);
  subtract(degree, y, Q, y);
  storePoint(degree, out, P);
}

export function pointMultiply(degree: i32, out: usize, a: usize, scalar: usize): void {
  loadPoints(degree, P, a, a);
  multiplyProjective(degree, Q, P, scalar);
  storePoint(degree, out, Q);
}

/** Forgets the points. */
export function wipePoints(): void {
  memory.fill(P, 0, 480);
  memory.fill(Q, 0, 480);
}
