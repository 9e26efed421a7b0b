import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Hex, keccak256 } from "viem";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGateRpc } from "../../src/agent/gateRpc.ts";
import type { AgentGate } from "../../src/agent/options.ts";
import { executeRotation } from "../../src/chain/executeRotation.ts";
import { readLane } from "../../src/chain/readLane.ts";
import { revokeAgent } from "../../src/chain/revokeAgent.ts";
import { laneGenesis } from "../../src/chain/rotation.ts";
import { scheduleRotation } from "../../src/chain/scheduleRotation.ts";
import { ecdsaKey } from "../../src/keys/ecdsaKey.ts";
import type { AgentKey } from "../../src/keys/keys.ts";
import { type CommittedPolicy, commitPolicy } from "../../src/policy/commitment.ts";
import type { State } from "../../src/state/state.ts";
import { CHAIN_ID, SECRET, TIMELOCK_DELAY, transferPolicy } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, FINALITY, until } from "./support/agentWorld.ts";

const NEW_SECRET = new Uint8Array(32).fill(11);

let world: AgentWorld;
beforeEach(async () => {
  world = await createAgentWorld();
});
afterEach(() => world.close());

const laneId = () => ({ chainId: CHAIN_ID, gate: world.gate, lane: 0 });

/** Gives the lane a new policy through the timelock; tells how to take that back, and how to do it again. */
async function rotate(committed: CommittedPolicy, keepState: boolean, key: AgentKey = world.key) {
  const { gate, governor, timelock, local } = world;
  const eta = (await local.now()) + TIMELOCK_DELAY + 60n;
  const moment = { chainId: CHAIN_ID, gate, epoch: 2, eta };
  const opened = laneGenesis({
    ...moment,
    ...{ lane: 0, committed, secret: NEW_SECRET, fill: "empty" },
  });
  const kept = { lane: 0, keepState, policy: committed.commitment, state: 0n };
  const { operation } = await scheduleRotation(governor, {
    ...{ timelock, gate },
    rotation: {
      ...{ epoch: 2, eta, agent: key.onchain, riskFeed: world.riskFeed, riskMaxAge: 86_400 },
      ...{ maxDelay: 300, lanes: [keepState ? kept : opened.rotation] },
    },
  });
  await local.advance(Number(TIMELOCK_DELAY) + 61);
  const execute = () => executeRotation(governor, { timelock, operation });
  const before = await local.control.snapshot();
  await execute();
  return { before, execute };
}

/** The gate with the mandates of both epochs, and what it was told to keep. */
function gateOf(next: CommittedPolicy) {
  const kept: State[] = [];
  const { gateAtWork, lanes } = world;
  const mandates = [
    { committed: lanes[0]?.committed as CommittedPolicy, secret: SECRET },
    { committed: next, secret: NEW_SECRET },
  ];
  const gate: AgentGate = {
    ...gateAtWork,
    lanes: gateAtWork.lanes.map((lane) => ({
      ...lane,
      mandate: async (commitment) =>
        mandates.find(({ committed }) => committed.commitment === commitment),
      keep: async (_, state) => {
        kept.push(state);
      },
    })),
  };
  return { gate, kept, mandates };
}

