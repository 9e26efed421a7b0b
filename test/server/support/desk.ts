import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Address, createWalletClient, defineChain, http, parseAbi, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { deployContract } from "../../../src/chain/deployContract.ts";
import { demoTokenAbi } from "../../../src/cli/demo/abi/demoToken.ts";
import { demoTokenBytecode } from "../../../src/cli/demo/bytecode/demoToken.ts";
import { importKeystore } from "../../../src/keys/keystore.ts";
import { createSealIdentity } from "../../../src/keys/sealed.ts";
import { type LocalNode, startNode } from "../../cli/node.ts";
import { zkmandateJson } from "../../cli/run.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

export const passphrase = "correct horse battery";
export const payee: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
/** wei: the policy's limit, which nobody but operators may learn from the service. */
export const limit = 2_345_678_901_234_567_891n;

/** A policy that pays one address in ETH and in tokens. */
const payments = (token: Address) => `
name: payments
chain: 31337
assets: { USDC: { address: "${token}", decimals: 6 } }
budgets:
  payouts: { capacity: 50 ETH, refill: 24h }
  tokens: { capacity: 500 USDC, refill: 24h }
rules:
  - name: pay
    target: "${payee}"
    call: none
    amount: msg.value
    max: 2.345678901234567891 ETH
    charge: { payouts: amount }
  - name: transfer
    target: USDC
    call: transfer(address to, uint256 amount)
    where: { to: "${payee}" }
    amount: amount
    max: 100 USDC
    charge: { tokens: amount }
`;

/** A workspace with a deployed gate on a node of its own, and a configured service. */
export interface Desk {
  node: LocalNode;
  folder: string;
  gate: Address;
  /** An ERC-20 with 6 decimals, of which the gate has 1,000. */
  usdc: Address;
  /** Gives an account 1,000 of it. */
  mint(to: Address): Promise<unknown>;
  agentKey: Buffer;
  /** Runs a command in the workspace with `--json` and the passphrase that opens everything. */
  run(...args: string[]): ReturnType<typeof zkmandateJson>;
  /** Makes a token. */
  token(name: string, ...options: string[]): Promise<string>;
  /** Lets the workspace's commands and services reach the chain through another URL. */
  useNode(rpcUrl: string): Promise<void>;
  /** Runs `zkmandate serve` until it listens. */
  serve(options?: ServeOptions): Promise<RunningService>;
  close(): Promise<void>;
}

export interface ServeOptions {
  /** The configuration's file in the workspace; serve.yaml unless given. */
  config?: string;
  /** Node's own options, before the script. */
  nodeOptions?: readonly string[];
  env?: Record<string, string>;
  /** Told of the process before it listens. */
  onSpawn?(child: ChildProcess): void;
}

