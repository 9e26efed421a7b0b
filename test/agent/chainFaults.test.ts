import { type Hex, keccak256, numberToHex } from "viem";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { statusAnswer } from "../../src/agent/rpc/answers.ts";
import type { RequestRecord } from "../../src/journal/request.ts";
import { CHAIN_ID } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, FINALITY, until } from "./support/agentWorld.ts";

let world: AgentWorld;
let agent: Agent;
beforeEach(async () => {
  world = await createAgentWorld();
  agent = await world.start();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

const laneReport = async () => (await agent.lanes())[0];

describe("a node that does not answer", () => {
  test("blocks the lane with words, and the request lands when it is back", async () => {
    const { pay, reached } = world;
    await agent.send(pay(1n));
    world.intercept(() => Promise.reject(new Error("timeout")));
    const sending = agent.send(pay(10n));
    await until(async () => (await laneReport())?.state === "blocked");
    expect((await laneReport())?.problem).toContain("timeout");
    expect((await laneReport())?.queued).toBe(1);
    world.intercept(undefined);
    await reached((await sending).id, "landed");
    await until(async () => (await laneReport())?.state === "serving");
  });

  test("is heard again after it took a transaction and failed to say so", async () => {
    const { pay, reached, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    let failures = 2;
    world.intercept(async (method, _params, pass) => {
      const answer = await pass();
      if (method === "eth_sendRawTransaction" && failures-- > 0) throw new Error("timeout");
      return answer;
    });
    const sent = await agent.send(pay(10n));
    await reached(sent.id, "landed");
    expect(await balance(deployer.account.address)).toBe(before + 10n);
  });
});

describe("a node that lies about a receipt", () => {
  test("is caught by the lane's state; nothing is signed until both agree", async () => {
    const { pay, local, reached, submitter } = world;
    await local.control.setAutomine(false);
    const sent = await agent.send(pay(10n));
    const latest = await local.control.getBlock();
    world.intercept(async (method, params, pass) => {
      if (method === "eth_getTransactionCount" && params[1] === "latest") return "0x1";
      if (method !== "eth_getTransactionReceipt") return pass();
      const fees = { cumulativeGasUsed: "0x1", effectiveGasPrice: "0x1", gasUsed: "0x1" };
      return {
        ...{ ...fees, blockHash: latest.hash, blockNumber: `0x${latest.number.toString(16)}` },
        ...{ contractAddress: null, from: submitter.account.address, logs: [], logsBloom: "0x" },
        ...{ status: "0x1", to: world.gate, transactionHash: params[0], transactionIndex: "0x0" },
        type: "0x2",
      };
    });
    await until(async () => (await laneReport())?.problem?.includes("did not move") === true);
    expect((await agent.status(sent.id))?.status).toBe("submitted");
    const waiting = agent.send(pay(20n));
    await until(async () => (await laneReport())?.queued === 1);

    world.intercept(undefined);
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    await reached(sent.id, "landed");
    await reached((await waiting).id, "landed");
  });

  /** The node takes transactions, keeps them to itself, and says that they were mined long ago. */
  async function inventReceipts(status: "0x0" | "0x1") {
    const { local, submitter, gate } = world;
    const latest = await local.control.getBlock();
    await local.control.mine({ blocks: Number(FINALITY) + 1 });
    const kept = new Set<unknown>();
    world.intercept(async (method, params, pass) => {
      if (method === "eth_sendRawTransaction") {
        const hash = keccak256(params[0] as Hex);
        kept.add(hash);
        return hash;
      }
      if (method === "eth_getTransactionCount") {
        return numberToHex(Number(await pass()) + (params[1] === "pending" ? 0 : kept.size));
      }
      if (method !== "eth_getTransactionReceipt" || !kept.has(params[0])) return pass();
      const fees = { cumulativeGasUsed: "0x1", effectiveGasPrice: "0x1", gasUsed: "0x1" };
      return {
        ...{ ...fees, blockHash: latest.hash, blockNumber: numberToHex(latest.number) },
        ...{ contractAddress: null, from: submitter.account.address, logs: [], logsBloom: "0x" },
        ...{ status, to: gate, transactionHash: params[0], transactionIndex: "0x0", type: "0x2" },
      };
    });
  }

  test("of a block that is final is not believed before the lane has moved", async () => {
    const { pay, reached, journal, local, submitter } = world;
    await inventReceipts("0x1");
    const sent = await agent.send(pay(10n));
    await until(async () => (await laneReport())?.problem?.includes("did not move") === true);
    await local.control.mine({ blocks: 2 });
    await until(async () => (await journal.transactions.ofRequest(sent.id))?.mined !== undefined);
    world.intercept(undefined);
    await reached(sent.id, "landed");
    const next = await agent.send(pay(20n));
    await reached(next.id, "landed");
    await local.control.mine({ blocks: Number(FINALITY) });
    const { address } = submitter.account;
    await until(async () => (await journal.transactions.open(CHAIN_ID, address)).length === 0);
  });

  test("and leaves a nonce unused that it says was: those behind it are not held up", async () => {
    const { pay, reached, journal, local } = world;
    await inventReceipts("0x0");
    const sent = await agent.send(pay(10n, { validFor: 60n }));
    expect((await reached(sent.id, "failed")).failure?.reason).toBe("reverted");
    await until(async () => (await journal.transactions.ofRequest(sent.id))?.status === "mined");
    world.intercept(undefined);
    await local.advance(61);
    await local.control.mine({ blocks: Number(FINALITY) });
    const next = await agent.send(pay(20n));
    const landed = await reached(next.id, "landed");
    const [first, second] = await Promise.all(
      [sent, next].map(({ id }) => journal.transactions.ofRequest(id)),
    );
    expect(second?.nonce).toBe((first?.nonce ?? 0) + 1);
    // The digest that was reported as failed is dead, and its place was taken.
    expect(landed.signed?.seq).toBe(sent.signed?.seq);
  });

  test("of a transaction that lands after a restart is corrected", async () => {
    const { pay, reached, journal, local, auditEvents } = world;
    await inventReceipts("0x0");
    const sent = await agent.send(pay(10n));
    expect((await reached(sent.id, "failed")).failure?.reason).toBe("reverted");
    const reported = (await agent.status(sent.id)) as RequestRecord;
    expect(statusAnswer(reported)).toMatchObject({ status: "failed", mayLand: true });
    await agent.close();
    // Nobody watches while it lands.
    world.intercept(undefined);
    const { attempts = [] } = (await journal.transactions.ofRequest(sent.id)) ?? {};
    const serializedTransaction = attempts[0]?.raw as Hex;
    await local.control.sendRawTransaction({ serializedTransaction });
    await local.control.mine({ blocks: Number(FINALITY) });

    agent = await world.start();
    const landed = await reached(sent.id, "landed", "final");
    expect(landed.failure).toBeUndefined();
    expect(statusAnswer(landed)).not.toHaveProperty("mayLand");
    expect((await auditEvents(sent.id)).slice(-2)).toEqual(["failed", "landed"]);
    expect(await journal.requests.list({ mayLand: true })).toEqual([]);
  });

  test("a reverted receipt of what has landed changes nothing", async () => {
    const { pay, reached } = world;
    world.intercept(async (method, _params, pass) => {
      const answer = await pass();
      const isReceipt = method === "eth_getTransactionReceipt" && answer !== null;
      return isReceipt ? { ...(answer as object), status: "0x0" } : answer;
    });
    const sent = await agent.send(pay(10n));
    await reached(sent.id, "landed");
  });
});

describe("a reorganisation", () => {
  test("of the last three blocks: what had landed is followed, sent and landed again", async () => {
    const { pay, local, reached, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    const snapshot = await local.control.snapshot();
    const sent = await agent.send(pay(10n));
    await local.control.mine({ blocks: 2 });
    await reached(sent.id, "landed");

    await local.control.setAutomine(false);
    await local.control.revert({ id: snapshot });
    await reached(sent.id, "submitted");
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 3 });
    await reached(sent.id, "landed");
    expect(await balance(deployer.account.address)).toBe(before + 10n);
    expect(await world.auditEvents(sent.id)).toEqual([
      "signed",
      "submitted",
      "landed",
      "reorganized",
      "landed",
    ]);
    const next = await agent.send(pay(5n));
    expect((await reached(next.id, "landed")).signed?.seq).toBe(1n);
  });
});

describe("a clock that is stepped", () => {
  test("back changes neither what is signed nor who owns the lane", async () => {
    const { pay, reached, local } = world;
    const now = Date.now();
    await local.control.setAutomine(false);
    const sent = await agent.send(pay(10n, { validFor: 60n }));
    vi.spyOn(Date, "now").mockImplementation(() => now - 86_400_000);
    const waiting = [1n, 2n, 3n, 4n].map((n) => agent.send(pay(n, { validFor: 60n })));
    await Promise.all(waiting.slice(0, 3));
    // The fifth waits for the chain, whatever the clock says.
    await until(async () => (await laneReport())?.queued === 1);
    expect((await laneReport())?.isOwned).toBe(true);
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    const last = await (waiting[3] as (typeof waiting)[0]);
    const landed = await reached(last.id, "landed");
    expect(landed.signed?.seq).toBe((sent.signed?.seq ?? 0n) + 4n);
  });

  test("forward does not end what has only just been asked for", async () => {
    const { pay, reached, local } = world;
    const now = Date.now();
    await local.control.setAutomine(false);
    await Promise.all([1n, 2n, 3n, 4n].map((n) => agent.send(pay(n))));
    const waiting = agent.send(pay(5n));
    await until(async () => (await laneReport())?.queued === 1);
    vi.spyOn(Date, "now").mockImplementation(() => now + 86_400_000);
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    await reached((await waiting).id, "landed");
  });

  test("back keeps nothing from ending that a process finds recorded for later than now", async () => {
    const { pay, reached, local, journal } = world;
    await local.control.setAutomine(false);
    await Promise.all([1n, 2n, 3n, 4n].map((n) => agent.send(pay(n))));
    const waiting = agent.send(pay(5n)).catch((error: unknown) => error);
    await until(async () => (await laneReport())?.queued === 1);
    await agent.close();
    const { request } = (await waiting) as { request: string };
    const now = Date.now();
    vi.spyOn(Date, "now").mockImplementation(() => now - 3_600_000);
    agent = await world.start();
    expect((await reached(request, "failed")).failure).toMatchObject({
      reason: "queue-timeout",
      message: expect.stringContaining("set back"),
    });
    expect((await journal.requests.get(request))?.signed).toBeUndefined();
  });
});
