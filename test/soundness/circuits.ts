import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildCircuit } from "../../scripts/circuits/build.ts";
import { root } from "../../scripts/circuits/compile.ts";
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
 * compiled.
 *
 * @throws {Error} if the sources compile to another one
 */
export async function pinnedR1cs(name: CircuitName): Promise<R1cs> {
  const pinned = pinnedHash(name);
  const r1cs = join(root, `build/circuits/${name}/${name}.r1cs`);
  const sym = join(root, `build/circuits/${name}/${name}.sym`);
  if (!existsSync(r1cs) || !existsSync(sym) || sha256(r1cs) !== pinned) {
    const { build } = await buildCircuit(name);
    if (build.r1csSha256 !== pinned) {
      throw new Error(`${name}: expected r1cs ${pinned}, compiled ${build.r1csSha256}`);
    }
  }
  return parseR1cs(readFileSync(r1cs), readFileSync(sym, "utf8"));
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
