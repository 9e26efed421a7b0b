import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Prover } from "../../src/prover/prover.ts";
import { CHAIN_ID, openProver } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, FINALITY, until } from "./support/agentWorld.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await createAgentWorld();
});
afterEach(() => world.close());

const gateId = () => ({ chainId: CHAIN_ID, gate: world.gate });

/** A prover that is slow where the test wants it. */
function slowProver() {
  let isProving = false;
  let finish: () => void = () => undefined;
  let slow: Promise<void> = Promise.resolve();
  const prover: Prover = {
    ...openProver,
    async prove(...input) {
      isProving = true;
      await slow;
      return openProver.prove(...input);
    },
  };
  return {
    prover,
    isProving: async () => isProving,
    slowDown() {
      isProving = false;
      slow = new Promise((resolve) => {
        finish = resolve;
      });
    },
    finish: () => finish(),
  };
}

describe("a pause", () => {
  test("that comes while an action is proven keeps its signature from existing", async () => {
    const { pay, gate, journal, local, reached } = world;
    const { prover, isProving, slowDown, finish } = slowProver();
    const agent = await world.start({ prover });
    slowDown();
    const sending = agent.send(pay(10n, { validFor: 60n })).catch((error: unknown) => error);
    await until(isProving);
    await agent.pause(gateId(), "operator");
    finish();
    expect(await sending).toMatchObject({ name: "RequestEndedError", reason: "paused" });
    const record = await journal.lanes.read({ chainId: CHAIN_ID, gate, lane: 0 });
    expect(record?.pending.map(({ released }) => released.signature)).toEqual(["0x"]);
    expect((await agent.lanes())[0]?.state).toBe("paused");
    await expect(agent.send(pay(20n))).rejects.toMatchObject({ reason: "paused" });

    await agent.resume(gateId(), "operator");
    const next = agent.send(pay(20n));
    // What was reserved for the first could still be signed by whoever has the key: it has to die.
    await until(async () => (await agent.lanes())[0]?.queued === 1);
    await local.advance(61);
    await local.control.mine({ blocks: Number(FINALITY) });
    expect((await reached((await next).id, "landed")).signed?.seq).toBe(0n);
  });

  test("survives a restart, and holds in every process over the journal", async () => {
    const { pay } = world;
    const first = await world.start();
    await first.pause("*", "operator");
    await first.close();
    const second = await world.start();
    await expect(second.send(pay(10n))).rejects.toMatchObject({ reason: "paused" });
    const third = await world.start({ journal: await world.openJournal() });
    await third.resume("*", "operator");
    await until(async () => (await second.lanes())[0]?.state === "serving");
    await third.pause(gateId(), "operator");
    await until(async () => (await second.lanes())[0]?.state === "paused");
  });

  test("of all and of one gate are two: whoever takes back one is told of the other", async () => {
    const { pay } = world;
    const agent = await world.start();
    await agent.pause("*", "alice");
    await agent.pause(gateId(), "alice");
    expect(await agent.resume(gateId(), "alice")).toEqual({ stillPaused: ["*"] });
    await expect(agent.send(pay(1n))).rejects.toMatchObject({ reason: "paused" });
    await agent.pause(gateId(), "alice");
    expect(await agent.resume("*", "alice")).toEqual({ stillPaused: ["desk"] });
    expect(await agent.resume(gateId(), "alice")).toEqual({ stillPaused: [] });
    await agent.send(pay(1n));
  });

  test("and everything else that operators do stands in the audit log", async () => {
    const { journal } = world;
    const agent = await world.start();
    await agent.pause(gateId(), "alice");
    await agent.resume(gateId(), "bob");
    await agent.reload("carol");
    await agent.close();
    const events: string[] = [];
    for await (const { event, principal } of journal.audit.read())
      events.push(`${event} ${principal}`);
    expect(events).toEqual([
      "started service",
      "paused alice",
      "resumed bob",
      "reloaded carol",
      "stopped service",
    ]);
  });
});

describe("a reload", () => {
  test("waits for the action under way, and the next is signed with the new mandate", async () => {
    const { pay, gateAtWork, reached } = world;
    const { prover, isProving, slowDown, finish } = slowProver();
    let opened = 0;
    const lanes = gateAtWork.lanes.map((lane) => ({
      ...lane,
      async mandate(commitment: bigint) {
        opened += 1;
        return lane.mandate(commitment);
      },
    }));
    const agent = await world.start({ prover, gates: [{ ...gateAtWork, lanes }] });
    await reached((await agent.send(pay(1n))).id, "landed");
    const before = opened;
    slowDown();
    const sending = agent.send(pay(10n));
    await until(isProving);
    const reloading = agent.reload("operator");
    expect(opened).toBe(before);
    finish();
    await Promise.all([sending, reloading]);
    expect(opened).toBe(before + 1);
    await reached((await agent.send(pay(20n))).id, "landed");
  });
});
