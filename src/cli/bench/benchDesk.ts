import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Address, parseEther, publicActions } from "viem";
import { deployContract } from "../../chain/deployContract.ts";
import { importKeystore } from "../../keys/keystore.ts";
import { createSealIdentity } from "../../keys/sealed.ts";
import { demoTokenAbi } from "../demo/abi/demoToken.ts";
import { demoTokenBytecode } from "../demo/bytecode/demoToken.ts";
import type { ChainControl } from "../demo/localChain.ts";
import { type BenchWallet, CHAIN_ID, openBenchChain } from "./benchChain.ts";

const PASSPHRASE = "only for the bench";
/** This module is TypeScript in the sources and JavaScript when built; so is the command line's. */
const main = fileURLToPath(
  new URL(`../main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** Token units that one transfer may move at most. */
export const MAX_TRANSFER = 1_000_000n;
const policy = (token: Address) => `
name: bench
chain: ${CHAIN_ID}
assets: { USDC: { address: "${token}", decimals: 6 } }
budgets:
  volume: { capacity: 1_000_000 USDC, refill: 24h }
  velocity: { capacity: 1_000_000 calls, refill: 24h }
rules:
  - name: transfer
    target: USDC
    call: transfer(address to, uint256 amount)
    free: [to]
    amount: amount
    max: 1 USDC
    charge: { volume: amount, velocity: 1 }
`;

/** A gate, and the service that signs for it in a process of its own. */
export interface BenchDesk {
  gate: Address;
  token: Address;
  /** The service's URL. */
  url: string;
  bearer: string;
  control: ChainControl;
  /** Sends as the account that the gate lets submit. */
  submitter: BenchWallet;
  close(): Promise<void>;
}

/**
 * Deploys a gate as an operator does, with the command line, and starts `zkmandate serve` for it: kernel,
 * SQLite journal, JSON-RPC over HTTP on this machine.
 *
 * @param lanes how many lanes the gate has
 */
export async function openBenchDesk(lanes: number): Promise<BenchDesk> {
  const toClose: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of toClose.splice(0).reverse()) await each();
  };
  try {
    return await open(lanes, toClose, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  lanes: number,
  toClose: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<BenchDesk> {
  const { rpcUrl, control, walletOf, close: closeChain } = await openBenchChain();
  toClose.push(closeChain);
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-bench-"));
  toClose.push(() => rm(folder, { recursive: true }));

  const keys = {
    agent: randomBytes(32),
    submitter: randomBytes(32),
    governance: randomBytes(32),
    guardian: randomBytes(32),
  };
  const submitter = walletOf(keys.submitter);
  await control.setBalance({ address: submitter.account.address, value: parseEther("1000") });
  const { address: token } = await deployContract(submitter.extend(publicActions), {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD Coin", "USDC"],
  });
  await run(folder, "init");
  await writeFile(join(folder, "policy.yaml"), policy(token));
  await writeFile(join(folder, "passphrase"), PASSPHRASE, { mode: 0o600 });
  for (const name of ["identity", "service"]) {
    // What opening costs is the passphrase's, and not what is measured.
    const path = join(folder, "secrets", `${name}.age`);
    await createSealIdentity(path, PASSPHRASE, { workFactor: 10 });
  }
  for (const [name, key] of Object.entries(keys)) {
    const path = join(folder, "secrets", `${name}.json`);
    const address = await importKeystore(path, key, PASSPHRASE, { scryptN: 1_024 });
    await control.setBalance({ address, value: parseEther("1000") });
  }
  const config = join(folder, "zkmandate.yaml");
  const text = await readFile(config, "utf8");
  await writeFile(config, text.replace(/http:\/\/127[\d.:]+/, rpcUrl));
  const deployed = await run(folder, "gate", "deploy", "--lanes", `${lanes}`, ...opened);
  const gate = deployed.gate as Address;
  await submitter.writeContract({
    address: token,
    abi: demoTokenAbi,
    functionName: "mint",
    args: [gate, 10n ** 12n],
  });
  await writeFile(
    join(folder, "serve.yaml"),
    [
      "version: 1",
      "listen: { port: 0 }",
      "journal: { sqlite: journal.sqlite }",
      `gates: [{ workspace: ., name: bench, lanes: [${Array.from({ length: lanes }, (_, lane) => lane)}] }]`,
      "rate: { callsPerMinute: 1000000 }",
      "limits: { requestSeconds: 3600, connections: 1024 }",
    ].join("\n"),
  );
  const { token: bearer } = await run(folder, "token", "new", "bench");
  const { url, process: service } = await serve(folder);
  toClose.push(async () => {
    const ended = once(service, "exit");
    service.kill("SIGTERM");
    await ended;
  });
  return { gate, token, url, bearer: bearer as string, control, submitter, close };
}

const opened = ["--passphrase-file", "passphrase"];

async function run(folder: string, ...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, "--json"], {
    cwd: folder,
  });
  return JSON.parse(stdout);
}

/** Starts the service and waits until it listens. */
async function serve(folder: string): Promise<{ url: string; process: ChildProcess }> {
  const child = spawn(process.execPath, [main, "serve", "--json", ...opened], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = createInterface({ input: child.stderr });
  for await (const line of lines) {
    const { address } = JSON.parse(line) as { address?: string };
    if (address === undefined) continue;
    // The log is read on, or the service would wait for its reader.
    child.stderr.resume();
    return { url: address, process: child };
  }
  throw new Error("the service ended before it listened");
}
