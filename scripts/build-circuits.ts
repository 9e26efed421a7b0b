/**
 * Compiles the circuits and records what came out; fails past a circuit's row budget.
 *
 *   node scripts/build-circuits.ts [name…]
 *
 * Writes circuits/artifacts/<name>/<name>.wasm, the witness generator, and build.json with size and hashes.
 * The constraint system goes to build/circuits/<name>.r1cs; it is not committed, since its hash is.
 */
import { parseArgs } from "node:util";
import { type CircuitName, circuits } from "../src/action/circuits.ts";
import { BaseError } from "../src/errors/base.ts";
import { buildCircuit, type CircuitBuild, storeBuild } from "./circuits/build.ts";
import { CircuitBuildError } from "./circuits/error.ts";

function requestedCircuits(): CircuitName[] {
  const { positionals } = parseArgs({ allowPositionals: true });
  const names = Object.keys(circuits) as CircuitName[];
  for (const requested of positionals) {
    if (!(names as string[]).includes(requested)) {
      const details = `expected: ${names.join(" or ")}\nreceived: ${requested}`;
      throw new CircuitBuildError({ circuit: requested, problem: "is no circuit", details });
    }
  }
  return names.filter((name) => positionals.length === 0 || positionals.includes(name));
}

function print(name: CircuitName, build: CircuitBuild): void {
  const { rows, wires, publicInputs } = build;
  const budget = circuits[name].maxRows;
  console.log(`${name}: ${rows} rows of ${budget}, ${wires} wires, ${publicInputs} public inputs`);
  for (const [component, count] of Object.entries(build.rowsPerRestriction)) {
    console.log(`  ${component.padEnd(12)}${String(count).padStart(6)}`);
  }
}

try {
  for (const name of requestedCircuits()) {
    const start = performance.now();
    console.log(`${name}: compiling (about 10 s) …`);
    const result = await buildCircuit(name);
    storeBuild(name, result);
    print(name, result.build);
    console.log(`${name}: built in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
  }
} catch (error) {
  console.error(error instanceof BaseError ? error.message : error);
  process.exitCode = 1;
}
