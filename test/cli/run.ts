import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** How a run of the command line ended. */
export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Where and with what it runs. */
interface RunOptions {
  cwd?: string;
  stdin?: string;
  env?: Record<string, string>;
}

/** Runs the command line as a user's shell would, with no terminal. */
export function zkmandate(
  args: readonly string[],
  { cwd, stdin, env }: RunOptions = {},
): Promise<Run> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    stdio: "pipe",
  });
  child.stdin.end(stdin ?? "");
  const read = async (stream: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  };
  return new Promise((resolve, reject) => {
    const output = Promise.all([read(child.stdout), read(child.stderr)]);
    child.once("error", reject);
    child.once("close", async (code) => {
      const [stdout, stderr] = await output;
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs it with `--json` and parses the one object that stdout must hold. */
export async function zkmandateJson(args: readonly string[], options: RunOptions = {}) {
  const run = await zkmandate([...args, "--json"], options);
  return { ...run, json: JSON.parse(run.stdout) };
}

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Writes a passphrase file, readable by its owner alone. */
export async function passphraseFile(folder: string, passphrase: string): Promise<string> {
  const path = join(folder, "passphrase");
  await writeFile(path, `${passphrase}\n`, { mode: 0o600 });
  return path;
}
