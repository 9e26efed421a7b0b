import { availableParallelism, totalmem } from "node:os";
import { isProduction } from "../../prover/artifacts.ts";
import type { Check } from "../checks.ts";

/** `i8x16.splat` in a function of its own: valid only where WebAssembly has 128-bit SIMD. */
const SIMD_MODULE = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15,
  11,
]);

/** What this machine and its Node bring. */
export function checkMachine(): Check[] {
  const simd = WebAssembly.validate(SIMD_MODULE);
  const gigabytes = totalmem() / 2 ** 30;
  return [
    { name: "node", status: "ok", detail: process.versions.node },
    {
      name: "processors",
      status: availableParallelism() > 1 ? "ok" : "warn",
      detail: `${availableParallelism()}${availableParallelism() > 1 ? "" : ": proofs will be slow"}`,
    },
    {
      name: "memory",
      status: gigabytes >= 2 ? "ok" : "warn",
      detail: `${gigabytes.toFixed(1)} GiB${gigabytes >= 2 ? "" : ": proving takes about 1 GiB"}`,
    },
    { name: "WebAssembly SIMD", status: simd ? "ok" : "warn", detail: simd ? "yes" : "no" },
    {
      name: "production mode",
      status: "ok",
      detail: isProduction() ? "on" : "off (ZKMANDATE_PRODUCTION=1 turns it on)",
    },
  ];
}
