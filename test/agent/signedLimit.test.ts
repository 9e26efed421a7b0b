import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { executeAction } from "../../src/chain/executeAction.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import { type AgentWorld, createAgentWorld } from "./support/agentWorld.ts";

let world: AgentWorld;
let agent: Agent;
beforeEach(async () => {
  world = await createAgentWorld();
  agent = await world.start({ options: { maxSignedPerPrincipal: 2 } });
});
afterEach(() => world.close());

describe("calls that are signed for somebody who does not submit them", () => {
  test("are as many as one principal may have, however many are asked for at once", async () => {
    const { pay, reached } = world;
    const bot = { principal: "bot" };
    const asked = await Promise.allSettled(
      [1n, 2n, 3n, 4n].map((n) => agent.sign(pay(n, { ...bot, idempotencyKey: `${n}` }))),
    );
    const signed = asked.filter((each) => each.status === "fulfilled").map(({ value }) => value);
    const refused = asked.filter((each) => each.status === "rejected");
    expect(signed).toHaveLength(2);
    expect(refused.map(({ reason }) => reason.reason)).toEqual(["sign-limit", "sign-limit"]);

    // What was signed is told again, and others have the lane too.
    const { idempotencyKey, id, call } = signed[0] as (typeof signed)[0];
    const again = await agent.sign(pay(call.value, { ...bot, idempotencyKey, call }));
    expect(again.id).toBe(id);
    const { id: other } = await agent.sign(pay(5n, { principal: "desk" }));
    expect((await agent.status(other))?.status).toBe("signed");

    // Whoever submits may have more at once.
    const [first] = signed.toSorted((a, b) =>
      Number((a.signed?.seq ?? 0n) - (b.signed?.seq ?? 0n)),
    );
    const { submitter, gate } = world;
    await executeAction(submitter, { gate, signed: first?.signed as SignedGateCall });
    await agent.sign(pay(6n, bot));
    await expect(agent.sign(pay(7n, bot))).rejects.toMatchObject({ reason: "sign-limit" });
    await reached(first?.id as string, "landed");
  });
});
