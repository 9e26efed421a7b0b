import { CappedEngine } from "./cappedEngine.ts";
import type { Engine } from "./engine.ts";
import { createKernelEngine } from "./kernelEngine.ts";
import type { KernelSettings } from "./kernelMessages.ts";
import { createReferenceEngine } from "./referenceEngine.ts";
import { selfTest } from "./selfTest.ts";

/**
 * A thread's engine, after it has given the known answers on this machine.
 *
 * @throws {Error} if it cannot run here, or is wrong
 */
export async function createEngine({
  engine: name,
  tableBytes,
}: Pick<KernelSettings, "engine" | "tableBytes">): Promise<Engine> {
  if (name === "reference") return createReferenceEngine();
  const kernel = await createKernelEngine();
  if (kernel === undefined) throw new Error("this machine or this Node has no relaxed SIMD");
  selfTest(kernel);
  return new CappedEngine(kernel, createReferenceEngine, tableBytes);
}
