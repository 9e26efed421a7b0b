import { createKernelProver } from "../prover/kernel/kernelProver.ts";
import type { Prover } from "../prover/prover.ts";
import { createSnarkjsProver } from "../prover/snarkjs.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { Logger } from "../server/logs/logger.ts";
import { benchActions } from "./bench/benchActions.ts";

/** A prover, and whether it works. */
export interface ServiceProver {
  prover: Prover;
  /** Resolves once a proof has come out; one that failed is tried again. */
  checkProver(): Promise<void>;
}

/**
 * Opens the prover that the configuration asks for, and at once proves an action that no gate knows: artifacts
 * and tables are then loaded and checked before the first request comes.
 */
export function openServiceProver(
  { prover: { implementation, threads } }: ServeConfig,
  log: Logger,
): ServiceProver {
  const prover =
    implementation === "snarkjs"
      ? createSnarkjsProver()
      : createKernelProver({
          threads,
          onFallback: (reason) =>
            log.warn({ reason }, "the kernel does not work here: snarkjs proves, more slowly"),
        });
  let proven: Promise<void> | undefined;
  const checkProver = () => {
    proven ??= warmUp(prover, log).catch((error: unknown) => {
      proven = undefined;
      throw error;
    });
    return proven;
  };
  checkProver().catch((err) => log.error({ err }, "no proof came out"));
  return { prover, checkProver };
}

async function warmUp(prover: Prover, log: Logger): Promise<void> {
  const start = performance.now();
  for (const action of benchActions("gate", 1)) await prover.prove("gate", action.input());
  log.info({ prover: prover.name, ms: Math.round(performance.now() - start) }, "prover is warm");
}
