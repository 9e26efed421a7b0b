import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Address, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePorts } from "../../src/cli/demo/freePorts.ts";
import { importKeystore } from "../../src/keys/keystore.ts";
import { createSealIdentity } from "../../src/keys/sealed.ts";
import { type LocalNode, startNode } from "./node.ts";
import { zkmandate, zkmandateJson } from "./run.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const passphrase = "correct horse battery";
const payee: Address = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const policy = `
name: payments
chain: 31337
budgets:
  payouts: { capacity: 5 ETH, refill: 24h }
rules:
  - name: pay
    target: "${payee}"
    call: none
    amount: msg.value
    max: 2 ETH
    charge: { payouts: amount }
`;

let chain: LocalNode;
let root: string;
let desk: string;
const numbers = [1, 2, 3];
const folderOf = (number: number) => join(root, `node-${number}`);
const nodes = new Map<number, { key: string; recipient: string; port: number }>();
const running = new Map<number, ChildProcess>();

const run = (folder: string, ...args: string[]) =>
  zkmandateJson(["-w", folder, ...args, "--passphrase-file", join(root, "passphrase")], {
    cwd: root,
  });

/** Starts a node's process and waits until it listens. */
async function serve(number: number): Promise<void> {
  const args = ["-w", folderOf(number), "node", "serve"];
  const secret = ["--passphrase-file", join(root, "passphrase")];
  const child = spawn(process.execPath, [main, ...args, ...secret], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
  });
  running.set(number, child);
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      log += chunk;
      if (log.includes("listening")) resolve();
    });
    child.once("exit", () => reject(new Error(log)));
  });
}

