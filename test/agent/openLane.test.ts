import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { guardedKey } from "../../src/agent/guardedKey.ts";
import { type OpenLaneParameters, openLane } from "../../src/agent/openLane.ts";
import type { AgentLane } from "../../src/agent/options.ts";
import { JournalUnavailableError } from "../../src/errors/journal.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { Signer } from "../../src/signer/signer.ts";
import { CHAIN_ID, openProver } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, until } from "./support/agentWorld.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await createAgentWorld();
});
afterEach(() => world.close());

const laneId = () => ({ chainId: CHAIN_ID, gate: world.gate, lane: 0 });

function parameters(more: Partial<AgentLane>): OpenLaneParameters {
  const { gateAtWork, journal } = world;
  const lane = { ...(gateAtWork.lanes[0] as AgentLane), ...more };
  return {
    gate: gateAtWork,
    lane,
    journal,
    key: guardedKey(lane.key, async () => undefined),
    prover: openProver,
    maxInFlight: 1,
    onStage: () => undefined,
    isOwned: true,
    servedEpoch: 0,
  };
}

describe("a lane's record", () => {
  test("is not begun anew by a process that slept while another signed with it", async () => {
    const { journal } = world;
    let wake: () => void = () => undefined;
    let isAsleep = false;
    const asleep = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const record = async () => {
      isAsleep = true;
      await asleep;
      return undefined;
    };
    const sleeping = openLane(parameters({ record })).then(
      () => undefined,
      (error: unknown) => error,
    );
    await until(async () => isAsleep);

    const other = await world.openJournal();
    const awake = await openLane({
      ...parameters({ record: async () => undefined }),
      journal: other,
    });
    const { digest } = await awake.signer.sign(world.transfer(10n));
    wake();
    expect(await sleeping).toMatchObject({ name: "LaneConflictError" });
    const { pending } = (await journal.lanes.read(laneId())) ?? {};
    expect(pending?.map((transition) => transition.digest)).toEqual([digest]);
  });

  test("that was handed over once is not forgotten when the journal does not take it", async () => {
    const { journal, store, signers, transfer } = world;
    const signer = signers[0] as Signer;
    const { digest } = await signer.sign(transfer(10n));
    let handed = 0;
    const once = parameters({
      record: async () => (handed++ === 0 ? store.read(laneId()) : undefined),
    });
    const failing: Journal = {
      ...journal,
      lanes: {
        ...journal.lanes,
        write: () =>
          Promise.reject(new JournalUnavailableError({ place: "journal.db", reason: "full" })),
      },
    };
    await expect(openLane({ ...once, journal: failing })).rejects.toThrow(JournalUnavailableError);
    await openLane(once);
    const { pending } = (await journal.lanes.read(laneId())) ?? {};
    expect(pending?.map((transition) => transition.digest)).toEqual([digest]);
  });
});
