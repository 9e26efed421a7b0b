import { readFile } from "node:fs/promises";
import { developmentSetup } from "../../prover/setup/devSetup.ts";

/** Made by `npm run build:circuits`. */
const constraints = new URL("../../../build/circuits/gate.r1cs", import.meta.url);

/** A development key for the gate circuit. */
export interface SetupBench {
  domainSize: number;
  /** Milliseconds from constraints to key. */
  ms: number;
}

/** Times one development setup; undefined where the gate circuit's constraints have not been compiled. */
export async function benchSetup(): Promise<SetupBench | undefined> {
  const r1cs = await readFile(constraints).catch(() => undefined);
  if (r1cs === undefined) return undefined;
  const start = performance.now();
  const { domainSize } = await developmentSetup(r1cs, "gate.r1cs");
  return { domainSize, ms: Math.round(performance.now() - start) };
}