async function stop(number: number): Promise<void> {
  const child = running.get(number);
  if (!child || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exited;
}

async function ceremony(name: "dkg" | "refresh") {
  const session = `0x${randomBytes(32).toString("hex")}`;
  return Promise.all(
    numbers.map((number) => run(folderOf(number), "node", name, "--session", session)),
  );
}

beforeAll(async () => {
  chain = await startNode(31337);
  root = await mkdtemp(join(tmpdir(), "zkmandate-group-"));
  desk = join(root, "desk");
  await writeFile(join(root, "passphrase"), passphrase, { mode: 0o600 });
  await zkmandate(["init", "desk"], { cwd: root });
  await createSealIdentity(join(desk, "secrets", "identity.age"), passphrase, { workFactor: 10 });
  await writeFile(join(desk, "policy.yaml"), policy);
  for (const account of ["submitter", "governance", "guardian"]) {
    const path = join(desk, "secrets", `${account}.json`);
    const address = await importKeystore(path, randomBytes(32), passphrase, { scryptN: 1024 });
    await chain.control.setBalance({ address, value: parseEther("10") });
  }
});

afterAll(async () => {
  await Promise.all(numbers.map(stop));
  await chain.close();
  await rm(root, { recursive: true });
});

/** Everyone's entry as node.yaml and zkmandate.yaml name it. */
const entry = (number: number) => {
  const { port, key } = nodes.get(number) as { port: number; key: string };
  return `host: 127.0.0.1, port: ${port}, key: "${key}"`;
};

async function configure(number: number, extra: { gates?: string; coordinator?: string } = {}) {
  const { gates = "", coordinator } = extra;
  await writeFile(
    join(folderOf(number), "node.yaml"),
    [
      "version: 1",
      `participant: ${number}`,
      "threshold: 2",
      `chain: { id: 31337, rpcUrl: ${chain.rpcUrl} }`,
      `gates: [${gates && `"${gates}"`}]`,
      "nodes:",
      ...numbers.map((other) => `  ${other}: { ${entry(other)} }`),
      `coordinators: [${coordinator ? `"${coordinator}"` : ""}]`,
    ].join("\n"),
  );
}

describe("a group of nodes, from the command line", () => {
  it("makes its key without any machine ever holding it", async () => {
    const ports = await freePorts(numbers.length);
    for (const [i, number] of numbers.entries()) {
      const port = ports[i] as number;
      const options = ["--participant", `${number}`, "--port", `${port}`];
      const { json } = await run(root, "node", "init", folderOf(number), ...options);
      nodes.set(number, { key: json.key, recipient: json.recipient, port });
    }
    for (const number of numbers) await configure(number);
    const made = await ceremony("dkg");
    expect(made.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(new Set(made.map(({ json }) => json.key)).size).toBe(1);
  });

  it("is never replaced by another key", async () => {
    const session = randomBytes(32).toString("hex");
    const { code, json } = await run(folderOf(1), "node", "dkg", "--session", session);
    expect({ code, name: json.error.name }).toEqual({ code: 2, name: "FileExistsError" });
    expect(json.error.details.join()).toContain("node refresh");
  });

  it("takes part in a session once, whatever became of it", async () => {
    const session = randomBytes(32).toString("hex");
    const again = () => run(folderOf(1), "node", "refresh", "--session", session, "--wait", "1");
    expect((await again()).json.error.name).toBe("FrostAbortError");
    const { code, json } = await again();
    expect({ code, name: json.error.name }).toEqual({ code: 2, name: "UsageError" });
    expect(json.error.details.join()).toContain("fresh random bytes");
  });

  it.each([
    ["a session that is none", ["dkg", "--session", "0x12"], "32 bytes"],
    ["a recipient that is none", ["mandate", "--to", "age1xyz"], "not an age recipient"],
  ])("refuses %s before it opens anything", async (_, args, reason) => {
    const { code, json } = await zkmandateJson(["node", ...args], { cwd: root });
    expect(code).toBe(2);
    expect(json.error.message).toContain(reason);
  });

  it("is the agent of a gate, and its nodes sign a payment", async () => {
    await copyFile(join(folderOf(1), "group.json"), join(desk, "group.json"));
    const config = await readFile(join(desk, "zkmandate.yaml"), "utf8");
    const members = numbers.map((number) => `{ participant: ${number}, ${entry(number)} }`);
    await writeFile(
      join(desk, "zkmandate.yaml"),
      config
        .replace("http://127.0.0.1:8545", chain.rpcUrl)
        .replace(
          "{ keystore: secrets/agent.json }",
          `{ group: { file: group.json, nodes: [${members.join(", ")}] } }`,
        ),
    );
    const { json: made } = await run(desk, "keys", "new", "agent");
    const { json: deployed } = await run(desk, "gate", "deploy");
    const { json: shown } = await run(desk, "keys", "show", "--check");
    expect(shown.coordinator).toBe(made.coordinator);
    const { json: status } = await zkmandateJson(["-w", desk, "gate", "status"], { cwd: root });
    expect(status.agent).toEqual(shown.onchain);
    await chain.control.setBalance({ address: deployed.gate, value: parseEther("100") });
    for (const number of numbers) {
      const out = join(folderOf(number), "mandates");
      await mkdir(out);
      const { recipient } = nodes.get(number) as { recipient: string };
      const { code } = await run(desk, "node", "mandate", "--to", recipient, "--out", out);
      expect(code).toBe(0);
      await configure(number, { gates: deployed.gate, coordinator: made.coordinator });
    }
    await Promise.all(numbers.map(serve));
    const sent = await run(desk, "gate", "send", "--to", payee, "--value", "1000");
    expect(sent.json).toMatchObject({ ok: true });
  });

  it("signs with one node down, and says which", async () => {
    await stop(1);
    // A block of now: what is signed must not be too old when it is sent.
    await chain.advance(1);
    const { json, stderr } = await run(desk, "gate", "send", "--to", payee, "--value", "2000");
    expect(json).toMatchObject({ ok: true });
    expect(stderr).toContain("node 1 of the group absent");
    const { json: status } = await run(folderOf(1), "node", "status");
    expect(status.nodes.map(({ answers }: { answers: boolean }) => answers)).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("does not sign with two down", async () => {
    await stop(2);
    const { code, json } = await run(desk, "gate", "send", "--to", payee, "--value", "3000");
    expect(code).toBe(4);
    expect(json.error.name).toBe("QuorumMissingError");
  });

  it("signs with refreshed shares, under the same key", async () => {
    await stop(3);
    const before = JSON.parse(await readFile(join(desk, "group.json"), "utf8"));
    const refreshed = await ceremony("refresh");
    expect(refreshed.map(({ json }) => json.epoch)).toEqual([1, 1, 1]);
    await copyFile(join(folderOf(2), "group.json"), join(desk, "group.json"));
    const after = JSON.parse(await readFile(join(desk, "group.json"), "utf8"));
    expect(after.commitments[0]).toBe(before.commitments[0]);
    await Promise.all(numbers.map(serve));
    // Past the deadline of what was reserved without a quorum: this is signed for a block of now.
    await chain.advance(121);
    const sent = await run(desk, "gate", "send", "--to", payee, "--value", "3000");
    expect(sent.json).toMatchObject({ ok: true });
  });
});

describe("a key that exists", () => {
  it("is split into sealed shares", async () => {
    const out = join(root, "split");
    await writeFile(join(root, "key.hex"), `${"11".repeat(32)}\n`, { mode: 0o600 });
    const to = numbers.flatMap((number) => ["--to", `${number}=${nodes.get(number)?.recipient}`]);
    const { json } = await zkmandateJson(
      [
        ...["node", "split", "--threshold", "2", ...to],
        ...["--private-key-file", "key.hex", "--out", out],
      ],
      { cwd: root },
    );
    expect(json).toMatchObject({ ok: true, participants: numbers });
    const share = await readFile(join(out, "share-2.age"), "utf8");
    expect(share.startsWith("age-encryption.org/v1")).toBe(true);
    // It opens in its node's folder, beside the group.
    const folder = folderOf(2);
    await stop(2);
    await copyFile(join(out, "share-2.age"), join(folder, "share.age"));
    await copyFile(join(out, "group.json"), join(folder, "group.json"));
    const status = await run(folder, "node", "status");
    expect(status.json.key).toBe(json.key);
  });
});
