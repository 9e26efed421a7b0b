import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { compilerVersion, root, runTool } from "../../scripts/circuits/compile.ts";
import { WitnessCalculator } from "../../src/prover/witnessCalculator.ts";
import { lightHashSource } from "./lightHash.ts";
import { parseR1cs, type R1cs } from "./r1cs.ts";

/** A change of one circuit file. */
export interface Patch {
  /** Relative to circuits/. */
  file: string;
  /** Stands exactly once in the file. */
  find: string;
  replace: string;
}

/** A circuit to compile from the repository's templates. */
export interface CircuitSource {
  /** The file with `component main`, as if it stood in circuits/main/. */
  main: string;
  patches?: readonly Patch[];
  /** Every hash by `lightHash` instead of Poseidon: the restrictions compile six times as fast. */
  lightHash?: boolean;
}

/** A compiled circuit, without simplification, so that every signal of the source is a wire. */
export interface TestCircuit {
  /** Read on first use. */
  readonly r1cs: R1cs;
  calculator: WitnessCalculator;
}

/** The whole statement with 8 calldata words, as `gate` has it. */
export const mandateMain = `pragma circom 2.1.6;
include "../policy.circom";
component main {public [contextCommitment, challenge, fingerprint]} = Mandate(8, 0);
`;

const CACHE = "build/test-circuits";
/** circuits/main/ of a cached tree is this far below the repository. */
const FROM_CACHE = "../../../../../node_modules/";

function circuitFiles(): Map<string, string> {
  const folder = join(root, "circuits");
  const files = ["policy.circom"];
  for (const part of ["lib", "rules"]) {
    for (const file of readdirSync(join(folder, part))) {
      if (file.endsWith(".circom")) files.push(`${part}/${file}`);
    }
  }
  return new Map(files.sort().map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

/**
 * @throws {RangeError} if the text to change does not stand exactly once in its file: a planted bug that
 *   no longer applies must not pass for a caught one
 */
export function applyPatch(files: Map<string, string>, { file, find, replace }: Patch): void {
  const text = files.get(file) ?? "";
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new RangeError(
      `expected once in circuits/${file}, found ${parts.length - 1} times: ${find}`,
    );
  }
  files.set(file, parts.join(replace));
}

function sourceTree({ main, patches = [], lightHash = false }: CircuitSource): Map<string, string> {
  const files = circuitFiles();
  for (const patch of patches) applyPatch(files, patch);
  if (lightHash) {
    files.set("lib/hash.circom", lightHashSource(files.get("lib/hash.circom") as string));
  }
  files.set("main/main.circom", main);
  for (const [file, text] of files) {
    files.set(file, text.replaceAll("../../node_modules/", FROM_CACHE));
  }
  return files;
}

/** Two compilations at a time: one takes 2 s of one core. */
const slots = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function limited<T>(task: () => Promise<T>): Promise<T> {
  if (running >= slots) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await task();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

async function compileInto(folder: string, files: Map<string, string>): Promise<void> {
  for (const [file, text] of files) {
    const path = join(root, folder, "circuits", file);
    mkdirSync(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const source = `${folder}/circuits/main/main.circom`;
  const options = ["--r1cs", "--sym", "--wasm", "--O0", "-o", folder];
  const { code, output } = await runTool("circom2/cli.js", [source, ...options]);
  if (code !== 0 || !output.includes("Everything went okay")) throw new Error(output);
}

const version = compilerVersion();

/**
 * Compiles a circuit, or takes it from build/, where it lies under the hash of its sources.
 *
 * @throws {Error} with the compiler's words if it refuses the source
 */
export async function compileTestCircuit(source: CircuitSource): Promise<TestCircuit> {
  const files = sourceTree(source);
  const key = createHash("sha256")
    .update(JSON.stringify([await version, ...files]))
    .digest("hex")
    .slice(0, 32);
  const folder = `${CACHE}/${key}`;
  if (!existsSync(join(root, folder))) {
    // Renamed only when whole, so that an aborted run leaves nothing that looks finished.
    const draft = `${CACHE}/${randomUUID()}`;
    try {
      await limited(() => compileInto(draft, files));
      renameSync(join(root, draft), join(root, folder));
    } catch (error) {
      // Another test file's process may have been faster.
      if (!existsSync(join(root, folder))) throw error;
    } finally {
      rmSync(join(root, draft), { recursive: true, force: true });
    }
  }
  const read = (file: string) => readFileSync(join(root, folder, file));
  let r1cs: R1cs | undefined;
  return {
    get r1cs() {
      r1cs ??= parseR1cs(read("main.r1cs"), read("main.sym").toString("utf8"));
      return r1cs;
    },
    calculator: await WitnessCalculator.create("test", new Uint8Array(read("main_js/main.wasm"))),
  };
}
