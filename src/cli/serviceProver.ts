import { usableCircuit } from "../prover/artifacts.ts";
import { createKernelProver } from "../prover/kernel/kernelProver.ts";
import type { Prover } from "../prover/prover.ts";
import { createSnarkjsProver } from "../prover/snarkjs.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { Logger } from "../server/logs/logger.ts";

/** The prover that the configuration asks for, and whether it can be used. */
export function openServiceProver(
  { prover: { implementation, threads } }: ServeConfig,
  log: Logger,
): { prover: Prover; checkProver: () => Promise<void> } {
  const prover =
    implementation === "snarkjs"
      ? createSnarkjsProver()
      : createKernelProver({
          threads,
          onFallback: (reason) =>
            log.warn({ reason }, "the kernel does not work here: snarkjs proves, more slowly"),
        });
  return {
    prover,
    checkProver: async () => {
      for (const circuit of ["gate", "wide"] as const) await usableCircuit(circuit);
    },
  };
}
