import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { adoptLane } from "../../src/agent/adoptLane.ts";
import type { AgentGate, AgentLane } from "../../src/agent/options.ts";
import { LaneBoundError } from "../../src/errors/agent.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { CHAIN_ID } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, FINALITY, until } from "./support/agentWorld.ts";

let world: AgentWorld;
/** Which journal signs for the lane, as a workspace keeps it. */
let bound: string;
beforeEach(async () => {
  world = await createAgentWorld();
  bound = world.journal.name;
});
afterEach(() => world.close());

/** The gate, whose lane is bound; a second journal is not handed the record of the first. */
function boundGate(more: Partial<AgentLane> = {}): AgentGate {
  const { gateAtWork } = world;
  const assertBound = async (journal: string) => {
    if (journal !== bound) throw new LaneBoundError({ lane: 0, journal, bound, mark: "mark" });
  };
  const lanes = gateAtWork.lanes.map((lane) => ({ ...lane, assertBound, ...more }));
  return { ...gateAtWork, lanes };
}

const forgetful = () => boundGate({ record: async () => undefined });
const adopt = (gate: AgentGate, journal: Journal) =>
  adoptLane(gate, gate.lanes[0] as AgentLane, journal);
const recordIn = (journal: Journal) =>
  journal.lanes.read({ chainId: CHAIN_ID, gate: world.gate, lane: 0 });

describe("a lane that is bound to another journal", () => {
  test("is not signed for, nor begun a record of, by a second agent", async () => {
    const { pay, reached, openJournal } = world;
    const first = await world.start({ gates: [boundGate()] });
    await reached((await first.send(pay(1n))).id, "landed");

    const other = await openJournal("other.db");
    const second = await world.start({ gates: [forgetful()], journal: other });
    const refused = second.send(pay(2n)).catch((error: unknown) => error);
    await until(async () => (await second.lanes())[0]?.state === "blocked");
    expect((await second.lanes())[0]?.problem).toContain("signed for with another journal");
    expect(await recordIn(other)).toBeUndefined();
    await second.close();
    expect(await refused).toMatchObject({ name: "StillWaitingError" });
    await reached((await first.send(pay(4n))).id, "landed");
  });

  test("is signed for no more by the agent that it was taken from, from the next signature on", async () => {
    const { pay, reached } = world;
    const agent = await world.start({ gates: [boundGate()] });
    await reached((await agent.send(pay(1n))).id, "landed");
    bound = "another";
    const waiting = agent.send(pay(2n)).catch((error: unknown) => error);
    await until(async () => (await agent.lanes())[0]?.state === "blocked");
    const signatures = (await recordIn(world.journal))?.pending.map(
      (each) => each.released.signature,
    );
    expect(signatures?.at(-1)).toBe("0x");
    bound = world.journal.name;
    expect(await waiting).toMatchObject({ status: expect.stringMatching(/submitted|landed/) });
  });
});

describe("a journal that adopts a lane", () => {
  test("signs nothing while what another has signed can land", async () => {
    const { pay, reached, openJournal, local } = world;
    const first = await world.start({ gates: [boundGate()] });
    await reached((await first.send(pay(1n))).id, "landed");
    await local.control.setAutomine(false);
    const inFlight = await first.send(pay(2n));
    await first.close();

    const other = await openJournal("other.db");
    bound = other.name;
    const gate = forgetful();
    expect(await adopt(gate, other)).toMatchObject({ record: "absent", epoch: 1 });
    const second = await world.start({ gates: [gate], journal: other });
    const next = second.send(pay(4n)).catch((error: unknown) => error);
    await until(async () => (await second.lanes())[0]?.busyUntil !== undefined);
    // Another journal's transaction lands meanwhile, at the sequence number that was thought free.
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await reached(inFlight.id, "submitted");
    expect((await recordIn(other))?.pending).toEqual([]);
    await second.close();
    const { request } = (await next) as { request: string };

    // The lane has moved on without this journal: it is adopted again, and rebuilt.
    expect(await adopt(gate, other)).toMatchObject({ record: "rebuilt" });
    const third = await world.start({ gates: [gate], journal: other });
    await until(async () => (await third.lanes())[0]?.busyUntil !== undefined);
    await local.advance(601);
    await local.control.mine({ blocks: Number(FINALITY) });
    await until(async () => (await other.requests.get(request))?.status === "landed");
    expect((await other.requests.get(request))?.signed?.seq).toBe(2n);
  });

  test("makes a record quiet that it has from before, and keeps what that knows", async () => {
    const { pay, reached, local } = world;
    const agent = await world.start({ gates: [boundGate()] });
    await local.control.setAutomine(false);
    const { signed } = await agent.send(pay(1n));
    await agent.close();
    const before = await recordIn(world.journal);
    expect(before?.quietUntil).toBe(0n);
    const { quietUntil, record } = await adopt(boundGate(), world.journal);
    expect(record).toBe("kept");
    expect(quietUntil).toBe((await local.now()) + 600n);
    const after = await recordIn(world.journal);
    expect(after?.quietUntil).toBe(quietUntil);
    expect(after?.pending.map(({ digest }) => digest)).toEqual([signed?.digest]);
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    const again = await world.start({ gates: [boundGate()] });
    await until(async () => (await again.lanes())[0]?.seq === "1");
    const [request] = await world.journal.requests.list({ limit: 1 });
    await reached(request?.id as string, "landed");
  });
});
