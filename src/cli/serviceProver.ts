import { usableCircuit } from "../prover/artifacts.ts";
import { createKernelProver } from "../prover/kernel/kernelProver.ts";
import type { Prover } from "../prover/prover.ts";
import { createSnarkjsProver } from "../prover/snarkjs.ts";
import type { ServeConfig } from "../server/config/serveConfig.ts";
import type { Logger } from "../server/logs/logger.ts";
import { benchActions } from "./bench/benchActions.ts";

/** The witness generator's fast path begins with the fourth, compiled code some later. */
const WARM_UP_PROOFS = 8;

/** A prover, and whether it works. */
export interface ServiceProver {
  prover: Prover;
  /** Resolves once a proof has come out; one that failed is tried again. */
  checkProver(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Development keys sign, and must not guard assets: the log says so at each start.
 *
 * @throws {DevelopmentKeysError} in production mode, before anything is opened
 */
export async function assertKeysAllowed(log: Logger): Promise<void> {
  const { setup } = await usableCircuit("gate");
  if (setup === "development") {
    log.warn("the proving keys come from a development ceremony: whoever ran it can forge proofs");
  }
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
  let isClosed = false;
  const checkProver = () => {
    proven ??= warmUp(prover, log).catch((error: unknown) => {
      proven = undefined;
      throw error;
    });
    return proven;
  };
  checkProver().catch((err) => {
    if (!isClosed) log.error({ err }, "no proof came out");
  });
  return {
    prover,
    checkProver,
    close() {
      isClosed = true;
      return prover.close();
    },
  };
}

async function warmUp(prover: Prover, log: Logger): Promise<void> {
  const start = performance.now();
  for (const action of benchActions("gate", WARM_UP_PROOFS))
    await prover.prove("gate", action.input());
  log.info({ prover: prover.name, ms: Math.round(performance.now() - start) }, "prover is warm");
}
