import { zeroAddress } from "viem";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import type { Stage } from "../../src/agent/observer.ts";
import { executeAction } from "../../src/chain/executeAction.ts";
import { RequestEndedError, RequestRefusedError } from "../../src/errors/agent.ts";
import { DeniedError } from "../../src/errors/signer.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { LaneId } from "../../src/state/laneStore.ts";
import { type AgentWorld, createAgentWorld, FINALITY, until } from "./support/agentWorld.ts";

let world: AgentWorld;
let agent: Agent;
const told: { stages: Set<Stage>; denied: string[][] } = { stages: new Set(), denied: [] };
beforeAll(async () => {
  world = await createAgentWorld({ laneCount: 3 });
  agent = await world.start({
    observer: {
      onStage: (stage) => told.stages.add(stage),
      onDenied: (_request, restrictions) => told.denied.push([...restrictions]),
    },
  });
});
afterAll(() => world.close());

describe("sending", () => {
  test("a request lands, and every step of it is in the audit log", async () => {
    const { pay, balance, deployer, reached, local, receipt } = world;
    const before = await balance(deployer.account.address);
    const sent = await agent.send(pay(900n, { lane: 0 }));
    expect(sent.transactions).toHaveLength(1);
    expect((await receipt(sent.transactions[0])).status).toBe("success");
    expect(await balance(deployer.account.address)).toBe(before + 900n);

    const landed = await reached(sent.id, "landed", "final");
    expect(landed.signed?.seq).toBe(0n);
    await local.control.mine({ blocks: Number(FINALITY) });
    await reached(sent.id, "final");
    expect(await world.auditEvents(sent.id)).toEqual(["signed", "submitted", "landed"]);
    expect([...told.stages].toSorted()).toEqual(
      ["confirm", "evaluate", "prove", "read", "record", "reserve", "sign", "submit"].toSorted(),
    );
  });

  test("the audit log names policy, circuit, key and digest of what was signed", async () => {
    const sent = await agent.send(world.pay(10n, { lane: 0 }));
    for await (const entry of world.journal.audit.read()) {
      if (entry.request !== sent.id || entry.event !== "signed") continue;
      expect(entry).toMatchObject({ circuit: "gate", lane: 0, epoch: 1, principal: "desk" });
      expect(entry.digest).toBe(sent.signed?.digest);
      expect(entry.policy).toMatch(/^0x[0-9a-f]{64}$/);
      expect(entry.zkey).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test("what the policy denies is not signed, and its limits stay inside", async () => {
    const denied = await agent.send(world.pay(1_001n)).catch((error: unknown) => error);
    expect(denied).toBeInstanceOf(RequestEndedError);
    expect(denied).toMatchObject({ reason: "denied", cause: expect.any(DeniedError) });
    const { request, message } = denied as RequestEndedError;
    expect(message).not.toContain("1,000");
    const record = await agent.status(request);
    expect(record).toMatchObject({ status: "denied", failure: { reason: "denied" } });
    expect(JSON.stringify(record?.failure)).not.toContain("1,000");
    expect(await world.auditEvents(request)).toEqual(["denied"]);
    expect(told.denied).toEqual([["amount"]]);
  });

  test("a call that would revert is refused before anything is signed", async () => {
    // The policy allows it; the token does not.
    const { submitter: _, ...call } = world.transfer(10n, zeroAddress);
    const refused = await agent.send({ ...world.pay(1n), call }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: "call-reverts" });
    const { request } = refused as RequestEndedError;
    expect((await agent.status(request))?.signed).toBeUndefined();
    expect(await world.auditEvents(request)).toEqual(["refused"]);
  });

  /** A node that cannot estimate, and says so in geth's words. */
  const cannotEstimate = (words: string) =>
    world.intercept((method, _params, pass) => {
      if (method !== "eth_estimateGas") return pass();
      throw Object.assign(new Error(words), { code: -32_000 });
    });

  test.each([
    "insufficient funds for transfer",
    "stack underflow (0 <=> 1)",
    "invalid jump destination",
    "write protection",
  ])("so is one of which geth says: %s", async (words) => {
    cannotEstimate(words);
    await expect(agent.send(world.pay(10n))).rejects.toMatchObject({ reason: "call-reverts" });
    world.intercept(undefined);
  });

  test("one that the policy denies is denied, whatever the node says of it: it does not hold the lane up", async () => {
    cannotEstimate("words that nobody has heard before");
    await expect(agent.send(world.pay(2_000n))).rejects.toMatchObject({ reason: "denied" });
    world.intercept(undefined);
  });

  test("the same idempotency key is the same request, and nothing else", async () => {
    const { pay, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    const request = pay(7n, { idempotencyKey: "order-1" });
    const [first, second] = await Promise.all([agent.send(request), agent.send(request)]);
    expect(second.id).toBe(first.id);
    expect(second.transactions).toEqual(first.transactions);
    expect(await balance(deployer.account.address)).toBe(before + 7n);
    await expect(agent.send(pay(8n, { idempotencyKey: "order-1" }))).rejects.toMatchObject({
      reason: "idempotency-conflict",
    });
    const other = await agent.send(pay(7n, { idempotencyKey: "order-1", principal: "other" }));
    expect(other.id).not.toBe(first.id);
  });

  test("a request that was accepted is told of in a pause too: its refusal would say that nothing was done", async () => {
    const { pay } = world;
    const request = pay(7n, { idempotencyKey: "order-2" });
    const first = await agent.send(request);
    await agent.pause("*", "operator");
    const again = await agent.send(request).finally(() => agent.resume("*", "operator"));
    expect(again.id).toBe(first.id);
  });

  test("whoever stops waiting can ask for the request by its id", async () => {
    const signal = AbortSignal.abort();
    const waiting = await agent.send(world.pay(5n, { signal })).catch((error: unknown) => error);
    expect(waiting).toMatchObject({ name: "StillWaitingError" });
    const { request } = waiting as { request: string };
    const landed = await world.reached(request, "landed");
    expect((await agent.status(landed.transactions[0] as string))?.id).toBe(request);
  });

  test("what is not served is refused", async () => {
    await expect(agent.send(world.pay(1n, { lane: 9 }))).rejects.toThrow(RequestRefusedError);
    await expect(agent.send(world.pay(1n, { chainId: 1 }))).rejects.toMatchObject({
      reason: "unknown-gate",
    });
  });
});

describe("signing for another submitter", () => {
  test("the signed call is handed out and followed", async () => {
    const { pay, reached, submitter, gate } = world;
    const signed = await agent.sign(pay(3n, { lane: 2 }));
    expect(signed.transactions).toEqual([]);
    await executeAction(submitter, { gate, signed: signed.signed as SignedGateCall });
    expect((await reached(signed.id, "landed")).status).toBe("landed");
  });
});

describe("lanes", () => {
  test("are looked after without reading what waits for them, however much it is", async () => {
    const { pay, local } = world;
    const { requests } = world.journal;
    const read = vi.spyOn(requests, "list");
    await local.control.setAutomine(false);
    const to = { lane: 2, validFor: 60n };
    const sent = await Promise.all([1n, 2n, 3n, 4n].map((n) => agent.send(pay(n, to))));
    const waiting = agent.send(pay(5n, to));
    await until(async () => (await requests.count({ ...(sent[0] as LaneId) })).queued === 1);
    read.mockClear();
    const looks = () => read.mock.calls.filter(([{ limit }]) => limit === undefined);
    await until(async () => looks().length >= 5);
    expect(looks().filter(([{ statuses }]) => statuses?.includes("queued"))).toEqual([]);
    read.mockRestore();
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    await waiting;
  });

  test("work side by side, and each keeps its order", async () => {
    const { pay, balance, deployer, reached, journal } = world;
    const before = await balance(deployer.account.address);
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_, i) => agent.send(pay(20n, { lane: i % 3 }))),
    );
    await Promise.all(sent.map(({ id }) => reached(id, "landed", "final")));
    expect(await balance(deployer.account.address)).toBe(before + 240n);
    expect(new Set(sent.flatMap(({ transactions }) => transactions)).size).toBe(12);
    for (const lane of [0, 1, 2]) {
      const requests = await journal.requests.list({
        lane: { chainId: 31_337, gate: world.gate, lane },
        statuses: ["landed", "final"],
      });
      const seqs = requests.map(({ signed }) => signed?.seq ?? -1n);
      expect(seqs).toEqual(seqs.toSorted((a, b) => Number(a - b)));
      expect(new Set(seqs).size).toBe(seqs.length);
    }
  });

  test("several actions of one are in flight at once, and land in one block", async () => {
    const { pay, local, reached, receipt } = world;
    await local.control.setAutomine(false);
    const sent = await Promise.all([1n, 2n, 3n].map((n) => agent.send(pay(n, { lane: 1 }))));
    expect(sent.map(({ status }) => status)).toEqual(["submitted", "submitted", "submitted"]);
    const [report] = (await agent.lanes()).filter(({ lane }) => lane === 1);
    expect(report).toMatchObject({ state: "serving", isOwned: true, epoch: 1 });
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await Promise.all(sent.map(({ id }) => reached(id, "landed")));
    const blocks = await Promise.all(sent.map(({ transactions }) => receipt(transactions[0])));
    expect(new Set(blocks.map(({ blockNumber }) => blockNumber)).size).toBe(1);
  });
});
