/**
 * Compiles the machine that plays tapes for the witness calculator, and writes
 * `src/prover/circom/machine.wasm`. The result depends only on the sources and the locked compiler; a test
 * compares.
 *
 * @example
 * node scripts/build-witness-machine.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateArithmetic } from "../src/prover/circom/generateArithmetic.ts";

/** What is used of the compiler. Its own types declare globals of another world. */
interface Compiler {
  main(
    args: readonly string[],
    host: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}
const compiler: string = "assemblyscript/asc";
const { main } = (await import(compiler)) as Compiler;

const folder = fileURLToPath(new URL("../src/prover/circom/assembly/", import.meta.url));
/** Where the compiled machine is kept. */
export const machineFile = fileURLToPath(
  new URL("../src/prover/circom/machine.wasm", import.meta.url),
);

const flags = [
  ...["-O2", "--noAssert", "--runtime", "stub", "--enable", "simd"],
  ...["--importMemory", "--initialMemory", "1", "--use", "abort="],
];

/**
 * Compiles the machine.
 *
 * @throws {Error} if the compiler finds a fault
 */
export async function compileMachine(): Promise<Uint8Array> {
  let wasm: Uint8Array | undefined;
  const { error, stderr } = await main(["machine.ts", "--outFile", "machine.wasm", ...flags], {
    readFile: (name) => {
      const file = basename(name);
      if (name.includes("node_modules") || name.includes("~lib")) return null;
      if (file === "arithmetic.ts") return generateArithmetic();
      return file === "machine.ts" ? readFileSync(join(folder, file), "utf8") : null;
    },
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wasm = await compileMachine();
  writeFileSync(machineFile, wasm);
  console.log(`machine.wasm: ${wasm.length} bytes`);
}
