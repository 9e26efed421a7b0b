import { wipeCoordinates } from "./coordinate";
import { wipeCurve } from "./curve";
import { wipeTransforms } from "./fft";
import { wipeInverse } from "./inverse";
import { wipeMatrices } from "./matrices";
import { wipeMsm } from "./msm";
import { wipePoints } from "./points";
import { wipeTreeSum } from "./treeSum";

/** Forgets everything that came from scalars; tables and roots are public and stay. */
export function wipe(): void {
  wipeCoordinates();
  wipeCurve();
  wipeInverse();
  wipeTransforms();
  wipeMatrices();
  wipeMsm();
  wipePoints();
  wipeTreeSum();
}
