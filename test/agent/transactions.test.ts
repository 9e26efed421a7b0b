import { encodeFunctionData, type Hex, hexToBigInt } from "viem";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGateRpc } from "../../src/agent/gateRpc.ts";
import { demoTokenAbi } from "../../src/cli/demo/abi/demoToken.ts";
import { RequestEndedError } from "../../src/errors/agent.ts";
import type { OuterTransaction } from "../../src/journal/journal.ts";
import { CHAIN_ID } from "../chain/support/world.ts";
import {
  type AgentWorld,
  createAgentWorld,
  FINALITY,
  type Interceptor,
  until,
} from "./support/agentWorld.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await createAgentWorld({ laneCount: 2 });
});
afterEach(() => world.close());

/** What was signed for 60 seconds can no longer land, in the eyes of a finalized block. */
async function outlive() {
  await world.local.advance(61);
  await world.local.control.mine({ blocks: Number(FINALITY) });
}

/** A transaction, before all others of the next block, that takes the gate's tokens away. */
async function emptyGate() {
  const { local, token, gate, deployer, balance } = world;
  await local.control.impersonateAccount({ address: gate });
  await local.control.setBalance({ address: gate, value: 10n ** 18n });
  const data = encodeFunctionData({
    abi: demoTokenAbi,
    functionName: "transfer",
    args: [deployer.account.address, await balance(gate)],
  });
  const fee = "0x174876e800";
  const fees = { maxFeePerGas: fee, maxPriorityFeePerGas: fee };
  const transaction = { from: gate, to: token, data, gas: "0x30d40", ...fees };
  await local.control.request({
    method: "eth_sendTransaction",
    params: [transaction],
  } as unknown as Parameters<typeof local.control.request>[0]);
}

const transactionOf = (request: string) =>
  world.journal.transactions.ofRequest(request) as Promise<OuterTransaction>;

/** Keeps raw transactions from the chain and says that they were taken. */
const swallow: Interceptor = (method, _params, pass) =>
  method === "eth_sendRawTransaction" ? Promise.resolve(`0x${"00".repeat(32)}`) : pass();

describe("a transaction that reverts", () => {
  test("is reported with the reason, and so is what stood on it; the lane goes on when both are dead", async () => {
    const { pay, local, reached, auditEvents } = world;
    const agent = await world.start();
    await local.control.setAutomine(false);
    const first = await agent.send(pay(10n, { lane: 0, validFor: 60n }));
    const second = await agent.send(pay(20n, { lane: 0, validFor: 60n }));
    await emptyGate();
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);

    expect((await reached(first.id, "failed")).failure).toMatchObject({
      reason: "reverted",
      message: expect.stringContaining("CallFailed"),
    });
    expect((await reached(second.id, "failed")).failure?.reason).toBe("predecessor-failed");
    expect(await auditEvents(first.id)).toEqual(["signed", "submitted", "failed"]);

    await world.deployer.writeContract({
      address: world.token,
      abi: demoTokenAbi,
      functionName: "mint",
      args: [world.gate, 1_000n],
    });
    const third = agent.send(pay(30n, { lane: 0 }));
    await until(async () => (await agent.lanes())[0]?.queued === 1);
    await outlive();
    const landed = await reached((await third).id, "landed");
    // The sequence number that the dead ones had: nothing of them is left.
    expect(landed.signed?.seq).toBe(first.signed?.seq);
  });

  test("what was signed on top of a refused action and never sent is signed anew", async () => {
    const { pay, reached, gate } = world;
    const agent = await world.start();
    world.intercept((method, params, pass) => {
      const [call] = params as { to?: string }[];
      if (method !== "eth_estimateGas" || call?.to?.toLowerCase() !== gate.toLowerCase())
        return pass();
      // GatePaused()
      throw Object.assign(new Error("execution reverted"), { code: 3, data: "0x9e0b2cd5" });
    });
    const first = agent.send(pay(10n, { lane: 0, validFor: 60n })).catch((error: unknown) => error);
    const second = agent.send(pay(20n, { lane: 0, validFor: 60n }));
    const refused = (await first) as RequestEndedError;
    expect(refused).toBeInstanceOf(RequestEndedError);
    expect(refused.reason).toBe("refused");
    world.intercept(undefined);
    await outlive();
    const sent = await second;
    const landed = await reached(sent.id, "landed");
    expect(landed.signed?.seq).toBe(0n);
    expect((await agent.status(refused.request))?.status).toBe("failed");
  });
});

