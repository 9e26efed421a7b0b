import { readFile } from "node:fs/promises";
import { InputFileError, UsageError } from "../errors/cli.ts";
import { type CompiledPolicy, compilePolicy } from "../policy/compile.ts";
import type { Cli } from "./cli.ts";
import { shown } from "./output.ts";
import type { Workspace } from "./workspace.ts";

/**
 * Compiles a policy file and passes its warnings on.
 *
 * @param path the workspace's policy unless told
 * @throws {InputFileError} if the file cannot be read
 * @throws {PolicyError} with every problem found
 */
export async function compileFile(
  cli: Cli,
  path: string | undefined,
  { lanes }: { lanes?: number | undefined } = {},
): Promise<CompiledPolicy> {
  const file = shown(path ?? (await cli.workspace()).policy);
  const source = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new InputFileError({
      path: file,
      expected: "a policy in YAML",
      received: cause.code === "ENOENT" ? "no such file" : `${cause.code}`,
    });
  });
  const now = BigInt(Math.floor(Date.now() / 1_000));
  const compiled = compilePolicy(source, { file, lanes, now });
  for (const { message, line, column } of compiled.warnings) {
    cli.warn(line === undefined ? `${file}: ${message}` : `${file}:${line}:${column} ${message}`);
  }
  return compiled;
}

/**
 * Refuses a policy for another chain than the workspace's: no gate there could be committed to it.
 *
 * @throws {UsageError}
 */
export function assertPolicyFitsChain({ chainId }: CompiledPolicy, { chain }: Workspace): void {
  if (chainId === chain.id) return;
  throw new UsageError("The policy is for another chain than the workspace", {
    details: [
      `workspace: chain ${chain.id} (chain.id in zkmandate.yaml)`,
      `policy: chain ${chainId} (chain in the policy)`,
    ],
  });
}
