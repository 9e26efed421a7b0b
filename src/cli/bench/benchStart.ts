import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StartReport } from "./startProcess.ts";

/** What a fresh process costs that proves with the gate circuit. */
export interface StartBench {
  /** Milliseconds until the first proof where no window tables are on disk: they are built on the way. */
  firstProofNoTablesMs: number;
  /** Milliseconds from the prover's creation to its first proof, tables on disk. */
  firstProofMs: number;
  /** The same from the start of the process. */
  processToProofMs: number;
  /** Resident memory before the prover was made, and after many proofs. MB. */
  residentBeforeMb: number;
  residentMb: number;
}

/** This module is TypeScript in the sources and JavaScript when built; so is the process's. */
const processModule = new URL(
  `./startProcess${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/** Starts the prover in fresh processes: once without tables, then with those that the first one kept. */
export async function benchStart(): Promise<StartBench> {
  const cache = await mkdtemp(join(tmpdir(), "zkmandate-bench-tables-"));
  try {
    const cold = await startOnce(cache);
    const warm = await startOnce(cache);
    return {
      firstProofNoTablesMs: cold.firstProofMs,
      firstProofMs: warm.firstProofMs,
      processToProofMs: warm.processToProofMs,
      residentBeforeMb: warm.residentBeforeMb,
      residentMb: warm.residentMb,
    };
  } finally {
    await rm(cache, { recursive: true });
  }
}

function startOnce(cacheDirectory: string): Promise<StartReport> {
  return new Promise((resolve, reject) => {
    const child = fork(processModule, [cacheDirectory], { execArgv: [] });
    child.once("message", (report) => resolve(report as StartReport));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the start's process ended with code ${code}`)));
  });
}
