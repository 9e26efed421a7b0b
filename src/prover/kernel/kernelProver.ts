import { availableParallelism } from "node:os";
import type { CircuitName } from "../../action/circuits.ts";
import { ProvingError, ProvingTimeoutError } from "../../errors/prover.ts";
import type { CircuitInput } from "../../witness/witness.ts";
import { type ArtifactOptions, isProduction } from "../artifacts.ts";
import { defaultCacheDirectory } from "../cacheFile.ts";
import type { Proof, ProveOptions, Prover } from "../prover.ts";
import { fromFailure } from "../proverMessages.ts";
import { createSnarkjsProver } from "../snarkjs.ts";
import { type CircuitSource, loadCircuitSource } from "./circuitSource.ts";
import type { EngineName, LeadReply, StageTimes, Task } from "./kernelMessages.ts";
import { WorkerTeam } from "./workerTeam.ts";

export interface KernelProverOptions extends ArtifactOptions {
  /** Threads that work on each proof. Default: one for each processor, at most 4. */
  threads?: number | undefined;
  /** A proof that takes longer is given up. Milliseconds, start-up included; default 120,000. */
  timeoutMs?: number | undefined;
  /**
   * Verifies every proof before it is handed out (about 8 ms). Default true: what is kept between proofs
   * could carry an error from one to all that follow, and a proof that does not verify is made again from
   * nothing instead of being signed for.
   */
  verify?: boolean | undefined;
  /** Memory that window tables may take in all. Default 400 MB; points past it are summed without. */
  memoryCapMb?: number | undefined;
  /**
   * Folder that keeps window tables and faster witness generators between processes; false for none.
   * Default: in the user's cache.
   */
  cacheDirectory?: string | false | undefined;
  /** Told why, when the kernel does not work on this machine and snarkjs proves instead. */
  onFallback?: ((reason: string) => void) | undefined;
  /** Told how long the parts of each proof took. */
  onTimes?: ((circuit: CircuitName, times: StageTimes) => void) | undefined;
  /** `reference` proves with ffjavascript's arithmetic: slowly, to compare with. Default `kernel`. */
  engine?: EngineName | undefined;
}

/** A prover that keeps what consecutive proofs share. */
export interface KernelProver extends Prover {
  /**
   * Does ahead of time what a coming proof will share with a likely one, while nothing else is to be done:
   * the next proof then adds only the wires in which they differ. A proof that is asked for goes first; what
   * still waits then is not done.
   *
   * It pays where much of the next proof is known. After a proof for the gate the sums stand at its witness
   * anyway: to move them to the same action on the next state spares 340 of 1,910 changed wires, and costs
   * more than it spares.
   *
   * @param input complete, and satisfying the circuit, since only then it has a witness
   * @throws as `prove` does; a failure here harms no later proof
   */
  prepare(circuit: CircuitName, input: CircuitInput, options?: ProveOptions): Promise<void>;

  /**
   * Proves from a ready witness.
   *
   * @param witness a .wtns file, see `WitnessCalculator.calculateFile`
   * @throws as `prove` does
   */
  proveWitness(circuit: CircuitName, witness: Uint8Array, options?: ProveOptions): Promise<Proof>;
}

const MAX_DEFAULT_THREADS = 4;
/** Why a preparation is given up: something is proven instead. */
const SUPERSEDED = Symbol("superseded");

/**
 * The prover of this package: a WebAssembly kernel on worker threads, which keeps tables of the key's
 * points and the sums of the last proof. This process's event loop never blocks.
 *
 * The first proof of a circuit loads its artifacts and tables; later ones are warm. Idle threads do not
 * keep the process alive; `close()` wipes their secrets and ends them. Where the kernel's self-test fails,
 * snarkjs proves instead, except for `proveWitness`.
 *
 * @example
 * const prover = createKernelProver({ threads: 2, onFallback: console.warn });
 * const proof = await prover.prove("gate", input, { signal: AbortSignal.timeout(5_000) });
 * await prover.close();
 */
