import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { CircuitBuildError } from "./error.ts";

/** The repository: the compiler resolves `..` in includes only from here. */
export const root = fileURLToPath(new URL("../../", import.meta.url));
const require = createRequire(import.meta.url);

/** A tool that npm installed, run by this Node from the repository's root. */
export async function runTool(
  module: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [require.resolve(module), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  return { code, output: stripVTControlCharacters(output) };
}

/** Where a compiled circuit's files are. */
export interface CompiledCircuit {
  r1cs: string;
  sym: string;
  wasm: string;
  /** What the compiler said. */
  output: string;
}

/**
 * Compiles a circuit with full simplification.
 *
 * @param source path of the circom file, relative to the repository's root
 * @param outputFolder relative to the repository's root; made if missing
 * @param flags further options of the compiler, such as `--inspect`
 * @throws {CircuitBuildError} with the compiler's own words if it refuses the source
 */
export async function compileCircuit(
  source: string,
  outputFolder: string,
  flags: readonly string[] = [],
): Promise<CompiledCircuit> {
  mkdirSync(join(root, outputFolder), { recursive: true });
  const outputs = ["--r1cs", "--sym", "--wasm", "--O2"];
  const args = [source, ...outputs, ...flags, "-o", outputFolder];
  const { code, output } = await runTool("circom2/cli.js", args);
  if (code !== 0 || !output.includes("Everything went okay")) {
    throw new CircuitBuildError({ circuit: source, problem: "does not compile", details: output });
  }
  const name = source.slice(source.lastIndexOf("/") + 1, -".circom".length);
  return {
    r1cs: join(root, outputFolder, `${name}.r1cs`),
    sym: join(root, outputFolder, `${name}.sym`),
    wasm: join(root, outputFolder, `${name}_js`, `${name}.wasm`),
    output,
  };
}

/** The compiler and the package that brings it, such as "circom 2.2.3 (circom2 0.2.23)". */
export async function compilerVersion(): Promise<string> {
  const { output } = await runTool("circom2/cli.js", ["--version"]);
  const circom = /circom compiler (\S+)/.exec(output)?.[1];
  const manifest = JSON.parse(readFileSync(require.resolve("circom2/package.json"), "utf8"));
  return `circom ${circom} (circom2 ${manifest.version})`;
}
