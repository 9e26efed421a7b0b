import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { compileCircuit, root } from "../../scripts/circuits/compile.ts";
import type { CircuitName } from "../../src/action/circuits.ts";
import { circuits } from "../../src/action/circuits.ts";
import { calculatorOf } from "../support/circuit.ts";
import { inputOf } from "../support/mandate.ts";
import { parseR1cs, type R1cs } from "../support/r1cs.ts";
import { designedMandates, randomMandates } from "./mandates.ts";

function pinnedHash(name: CircuitName): string {
  const json = readFileSync(join(root, `circuits/artifacts/${name}/build.json`), "utf8");
  return JSON.parse(json).r1csSha256;
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/**
 * The constraint system that the committed keys are for: from build/ if it has the pinned hash, else
 * compiled. Test files run in processes of their own, so that the second waits for the first.
 *
 * @throws {Error} if the sources compile to another one
 */
export async function pinnedR1cs(name: CircuitName): Promise<R1cs> {
  const pinned = pinnedHash(name);
  const folder = `build/test-circuits/${name}`;
  mkdirSync(join(root, folder), { recursive: true });
  const release = await lock(join(root, folder), {
    stale: 60_000,
    retries: { retries: 300, maxTimeout: 1_000 },
  });
  try {
    for (const built of [`build/circuits/${name}`, folder]) {
      const files = ["r1cs", "sym"].map((kind) => join(root, built, `${name}.${kind}`));
      const [r1cs, sym] = files as [string, string];
      if (files.every(existsSync) && sha256(r1cs) === pinned) {
        return parseR1cs(readFileSync(r1cs), readFileSync(sym, "utf8"));
      }
    }
    const { r1cs, sym } = await compileCircuit(`circuits/main/${name}.circom`, folder);
    const compiled = sha256(r1cs);
    if (compiled !== pinned)
      throw new Error(`${name}: expected r1cs ${pinned}, compiled ${compiled}`);
    return parseR1cs(readFileSync(r1cs), readFileSync(sym, "utf8"));
  } finally {
    await release();
  }
}

/** A valid witness of a circuit. */
export interface NamedWitness {
  name: string;
  witness: bigint[];
}

/** Witnesses of the committed circuit that together take both branches of every selector. */
export async function* witnesses(
  circuit: CircuitName,
  random: number,
): AsyncGenerator<NamedWitness> {
  const calculator = await calculatorOf(circuit);
  const seed = circuits[circuit].id;
  for (const { name, transition } of [
    ...designedMandates(circuits[circuit].words),
    ...randomMandates(random, seed),
  ]) {
    yield { name, witness: await calculator.calculate(inputOf({ ...transition, circuit })) };
  }
}
