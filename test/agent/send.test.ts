import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { type AgentWorld, createAgentWorld } from "./support/agentWorld.ts";

let world: AgentWorld;
let agent: Agent;
beforeAll(async () => {
  world = await createAgentWorld({ laneCount: 3 });
  agent = await world.start();
});
afterAll(() => world.close());

describe("sending", () => {
  test("a request lands, and every step of it is in the audit log", async () => {
    const { pay, balance, deployer, reached, local, receipt } = world;
    const before = await balance(deployer.account.address);
    const sent = await agent.send(pay(900n));
    expect(sent.transactions).toHaveLength(1);
    expect((await receipt(sent.transactions[0])).status).toBe("success");
    expect(await balance(deployer.account.address)).toBe(before + 900n);

    const landed = await reached(sent.id, "landed", "final");
    expect(landed.signed?.seq).toBe(0n);
    await local.control.mine({ blocks: 128 });
    await reached(sent.id, "final");
    expect(await world.auditEvents(sent.id)).toEqual(["signed", "submitted", "landed"]);
  });
});