export function createKernelProver(options: KernelProverOptions = {}): KernelProver {
  const {
    threads = Math.min(availableParallelism(), MAX_DEFAULT_THREADS),
    timeoutMs = 120_000,
    verify = true,
    memoryCapMb = 400,
    cacheDirectory = defaultCacheDirectory(),
    directory,
    engine = "kernel",
  } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`threads must be a positive integer, not ${threads}`);
  }
  const production = isProduction(options.production);
  const team = new WorkerTeam({
    engine,
    threads,
    verify,
    production,
    tableBytes: (memoryCapMb * 1_000_000) / threads,
    cacheDirectory: cacheDirectory === false ? undefined : cacheDirectory,
  });
  let fallback: Prover | undefined;
  /** Requests that the threads have not answered. */
  let unanswered = 0;
  /** Gives up on the preparations that wait. */
  let idle = new AbortController();

  const fallBack = (reason: string): Prover => {
    if (fallback === undefined) {
      fallback = createSnarkjsProver({ timeoutMs, verify, directory, production });
      options.onFallback?.(reason);
    }
    // Those that wait are told the same, each in its turn, instead of being failed.
    if (unanswered === 0) void team.close();
    return fallback;
  };

  const sources = new Map<CircuitName, Promise<CircuitSource>>();
  function sourceOf(circuit: CircuitName): Promise<CircuitSource> {
    const known = sources.get(circuit);
    if (known !== undefined) return known;
    const loading = loadCircuitSource(circuit, { production, directory });
    sources.set(circuit, loading);
    loading.catch(() => sources.delete(circuit));
    return loading;
  }

  async function run(
    circuit: CircuitName,
    task: Task,
    { signal }: ProveOptions,
  ): Promise<LeadReply> {
    const timeout = {
      ms: timeoutMs,
      error: () => new ProvingTimeoutError({ circuit, timeoutMs }),
    };
    if (task.type !== "prepare") {
      idle.abort(SUPERSEDED);
      idle = new AbortController();
    }
    unanswered++;
    try {
      const source = await sourceOf(circuit);
      return await team.run({ ...task, circuit, source }, { signal, timeout });
    } finally {
      unanswered--;
    }
  }

  function toProof(circuit: CircuitName, reply: Exclude<LeadReply, { unfit: string }>): Proof {
    if (!reply.ok) throw fromFailure(reply.failure);
    options.onTimes?.(circuit, reply.times);
    return { circuit, points: reply.points, publicSignals: reply.publicSignals };
  }

  return {
    name: "kernel",

    async prove(circuit, input, proveOptions = {}) {
      if (fallback) return fallback.prove(circuit, input, proveOptions);
      const reply = await run(circuit, { type: "prove", input }, proveOptions);
      return "unfit" in reply
        ? fallBack(reply.unfit).prove(circuit, input, proveOptions)
        : toProof(circuit, reply);
    },

    async proveWitness(circuit, witness, proveOptions = {}) {
      const reply = await run(circuit, { type: "proveWitness", witness }, proveOptions);
      if ("unfit" in reply) throw new ProvingError(`The kernel does not work here: ${reply.unfit}`);
      return toProof(circuit, reply);
    },

    async prepare(circuit, input, proveOptions = {}) {
      if (fallback) return;
      const signals = [idle.signal, proveOptions.signal].filter((signal) => signal !== undefined);
      const signal = AbortSignal.any(signals);
      const reply = await run(circuit, { type: "prepare", input }, { signal }).catch((error) => {
        if (error !== SUPERSEDED) throw error;
      });
      if (reply === undefined) return;
      if ("unfit" in reply) fallBack(reply.unfit);
      else if (!reply.ok) throw fromFailure(reply.failure);
    },

    async close() {
      await Promise.all([team.close(), fallback?.close()]);
    },
  };
}
