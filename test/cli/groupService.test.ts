import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Address, numberToHex, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { agentOf } from "../../src/cli/agentKey.ts";
import { type DemoNodes, openNodes } from "../../src/cli/demo/nodes.ts";
import { nodeFiles } from "../../src/cli/nodeFolder.ts";
import { groupKeyId } from "../../src/keys/frost/group.ts";
import { NodeIdentity } from "../../src/keys/frost/identity.ts";
import { loadSealIdentity, writeSealed } from "../../src/keys/sealed.ts";
import {
  type Desk,
  passphrase,
  payee,
  type RunningService,
  startDesk,
} from "../server/support/desk.ts";

import { zkmandateJson } from "./run.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let desk: Desk;
let nodes: DemoNodes;
let service: RunningService | undefined;
let token: string;
let ecdsaAgent: Address;

const inDesk = (...path: string[]) => join(desk.folder, ...path);

/** Names another agent account in the workspace. */
async function useAgent(entry: string): Promise<void> {
  const config = await readFile(inDesk("zkmandate.yaml"), "utf8");
  await writeFile(inDesk("zkmandate.yaml"), config.replace(/^( +agent:).*$/m, `$1 ${entry}`));
}

const groupEntry = () => {
  const members = nodes.members.map(
    ({ participant, host, port, publicKey }) =>
      `{ participant: ${participant}, host: ${host}, port: ${port}, key: "${publicKey}" }`,
  );
  return `{ group: { file: group.json, nodes: [${members.join(", ")}] } }`;
};

/** Makes an announced rotation. */
async function execute(id: string): Promise<string[]> {
  await desk.node.advance(61);
  const { json } = await desk.run("gate", "execute", id);
  expect(json).toMatchObject({ ok: true });
  return json.next;
}

/** Seals the mandate that the gate holds now to every node. */
async function entrust(): Promise<void> {
  for (const { folder, seal } of nodes.members) {
    const to = ["--to", seal.recipient, "--out", nodeFiles(folder).mandates];
    expect((await desk.run("node", "mandate", ...to)).code).toBe(0);
  }
}

/** Runs a command that opens nothing. */
const look = (...args: string[]) => zkmandateJson(args, { cwd: desk.folder });

const pay = (wei: bigint) => desk.run("gate", "send", "--to", payee, "--value", `${wei}`);