export interface RunningService {
  url: string;
  socket: string;
  /** Every line that it logged. */
  lines: string[];
  process: ChildProcess;
  /** Its exit code; null if a signal has ended it. */
  exited: Promise<number | null>;
  /** Waits for a line that says so, after so many lines. */
  said(text: string, after?: number): Promise<void>;
  /** Its exit code after a signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function startDesk({
  extra = "",
  lanes = 1,
  policy = payments,
}: {
  extra?: string;
  lanes?: number;
  /** The text of the lanes' policy. */
  policy?: (token: Address) => string;
} = {}): Promise<Desk> {
  const node = await startNode(31_337);
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-desk-"));
  const run = (...args: string[]) =>
    zkmandateJson([...args, "--passphrase-file", "passphrase"], { cwd: folder });
  await zkmandateJson(["init"], { cwd: folder });
  const config = await readFile(join(folder, "zkmandate.yaml"), "utf8");
  await writeFile(
    join(folder, "zkmandate.yaml"),
    config
      .replace("http://127.0.0.1:8545", node.rpcUrl)
      .replace("timelockDelay: 172800", "timelockDelay: 60")
      .replace("maxDelay: 120", "maxDelay: 300"),
  );
  const usdc = await deployUsdc(node);
  await writeFile(join(folder, "policy.yaml"), policy(usdc.address));
  await writeFile(join(folder, "passphrase"), passphrase, { mode: 0o600 });
  // Cheap key derivation, since every command opens several of these.
  for (const name of ["identity", "service"]) {
    await createSealIdentity(join(folder, "secrets", `${name}.age`), passphrase, {
      workFactor: 10,
    });
  }
  const agentKey = randomBytes(32);
  for (const account of ["agent", "submitter", "governance", "guardian"]) {
    const key = account === "agent" ? agentKey : randomBytes(32);
    const path = join(folder, "secrets", `${account}.json`);
    const address = await importKeystore(path, key, passphrase, { scryptN: 1024 });
    await node.control.setBalance({ address, value: parseEther("100") });
  }
  const { json } = await run("gate", "deploy", "--lanes", `${lanes}`);
  const gate: Address = json.gate;
  await node.control.setBalance({ address: gate, value: parseEther("100") });
  await usdc.mint(gate);
  await writeFile(
    join(folder, "serve.yaml"),
    [
      "version: 1",
      "listen: { port: 0, socket: z.sock }",
      "journal: { sqlite: journal.sqlite }",
      `gates: [{ workspace: ., name: desk, lanes: [${Array.from({ length: lanes }, (_, i) => i)}] }]`,
      "log: { level: trace }",
      extra,
    ].join("\n"),
  );
  return {
    node,
    folder,
    gate,
    usdc: usdc.address,
    mint: usdc.mint,
    agentKey,
    run,
    async token(name, ...options) {
      const made = await zkmandateJson(["token", "new", name, ...options], { cwd: folder });
      return made.json.token;
    },
    async useNode(rpcUrl) {
      const path = join(folder, "zkmandate.yaml");
      await writeFile(path, (await readFile(path, "utf8")).replace(/http:\/\/127[\d.:]+/, rpcUrl));
    },
    serve: (options) => serve(folder, options),
    async close() {
      await node.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function deployUsdc(node: LocalNode) {
  const account = privateKeyToAccount(generatePrivateKey());
  await node.control.setBalance({ address: account.address, value: parseEther("100") });
  const client = createWalletClient({
    account,
    chain: localChain(node),
    transport: http(node.rpcUrl),
  });
  const { address } = await deployContract(client, {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD Coin", "USDC"],
  });
  const abi = parseAbi(["function mint(address to, uint256 amount)"]);
  const mint = (to: Address) =>
    client.writeContract({ address, abi, functionName: "mint", args: [to, 10n ** 9n] });
  return { address, mint };
}

/** The node's chain as viem has it. */
export const localChain = ({ rpcUrl }: Pick<LocalNode, "rpcUrl">) =>
  defineChain({
    id: 31_337,
    name: "local",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });

async function serve(
  folder: string,
  { config = "serve.yaml", nodeOptions = [], env = {}, onSpawn }: ServeOptions = {},
): Promise<RunningService> {
  const command = ["serve", "-c", config, "--passphrase-file", "passphrase", "--json"];
  const child = spawn(process.execPath, [...nodeOptions, main, ...command], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  onSpawn?.(child);
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines: string[] = [];
  let notify = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      notify();
    });
  }
  const find = async (isIt: (line: string) => boolean, after = 0): Promise<string> => {
    for (;;) {
      const found = lines.slice(after).find(isIt);
      if (found !== undefined) return found;
      const line = new Promise<void>((resolve) => {
        notify = resolve;
      });
      const code = await Promise.race([line, exited]);
      if (code !== undefined) throw new Error(`serve ended with ${code}:\n${lines.join("\n")}`);
    }
  };
  const { address } = JSON.parse(await find((line) => line.includes('"address":"http')));
  return {
    url: address,
    socket: join(folder, "z.sock"),
    lines,
    process: child,
    exited,
    said: async (text, after = 0) => void (await find((line) => line.includes(text), after)),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return exited;
    },
  };
}
