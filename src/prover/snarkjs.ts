import { fileURLToPath } from "node:url";
import { ProvingTimeoutError } from "../errors/prover.ts";
import { type ArtifactOptions, isProduction, usableCircuit } from "./artifacts.ts";
import { ProcessPool } from "./processPool.ts";
import type { Prover } from "./prover.ts";
import { fromFailure, type ProofReply, type ProverProcessSettings } from "./proverMessages.ts";

export interface SnarkjsProverOptions extends ArtifactOptions {
  /** How many proofs at a time, each in a process of its own. Default 1. */
  processes?: number | undefined;
  /** Threads of each process: 1, or one for each processor. Default: one for each processor. */
  threads?: 1 | "all" | undefined;
  /** A proof that takes longer is given up. Milliseconds, start-up included; default 120,000. */
  timeoutMs?: number | undefined;
  /** Verifies every proof before it is handed out (about 30 ms). Default true. */
  verify?: boolean | undefined;
}

/** This module is TypeScript in the sources and JavaScript when built; so is the process's. */
const processModule = fileURLToPath(
  new URL(`./snarkjsProcess${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/**
 * A prover that runs snarkjs in processes of its own, so that this process's event loop never blocks.
 *
 * The first proof of a circuit loads its artifacts; later ones are warm. Idle processes do not keep this
 * process alive; `close()` ends them at once.
 *
 * @example
 * const prover = createSnarkjsProver();
 * const proof = await prover.prove("gate", input, { signal: AbortSignal.timeout(5_000) });
 * await prover.close();
 */
export function createSnarkjsProver(options: SnarkjsProverOptions = {}): Prover {
  const { processes = 1, threads = "all", timeoutMs = 120_000, verify = true, directory } = options;
  const production = isProduction(options.production);
  const settings: ProverProcessSettings = {
    directory,
    production,
    verify,
    singleThread: threads === 1,
  };
  const pool = new ProcessPool({
    module: processModule,
    args: [JSON.stringify(settings)],
    size: processes,
  });
  return {
    name: "snarkjs",

    async prove(circuit, input, { signal } = {}) {
      await usableCircuit(circuit, { production, directory });
      const timeout = {
        ms: timeoutMs,
        error: () => new ProvingTimeoutError({ circuit, timeoutMs }),
      };
      const reply = (await pool.run({ circuit, input }, { signal, timeout })) as ProofReply;
      if (!reply.ok) throw fromFailure(reply.failure);
      return { circuit, points: reply.points, publicSignals: reply.publicSignals };
    },

    close: () => pool.close(),
  };
}
