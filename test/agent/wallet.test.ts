import { createPublicClient, createWalletClient, custom, parseAbi, type RpcError } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { agentTransport } from "../../src/agent/agentTransport.ts";
import { type CrashMark, crashMarks, setCrashHook } from "../../src/agent/crashMarks.ts";
import { createGateRpc, type RpcContext } from "../../src/agent/gateRpc.ts";
import { demoTokenAbi } from "../../src/cli/demo/abi/demoToken.ts";
import { CHAIN_ID } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, until } from "./support/agentWorld.ts";

let world: AgentWorld;
let agent: Agent;
beforeAll(async () => {
  world = await createAgentWorld();
  agent = await world.start();
});
afterAll(() => world.close());

const walletOf = () =>
  createWalletClient({
    account: world.gate,
    chain: world.local.chain,
    transport: agentTransport(agent, world.client),
    pollingInterval: 20,
  });
const call = (method: string, params: unknown, context: Partial<RpcContext> = {}) =>
  createGateRpc(agent, { clients: new Map([[CHAIN_ID, world.client]]) })(method, params, {
    principal: "desk",
    allowedGates: "*",
    isOperator: false,
    ...context,
  });

describe("a viem wallet with a gate as its account", () => {
  test("writes contracts and waits for receipts as from any account", async () => {
    const { token, balance, deployer, gate, client, local } = world;
    const wallet = walletOf();
    const to = deployer.account.address;
    const before = await balance(to);
    const { request } = await createPublicClient({
      chain: local.chain,
      transport: agentTransport(agent, client),
    }).simulateContract({
      account: gate,
      address: token,
      abi: demoTokenAbi,
      functionName: "transfer",
      args: [to, 25n],
    });
    const hash = await wallet.writeContract(request);
    const reader = createPublicClient({
      chain: local.chain,
      transport: agentTransport(agent, client),
      pollingInterval: 20,
    });
    const receipt = await reader.waitForTransactionReceipt({ hash });
    expect(receipt.status).toBe("success");
    expect(await balance(to)).toBe(before + 25n);
    expect(await wallet.getAddresses()).toEqual([gate]);
    expect(await wallet.getChainId()).toBe(CHAIN_ID);
  });

  test("is told a denial by a stable word", async () => {
    const { token, deployer } = world;
    const denied = await walletOf()
      .writeContract({
        address: token,
        abi: demoTokenAbi,
        functionName: "transfer",
        args: [deployer.account.address, 2_000n],
      })
      .catch((error: { walk(test: (error: unknown) => boolean): unknown }) =>
        error.walk((cause) => (cause as RpcError).code === -32_003),
      );
    expect(denied).toMatchObject({ code: -32_003 });
  });

  test("signs no messages, no typed data, and creates no contracts", async () => {
    const wallet = walletOf();
    await expect(wallet.signMessage({ message: "hello" })).rejects.toThrow("no policy covers");
    const types = { Order: [{ name: "amount", type: "uint256" }] } as const;
    await expect(
      wallet.signTypedData({ domain: {}, types, primaryType: "Order", message: { amount: 1n } }),
    ).rejects.toThrow("no policy covers");
    await expect(wallet.deployContract({ abi: [], bytecode: "0x00" })).rejects.toThrow("malformed");
  });
});