describe("a transaction that is not mined", () => {
  test("gets a higher fee when it is stuck, and is found by either hash", async () => {
    const { pay, local, reached, client } = world;
    const agent = await world.start({
      options: { fees: { maxFeePerGas: 10n ** 12n, stuckAfter: 0.1 } },
    });
    await local.control.setAutomine(false);
    const sent = await agent.send(pay(10n));
    await until(async () => (await transactionOf(sent.id)).attempts.length > 1);
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    const landed = await reached(sent.id, "landed");
    await until(async () => (await transactionOf(sent.id)).mined !== undefined);
    const { attempts, mined } = await transactionOf(sent.id);
    expect(mined?.hash).not.toBe(sent.transactions[0]);
    expect(landed.transactions).toEqual(attempts.map(({ hash }) => hash));
    const [first, second] = attempts;
    expect(second?.maxFeePerGas).toBeGreaterThan(((first?.maxFeePerGas ?? 0n) * 9n) / 8n);

    const rpc = createGateRpc(agent, { clients: new Map([[CHAIN_ID, client]]) });
    const caller = { principal: "desk", allowedGates: "*", isOperator: false } as const;
    const receipt = await rpc("eth_getTransactionReceipt", [sent.transactions[0]], caller);
    expect(receipt).toMatchObject({ transactionHash: mined?.hash, status: "0x1" });
  });

  test("is not raised past the cap, which is told", async () => {
    const { pay, local } = world;
    const problems: string[] = [];
    const base = (await local.control.getBlock()).baseFeePerGas ?? 0n;
    const agent = await world.start({
      options: { fees: { maxFeePerGas: base * 2n, maxPriorityFeePerGas: 1n, stuckAfter: 0.05 } },
      observer: { onProblem: ({ error }) => problems.push(`${error}`) },
    });
    await local.control.setAutomine(false);
    const sent = await agent.send(pay(10n));
    await until(async () => problems.some((problem) => problem.includes("fee cap")));
    const { attempts } = await transactionOf(sent.id);
    for (const { maxFeePerGas } of attempts) expect(maxFeePerGas).toBeLessThanOrEqual(base * 2n);
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    await world.reached(sent.id, "landed");
  });

  test("is sent again when the node has forgotten it, also before another's", async () => {
    const { pay, reached } = world;
    const agent = await world.start();
    let forgotten = 0;
    world.intercept((method, params, pass) =>
      method === "eth_sendRawTransaction" && forgotten++ === 0
        ? swallow(method, params, pass)
        : pass(),
    );
    const [first, second] = await Promise.all([
      agent.send(pay(10n, { lane: 0 })),
      agent.send(pay(20n, { lane: 1 })),
    ]);
    await Promise.all([reached(first.id, "landed"), reached(second.id, "landed")]);
    const nonces = [await transactionOf(first.id), await transactionOf(second.id)];
    expect(nonces.map(({ nonce }) => nonce).toSorted()).toEqual([0, 1]);
  });

  test("gives its nonce up when its action can no longer land", async () => {
    const { pay, reached, local, submitter } = world;
    const agent = await world.start();
    world.intercept(swallow);
    const sent = await agent.send(pay(10n, { lane: 0, validFor: 60n }));
    await local.advance(61);
    await until(async () => (await transactionOf(sent.id)).attempts.length > 1);
    world.intercept(undefined);
    await until(async () => (await transactionOf(sent.id)).mined !== undefined);
    const { mined, nonce } = await transactionOf(sent.id);
    const used = await local.control.getTransaction({ hash: mined?.hash as Hex });
    expect(used).toMatchObject({ to: submitter.account.address.toLowerCase(), value: 0n, nonce });
    await local.control.mine({ blocks: Number(FINALITY) });
    expect((await reached(sent.id, "expired")).failure?.reason).toBe("expired");
    const next = await agent.send(pay(20n, { lane: 0 }));
    await reached(next.id, "landed");
    expect((await transactionOf(next.id)).nonce).toBe(nonce + 1);
  });
});

describe("nonces", () => {
  test("one that was taken for a request which has ended is used up, so that others go on", async () => {
    const { pay, journal, gate, submitter, reached } = world;
    const { call } = pay(1n);
    const lane = { chainId: CHAIN_ID, gate, lane: 0 };
    const account = submitter.account.address;
    const { request } = await journal.requests.add({
      ...lane,
      ...{ principal: "desk", kind: "send", call, submitter: account },
      idempotencyKey: undefined,
      validFor: undefined,
    });
    const outer = { chainId: CHAIN_ID, submitter: account, request: request.id, to: gate };
    const body = { value: 0n, data: "0x", gas: 1n } as const;
    const { nonce } = await journal.transactions.reserve({ ...outer, ...body, atLeast: 0 });
    const failure = { reason: "expired", message: "gone" };
    await journal.requests.advance(request.id, "queued", { status: "failed", failure });

    const agent = await world.start();
    const sent = await agent.send(pay(20n, { lane: 1 }));
    await reached(sent.id, "landed");
    expect((await transactionOf(sent.id)).nonce).toBe(nonce + 1);
    expect(hexToBigInt(await world.nonceOf(account))).toBe(BigInt(nonce) + 2n);
  });
});
