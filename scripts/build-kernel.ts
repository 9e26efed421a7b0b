/**
 * Compiles the prover's kernel: generates its straight-line module, compiles it with the hand-written drivers
 * in AssemblyScript, and writes `src/prover/kernel/kernel.wasm`. The result depends only on the sources and
 * the locked compiler; a test compares.
 *
 * @example
 * node scripts/build-kernel.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateKernel } from "../src/prover/kernel/generate/generate.ts";

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

const folder = fileURLToPath(new URL("../src/prover/kernel/assembly/", import.meta.url));
/** Where the compiled kernel is kept. */
export const kernelFile = fileURLToPath(
  new URL("../src/prover/kernel/kernel.wasm", import.meta.url),
);

/** `-O2`, not `-O3`, which reorders long straight-line code until it spills: 29 against 21 ns. */
const flags = [
  ...["-O2", "--noAssert", "--runtime", "stub", "--enable", "simd,relaxed-simd"],
  ...["--initialMemory", "1", "--use", "abort="],
];

/**
 * Compiles the kernel.
 *
 * @throws {RangeError} if a bound of the generated code does not hold
 * @throws {Error} if the compiler finds a fault
 */
export async function compileKernel(): Promise<Uint8Array> {
  const generated = generateKernel();
  let wasm: Uint8Array | undefined;
  const read = (name: string): string | null => {
    const file = basename(name);
    if (name.includes("node_modules") || name.includes("~lib")) return null;
    if (file === "generated.ts") return generated;
    try {
      return readFileSync(join(folder, file), "utf8");
    } catch {
      return null;
    }
  };
  const { error, stderr } = await main(["index.ts", "--outFile", "kernel.wasm", ...flags], {
    readFile: read,
    writeFile: (_name, contents) => {
      if (typeof contents !== "string") wasm = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || wasm === undefined) throw new Error(stderr.toString());
  return wasm;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wasm = await compileKernel();
  writeFileSync(kernelFile, wasm);
  console.log(`kernel.wasm: ${wasm.length} bytes`);
}