async function call(method: string, params: unknown[] = []) {
  const response = await fetch(service?.url as string, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers, for matchers
  return (await response.json()) as any;
}
const send = (wei: bigint) =>
  call("eth_sendTransaction", [{ from: desk.gate, to: payee, value: numberToHex(wei) }]);

beforeAll(async () => {
  desk = await startDesk();
  token = await desk.token("alice", "--operator");
  ecdsaAgent = (await desk.run("keys", "show")).json.address;
  const coordinator = new NodeIdentity();
  const seal = await loadSealIdentity(inDesk("secrets", "identity.age"), passphrase);
  await writeSealed(inDesk("secrets", "coordinator.age"), coordinator.reveal(), seal);
  const { gate, node } = desk;
  nodes = await openNodes({ chainId: 31_337, rpcUrl: node.rpcUrl, gate, coordinator });
});

afterAll(async () => {
  if (service?.process.exitCode === null) await service.stop("SIGKILL");
  await nodes.close();
  await desk.close();
});

describe("a gate whose agent becomes a group", () => {
  it("is rotated to the group while the old key still signs", async () => {
    const group = await nodes.generateKey();
    await copyFile(nodeFiles(nodes.members[0]?.folder as string).group, inDesk("group.json"));
    expect((await pay(1n)).json).toMatchObject({ ok: true });
    const rotated = await desk.run("gate", "rotate", "--keep-state", "--agent", "group.json");
    expect(rotated.json.announced.agent).toBe(`Schnorr key ${groupKeyId(group)}`);
    await desk.node.advance(1);
    expect((await pay(2n)).json).toMatchObject({ ok: true });

    expect(await execute(rotated.json.id)).toEqual([
      expect.stringContaining("zkmandate.yaml"),
      expect.stringContaining("node mandate"),
    ]);
    const { json: status } = await look("gate", "status");
    expect(status.agent).toEqual({ kind: 2, id: groupKeyId(group) });
    // The workspace still names the key that the gate no longer knows.
    const refused = await pay(3n);
    expect(refused).toMatchObject({ code: 4, json: { error: { name: "GateNotReadyError" } } });
    expect(refused.json.error.message).toContain("agent");
  });

  it.each([
    ["a short key", "0x1234", "An address is 0x and 40 hexadecimal digits."],
    ["no point's coordinate", `0x${"00".repeat(31)}05`, "No Schnorr key has it."],
    ["a file that is no group's", "policy.yaml", "a group's file"],
  ])("refuses %s as its agent", async (_, agent, reason) => {
    const { code, json } = await desk.run("gate", "rotate", "--agent", agent);
    expect(code).toBe(2);
    expect([json.error.message, ...json.error.details].join()).toContain(reason);
  });

  it("proves and signs through its nodes", async () => {
    await useAgent(groupEntry());
    await entrust();
    await nodes.serve(1, 2, 3);
    const { json } = await desk.run("prove", "--to", payee, "--value", "3", "--out", "call.json");
    expect(json.signed.signature).toHaveLength(2 + 2 * 52);
    const verified = await look("verify", "call.json", "--onchain");
    expect(verified.json).toMatchObject({ ok: true });
    // The same request gets the same signature, and lands.
    expect((await pay(3n)).json).toMatchObject({ ok: true });
  });
});

describe("a service whose agent is a group", () => {
  beforeAll(async () => {
    service = await desk.serve();
  });

  it("signs through the nodes", async () => {
    const { result: hash } = await send(parseEther("0.1"));
    const receipt = await desk.node.control.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
  });

  it("signs with one node down, and its log names it", async () => {
    await nodes.stop(1);
    const { result: hash } = await send(parseEther("0.2"));
    const receipt = await desk.node.control.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    const told = service?.lines
      .map((line) => JSON.parse(line))
      .find(({ msg }) => msg.startsWith("node 1"));
    expect(told).toMatchObject({ level: "warn", msg: expect.stringContaining("absent") });
  });

  it("says what is missing with two down, and goes on by itself when one is back", async () => {
    await nodes.stop(2);
    const before = await desk.node.control.getBalance({ address: payee });
    const said = service?.lines.length;
    const waiting = send(parseEther("0.3"));
    await service?.said('"standing":"blocked"', said);
    const { result: lanes } = await call("zkmandate_status");
    expect(lanes).toMatchObject([{ lane: 0, state: "blocked", queued: 1 }]);
    expect(lanes[0].problem).toContain("needed: 2");
    expect(lanes[0].problem).toContain("node 1 absent");
    expect(lanes[0].problem).toContain("node 2 absent");

    await nodes.serve(2);
    const { result: hash } = await waiting;
    await desk.node.control.waitForTransactionReceipt({ hash });
    expect(await desk.node.control.getBalance({ address: payee })).toBe(before + parseEther("0.3"));
    expect((await call("zkmandate_status")).result).toMatchObject([{ state: "serving" }]);
  });
});

describe("a gate whose agent was a group", () => {
  it("is rotated back to a key by its address, with which the service goes on", async () => {
    expect(await service?.stop()).toBe(0);
    const { json } = await desk.run("gate", "rotate", "--agent", ecdsaAgent);
    await useAgent("{ keystore: secrets/agent.json }");
    expect(await execute(json.id)).toEqual([]);
    const { json: status } = await look("gate", "status");
    expect(status.agent).toEqual(agentOf(ecdsaAgent));
    // Its budgets start full.
    await desk.node.advance(12 * 3_600);
    service = await desk.serve();
    const { result: hash } = await send(4n);
    const receipt = await desk.node.control.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
  });
});
