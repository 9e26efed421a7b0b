import type { Engine } from "./engine.ts";
import type { EngineName } from "./kernelMessages.ts";
import { createReferenceEngine } from "./referenceEngine.ts";
import { selfTest } from "./selfTest.ts";

/**
 * An engine that has given the known answers on this machine.
 *
 * @throws {Error} if it cannot run here, or is wrong
 */
export async function createEngine(_name: EngineName): Promise<Engine> {
  const engine = await createReferenceEngine();
  selfTest(engine);
  return engine;
}