describe("a rotation", () => {
  test("is noticed: the next action is signed in the new epoch with the new mandate, at once", async () => {
    const { pay, reached, gate, local } = world;
    const next = commitPolicy(transferPolicy(world.token, 99n));
    const agent = await world.start({ gates: [gateOf(next).gate] });
    const before = await agent.send(pay(10n));
    await reached(before.id, "landed");
    await rotate(next, false);
    const sent = await agent.send(pay(20n));
    expect((await reached(sent.id, "landed")).signed?.epoch).toBe(2);
    // The record of the new epoch knows nothing of it; the gate's events do.
    await local.control.mine({ blocks: Number(FINALITY) });
    await reached(before.id, "final");
    expect((await agent.lanes())[0]).toMatchObject({ epoch: 2, state: "serving" });
    expect((await readLane(local.control, { gate, lane: 0 })).policy).toBe(next.commitment);
  });

  test("that keeps the state goes on from it, and the state is handed over for recovery", async () => {
    const { pay, reached } = world;
    const next = commitPolicy(transferPolicy(world.token, 99n));
    const { gate, kept } = gateOf(next);
    const agent = await world.start({ gates: [gate] });
    await reached((await agent.send(pay(1_000n))).id, "landed");
    await rotate(next, true);
    const sent = await agent.send(pay(20n));
    expect((await reached(sent.id, "landed")).signed?.epoch).toBe(2);
    expect(kept).toHaveLength(1);
    expect(kept[0]?.levels[0]?.level).toBe(1_000n);
  });

  test("without a mandate blocks the lane until there is one", async () => {
    const { pay, reached } = world;
    const next = commitPolicy(transferPolicy(world.token, 99n));
    const { gate, mandates } = gateOf(next);
    const missing = mandates.pop();
    const agent = await world.start({ gates: [gate] });
    await reached((await agent.send(pay(10n))).id, "landed");
    await rotate(next, false);
    const waiting = agent.send(pay(20n));
    await until(async () => (await agent.lanes())[0]?.problem?.includes("no mandate") === true);
    mandates.push(missing as (typeof mandates)[0]);
    expect((await reached((await waiting).id, "landed")).signed?.epoch).toBe(2);
  });

  test("to another agent key blocks the lane until a restart with that key, and says so", async () => {
    const { pay, reached, journal, client } = world;
    const next = commitPolicy(transferPolicy(world.token, 99n));
    const { gate } = gateOf(next);
    const agent = await world.start({ gates: [gate] });
    await reached((await agent.send(pay(10n))).id, "landed");
    const key = ecdsaKey(secp256k1.utils.randomSecretKey());
    await rotate(next, false, key);
    const waiting = agent.send(pay(20n)).catch((error: unknown) => error);
    await until(
      async () => (await agent.lanes())[0]?.problem?.includes("restart the service") === true,
    );

    const rpc = createGateRpc(agent, { clients: new Map([[CHAIN_ID, client]]) });
    const caller = { principal: "alice", allowedGates: "*", isOperator: true } as const;
    await expect(rpc("zkmandate_reload", [], caller)).rejects.toMatchObject({
      data: { reason: "lane-blocked" },
      shortMessage: expect.stringContaining("a reload does not take it"),
    });
    expect((await agent.lanes())[0]?.state).toBe("blocked");
    await agent.close();
    const { request } = (await waiting) as { request: string };
    expect((await journal.requests.get(request))?.status).toBe("queued");

    const lanes = gate.lanes.map((lane) => ({ ...lane, key }));
    await world.start({ gates: [{ ...gate, lanes }] });
    await until(async () => (await journal.lanes.read(laneId()))?.epoch === 2);
    await world.local.advance(601);
    await world.local.control.mine({ blocks: Number(FINALITY) });
    expect((await reached(request, "landed")).signed?.epoch).toBe(2);
  });

  test("that a reorganisation takes back and brings again: what was signed in its epoch is dead first", async () => {
    const { pay, reached, journal, local, gate } = world;
    const next = commitPolicy(transferPolicy(world.token, 99n));
    const agent = await world.start({ gates: [gateOf(next).gate] });
    await reached((await agent.send(pay(10n))).id, "landed");
    const { before, execute } = await rotate(next, false);
    // Whoever builds the blocks keeps it to himself.
    world.intercept(async (method, params, pass) =>
      method === "eth_sendRawTransaction" ? keccak256(params[0] as Hex) : pass(),
    );
    const { signed } = await agent.send(pay(20n));
    expect(signed?.epoch).toBe(2);

    await local.control.revert({ id: before });
    const record = () => journal.lanes.read({ chainId: CHAIN_ID, gate, lane: 0 });
    await until(async () => (await record())?.epoch === 1);
    await execute();
    await until(async () => (await record())?.epoch === 2);
    expect((await record())?.quietUntil).toBeGreaterThan(signed?.proof.deadline as bigint);
  });
});

test("a key that the guardian revoked is refused at once, and the lane is not blocked", async () => {
  const { pay, reached, guardian, gate } = world;
  const agent = await world.start();
  await reached((await agent.send(pay(10n))).id, "landed");
  await revokeAgent(guardian, { gate });
  await expect(agent.send(pay(20n))).rejects.toMatchObject({ reason: "gate-not-ready" });
  expect((await agent.lanes())[0]?.state).toBe("serving");
});
