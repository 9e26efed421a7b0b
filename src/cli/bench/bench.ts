import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import { createKernelProver } from "../../prover/kernel/kernelProver.ts";
import { artifactsDirectory } from "../../prover/manifest.ts";
import { benchGas, type GasBench } from "./benchGas.ts";
import { benchKeyGeneration, type KeyGenerationBench } from "./benchGroup.ts";
import { benchKeys, type KeysBench } from "./benchKeys.ts";
import { benchService, type ServiceBench } from "./benchService.ts";
import { benchSetup, type SetupBench } from "./benchSetup.ts";
import { benchCircuit, type CircuitBench } from "./benchStages.ts";
import { benchStart, type StartBench } from "./benchStart.ts";

/** What `zkmandate bench` measures. Keys are stable: later versions add some and rename none. */
export interface BenchResult {
  date: string;
  machine: { cpu: string; cores: number; node: string };
  runs: number;
  circuits: Record<CircuitName, { rows: number; wires: number }>;
  /** Milliseconds of proof generation alone, from a ready witness, in memory. */
  prove: Record<CircuitName, CircuitBench["prove"]>;
  /** Milliseconds by stage; `prove` is witness and proof, `pipeline` decision to signature. */
  stages: Record<CircuitName, CircuitBench["stages"]>;
  /** Milliseconds of the parts of the kernel's proof. */
  kernel: Record<CircuitName, CircuitBench["kernel"]>;
  /** A fresh process with the kernel prover alone. */
  start: StartBench;
  /** Milliseconds of one signature, by where the key is. */
  keys: KeysBench;
  /** Milliseconds of a group's distributed key generation. */
  keyGeneration: { frost3of5: KeyGenerationBench };
  /** Absent where the circuits have not been compiled here. */
  setupDev?: SetupBench | undefined;
  /** `zkmandate serve` in a process of its own; beside `stages.gate.pipeline`. */
  service: ServiceBench;
  /** Peak resident memory of the measuring process, which runs snarkjs and the kernel. */
  memoryMb: number;
  gas: GasBench;
}

export interface BenchOptions {
  /** How many runs of each stage count. */
  runs: number;
  /** Told what is measured next. */
  onProgress?: (what: string) => void;
}

const names = Object.keys(circuits) as CircuitName[];

async function buildOf(circuit: CircuitName): Promise<{ rows: number; wires: number }> {
  const file = join(artifactsDirectory, circuit, "build.json");
  const { rows, wires } = JSON.parse(await readFile(file, "utf8"));
  return { rows, wires };
}

/** The same value for each circuit. */
async function forEachCircuit<T>(work: (circuit: CircuitName) => Promise<T>) {
  const results: [CircuitName, T][] = [];
  for (const circuit of names) results.push([circuit, await work(circuit)]);
  return Object.fromEntries(results) as Record<CircuitName, T>;
}

/**
 * Measures stages, memory and gas on this machine, warm.
 *
 * @throws {ArtifactMismatchError} if the artifacts are not the pinned ones
 */
export async function runBench({
  runs,
  onProgress = () => {},
}: BenchOptions): Promise<BenchResult> {
  const prover = createKernelProver({
    onFallback: (reason) => onProgress(`snarkjs proves: ${reason}`),
  });
  try {
    const measured = await forEachCircuit((circuit) => {
      onProgress(`${circuit}: stages, ${runs} runs each`);
      return benchCircuit(circuit, prover, runs);
    });
    onProgress("start-up, in fresh processes");
    const start = await benchStart();
    onProgress("service, under load");
    const service = await benchService(runs, prover);
    onProgress("development setup");
    const setupDev = await benchSetup();
    onProgress("signatures, by kind of key");
    const keys = await benchKeys(runs, prover);
    onProgress("key generation");
    const keyGeneration = { frost3of5: await benchKeyGeneration({ threshold: 3, nodes: 5 }) };
    onProgress("gas, on a local chain");
    const gas = await benchGas(prover);
    const pick = <K extends keyof CircuitBench>(key: K) =>
      forEachCircuit(async (circuit) => measured[circuit][key]);
    return {
      date: new Date().toISOString().slice(0, 10),
      machine: { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.version },
      runs,
      circuits: await forEachCircuit(buildOf),
      prove: await pick("prove"),
      stages: await pick("stages"),
      kernel: await pick("kernel"),
      start,
      keys,
      keyGeneration,
      setupDev,
      service,
      memoryMb: Math.round(process.resourceUsage().maxRSS / 1_024),
      gas,
    };
  } finally {
    await prover.close();
  }
}
