/** A process of its own that `benchStart` forks: makes the prover, proves, reports. */
import { createKernelProver } from "../../prover/kernel/kernelProver.ts";
import { benchActions } from "./benchActions.ts";

export interface StartReport {
  firstProofMs: number;
  processToProofMs: number;
  residentBeforeMb: number;
  residentMb: number;
}

/** Proofs before memory is read. */
const PROOFS = 40;
const residentMb = () => Math.round(process.memoryUsage.rss() / 1e6);

const cacheDirectory = process.argv[2] as string;
const inputs = benchActions("gate", 8).map((action) => action.input());
const residentBeforeMb = residentMb();
const start = performance.now();
const prover = createKernelProver({ cacheDirectory });
await prover.prove("gate", inputs[0] as (typeof inputs)[0]);
const end = performance.now();
for (let n = 1; n < PROOFS; n++) {
  await prover.prove("gate", inputs[n % inputs.length] as (typeof inputs)[0]);
}
const report: StartReport = {
  firstProofMs: Math.round(end - start),
  processToProofMs: Math.round(end),
  residentBeforeMb,
  residentMb: residentMb(),
};
await prover.close();
process.send?.(report, () => process.disconnect?.());