describe("the method table", () => {
  const transaction = () => {
    const { target, data } = world.transfer(9n);
    return { from: world.gate, to: target, data };
  };
  const tooMuch = () => ({ ...transaction(), data: world.transfer(5_000n).data });

  test("explains only to operators", async () => {
    expect(await call("zkmandate_check", [tooMuch()])).toEqual({ allowed: false, lane: 0 });
    expect(await call("zkmandate_check", [transaction()])).toEqual({ allowed: true, lane: 0 });
    await expect(call("zkmandate_explain", [tooMuch()])).rejects.toMatchObject({
      data: { reason: "operator-only" },
    });
    const explained = await call("zkmandate_explain", [tooMuch()], { isOperator: true });
    expect(explained).toMatchObject({ allowed: false });
    expect(JSON.stringify(explained)).toContain("at most 1,000");

    const denied = await call("eth_sendTransaction", [tooMuch()]).catch((error: unknown) => error);
    expect(denied).toMatchObject({ code: -32_003, data: { reason: "denied" } });
    expect(JSON.stringify(denied)).not.toContain("1,000");
    const told = await call("eth_sendTransaction", [tooMuch()], { isOperator: true }).catch(
      (error: unknown) => error,
    );
    expect(JSON.stringify((told as { data: unknown }).data)).toContain("at most 1,000");
  });

  test("shows a caller only the gates that are his", async () => {
    const stranger = { allowedGates: ["other"], principal: "stranger" };
    expect(await call("eth_accounts", [], stranger)).toEqual([]);
    await expect(call("eth_sendTransaction", [transaction()], stranger)).rejects.toMatchObject({
      code: -32_001,
      data: { reason: "unknown-gate" },
    });
    await expect(call("eth_blockNumber", [], stranger)).rejects.toMatchObject({
      data: { reason: "unknown-gate" },
    });
    const hash = await call("eth_sendTransaction", [transaction()]);
    expect(await call("zkmandate_status", [hash])).toMatchObject({ kind: "send", lane: 0 });
    expect(await call("zkmandate_status", [hash], { principal: "other" })).toBeNull();
    expect(await call("zkmandate_status", [hash], stranger)).toBeNull();
    expect(await call("zkmandate_status", [], stranger)).toEqual([]);
  });

  test("hands the signed gate call out", async () => {
    const submitter = world.submitter.account.address;
    const signed = await call("eth_signTransaction", [transaction(), { validFor: 60, submitter }]);
    expect(signed).toMatchObject({
      transaction: { from: submitter, to: world.gate, value: "0x0" },
      lane: 0,
    });
    const { transaction: outer } = signed as { transaction: { data: `0x${string}` } };
    await world.submitter.sendTransaction({ to: world.gate, data: outer.data });
    const { request } = signed as { request: string };
    await until(async () => (await agent.status(request))?.status === "landed");
  });

  test("refuses what it cannot honour", async () => {
    const cases: [string, unknown][] = [
      ["eth_sendTransaction", [{ ...transaction(), nonce: "0x1" }]],
      ["eth_sendTransaction", [{ ...transaction(), chainId: "0x1" }]],
      ["eth_sendTransaction", [{ ...transaction(), to: undefined }]],
      ["eth_sendTransaction", [{ ...transaction(), blobs: [] }]],
      ["eth_sendTransaction", [{ ...transaction(), input: "0x00" }]],
      ["eth_sendTransaction", [{ ...transaction(), data: `0x${"00".repeat(120_001)}` }]],
      ["eth_sendTransaction", [transaction(), { submitter: world.gate }]],
      ["eth_sendTransaction", "nonsense"],
      ["eth_sendTransaction", [null]],
      ["zkmandate_status", ["not an id"]],
    ];
    for (const [method, params] of cases) {
      await expect(call(method, params), JSON.stringify(params)).rejects.toMatchObject({
        shortMessage: expect.not.stringMatching(/Invalid input|Unrecognized|Too (?:big|small)/),
        data: { reason: "invalid-request" },
      });
    }
    await expect(call("eth_sendTransaction", [{ to: 7 }])).rejects.toMatchObject({
      shortMessage: "The parameters are malformed at 0.to: expected text, received a number",
    });
    for (const method of ["eth_sendRawTransaction", "debug_traceTransaction", "constructor"]) {
      await expect(call(method, ["0x00"])).rejects.toMatchObject({
        data: { reason: "method-not-supported" },
      });
    }
  });

  test("passes the node's own refusals on, without its address", async () => {
    const abi = parseAbi(["function transferFrom(address, address, uint256) returns (bool)"]);
    const reader = createPublicClient({
      chain: world.local.chain,
      transport: agentTransport(agent, world.client),
    });
    await expect(
      reader.simulateContract({
        address: world.token,
        abi,
        functionName: "transferFrom",
        args: [world.gate, world.gate, 1n],
      }),
    ).rejects.toThrow("reverted");
    const client = { ...world.client, request: failing } as typeof world.client;
    const rpc = createGateRpc(agent, { clients: new Map([[CHAIN_ID, client]]) });
    const caller = { principal: "desk", allowedGates: "*", isOperator: true } as const;
    const failed = await rpc("eth_blockNumber", [], caller).catch((error: unknown) => error);
    expect(failed).toMatchObject({ data: { reason: "node-unavailable" } });
    expect(JSON.stringify(failed)).not.toContain("secret");

    function failing() {
      return custom({
        request: () => Promise.reject(new Error("https://node/secret-key is down")),
      })({ retryCount: 0 }).request({ method: "eth_blockNumber" });
    }
  });

  test("lets operators pause and resume", async () => {
    const operator = { isOperator: true };
    await expect(call("zkmandate_pause", ["desk"])).rejects.toMatchObject({
      data: { reason: "operator-only" },
    });
    expect(await call("zkmandate_pause", ["desk"], operator)).toBe(true);
    await expect(call("eth_sendTransaction", [transaction()])).rejects.toMatchObject({
      code: -32_002,
      data: { reason: "paused" },
    });
    expect(await call("zkmandate_resume", [world.gate], operator)).toEqual({ stillPaused: [] });
    expect(await call("eth_sendTransaction", [transaction()])).toMatch(/^0x[0-9a-f]{64}$/);
  });
});

describe("crash marks", () => {
  test("are passed in the order of the list", async () => {
    const statuses = ["queued", "signed", "submitted"] as const;
    await until(async () => (await world.journal.requests.list({ statuses })).length === 0);
    const passed: CrashMark[] = [];
    setCrashHook((mark) => passed.push(mark));
    const sent = await agent.send(world.pay(1n));
    await until(async () => (await agent.status(sent.id))?.status === "landed");
    await agent.send(world.pay(9_999n)).catch(() => undefined);
    setCrashHook(undefined);
    const inOrder = (from: CrashMark, to: CrashMark) =>
      crashMarks.slice(crashMarks.indexOf(from), crashMarks.indexOf(to) + 1);
    expect(passed.filter((mark) => !mark.startsWith("mined"))).toEqual([
      ...inOrder("request-recorded", "signature-recorded"),
      ...inOrder("request-signed", "request-submitted"),
      "request-landed",
      "request-recorded",
      "denial-recorded",
    ]);
  });
});
