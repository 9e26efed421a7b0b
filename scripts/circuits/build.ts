import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CircuitName, circuits } from "../../src/action/circuits.ts";
import { readR1csHeader } from "../../src/prover/setup/r1cs.ts";
import { type CompiledCircuit, compileCircuit, compilerVersion, root } from "./compile.ts";
import { CircuitBuildError } from "./error.ts";
import { rowsPerComponent } from "./rows.ts";

/** `circuits/artifacts/<name>/build.json`: what a build gave. */
export interface CircuitBuild {
  rows: number;
  wires: number;
  publicInputs: number;
  /** An attribution (see `rowsPerComponent`); adds up to `rows`. */
  rowsPerRestriction: Record<string, number>;
  r1csSha256: string;
  /** Changes with comments too: the witness generator names the lines of failed assertions. */
  wasmSha256: string;
  compiler: string;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The components that make up the statement, in the order of `Mandate`. */
function statementComponents(): string[] {
  const source = readFileSync(join(root, "circuits/policy.circom"), "utf8");
  return [...source.matchAll(/^ {4}component (\w+) =/gm)].map((match) => match[1] as string);
}

function describe(compiled: CompiledCircuit, compiler: string): CircuitBuild {
  const r1cs = readFileSync(compiled.r1cs);
  const { rows, wires, publicInputs } = readR1csHeader(r1cs, compiled.r1cs);
  const sym = readFileSync(compiled.sym, "utf8");
  return {
    rows,
    wires,
    publicInputs,
    rowsPerRestriction: rowsPerComponent(r1cs, sym, statementComponents()),
    r1csSha256: sha256(r1cs),
    wasmSha256: sha256(readFileSync(compiled.wasm)),
    compiler,
  };
}

function assertWithinBudget(name: CircuitName, { rows }: CircuitBuild): void {
  const { maxRows } = circuits[name];
  if (rows > maxRows) {
    const details = `expected: at most ${maxRows} rows\nreceived: ${rows}`;
    throw new CircuitBuildError({ circuit: name, problem: "is over its budget", details });
  }
}

/**
 * Compiles a circuit into build/circuits/<name>/ and measures it.
 *
 * @param flags further options of the compiler
 * @throws {CircuitBuildError} if it does not compile or has more rows than its budget
 */
export async function buildCircuit(
  name: CircuitName,
  flags: readonly string[] = [],
): Promise<{ compiled: CompiledCircuit; build: CircuitBuild }> {
  const source = `circuits/main/${name}.circom`;
  const compiled = await compileCircuit(source, `build/circuits/${name}`, flags);
  const build = describe(compiled, await compilerVersion());
  assertWithinBudget(name, build);
  return { compiled, build };
}

/** Puts the constraint system in build/circuits/ and the rest where it is committed. */
export function storeBuild(
  name: CircuitName,
  { compiled, build }: { compiled: CompiledCircuit; build: CircuitBuild },
): void {
  copyFileSync(compiled.r1cs, join(root, `build/circuits/${name}.r1cs`));
  const folder = join(root, `circuits/artifacts/${name}`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(compiled.wasm, join(folder, `${name}.wasm`));
  writeFileSync(join(folder, "build.json"), serialize(build));
}

/** @throws {CircuitBuildError} if the committed files are not those of this build */
export function assertCommitted(name: CircuitName, build: CircuitBuild): void {
  const json = `circuits/artifacts/${name}/build.json`;
  const wasm = `circuits/artifacts/${name}/${name}.wasm`;
  const committed = readIfThere(json)?.toString("utf8") ?? "no file";
  const committedWasm = readIfThere(wasm);
  const wasmSha256 = committedWasm === undefined ? "no file" : sha256(committedWasm);
  const differences: string[] = [];
  if (committed !== serialize(build)) {
    differences.push(`${json}, expected:`, serialize(build), "received:", committed);
  }
  if (wasmSha256 !== build.wasmSha256) {
    differences.push(`${wasm}, expected: ${build.wasmSha256}`, `received: ${wasmSha256}`);
  }
  if (differences.length > 0) {
    const problem = "differs from what its sources compile to; run scripts/build-circuits.ts";
    throw new CircuitBuildError({ circuit: name, problem, details: differences.join("\n") });
  }
}

function serialize(build: CircuitBuild): string {
  return `${JSON.stringify(build, undefined, 2)}\n`;
}

function readIfThere(path: string): Buffer | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path)) : undefined;
}
