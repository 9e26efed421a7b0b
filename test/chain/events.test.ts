import { createPublicClient, custom } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import { followActions } from "../../src/chain/followActions.ts";
import { gateEvents } from "../../src/chain/gateEvents.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function act(lane: number, amount: bigint) {
  const { gate, submitter, signers, transfer, local } = world;
  // Blocks mined at once are ahead of the clock, by which the chain dates the next one.
  await local.advance(60);
  const signed = await signers[lane]?.sign(transfer(amount));
  if (signed) await executeAction(submitter, { gate, signed });
}

/** A client whose event queries pass through `limit`, which throws to refuse one. */
function limitedClient(limit: (blocks: bigint) => void) {
  const { chain, control } = world.local;
  const request = control.request as (input: {
    method: string;
    params?: unknown;
  }) => Promise<unknown>;
  const transport = custom(
    {
      async request({ method, params }) {
        if (method === "eth_getLogs") {
          const [{ fromBlock, toBlock }] = params;
          limit(BigInt(toBlock) - BigInt(fromBlock) + 1n);
        }
        return request({ method, params });
      },
    },
    { retryCount: 0 },
  );
  return createPublicClient({ chain, transport });
}

async function namesOf(client: Parameters<typeof gateEvents>[0]) {
  const { gate, blockNumber: fromBlock } = world;
  const names: string[] = [];
  for await (const { eventName } of gateEvents(client, { gate, fromBlock })) names.push(eventName);
  return names;
}

describe("a gate's events", () => {
  it("tell everything that happened, in order", async () => {
    await act(0, 10n);
    expect(await namesOf(world.local.control)).toEqual([
      "GuardianSet",
      "SubmitterSet",
      "Rotated",
      "LaneRotated",
      "LaneRotated",
      "ActionExecuted",
    ]);
  });

  it("come in smaller pages from a node that allows only few blocks", async () => {
    await world.local.control.mine({ blocks: 20 });
    const spans: bigint[] = [];
    const client = limitedClient((blocks) => {
      if (blocks > 7n) throw new Error("query exceeds 7 blocks");
      spans.push(blocks);
    });
    expect((await namesOf(client)).at(-1)).toBe("ActionExecuted");
    expect(spans.length).toBeGreaterThan(2);
  });

  it("fail when a node refuses even one block", async () => {
    const client = limitedClient(() => {
      throw new Error("no logs here");
    });
    await expect(namesOf(client)).rejects.toMatchObject({ name: "LogsUnavailableError" });
  });
});

describe("following actions", () => {
  it("tells each action once, when it is confirmed", async () => {
    const { gate, local } = world;
    const fromBlock = (await local.control.getBlockNumber()) + 1n;
    const stop = new AbortController();
    const told: [number, bigint][] = [];
    const following = (async () => {
      const actions = followActions(local.control, {
        gate,
        fromBlock,
        confirmations: 3n,
        pollingInterval: 10,
        signal: stop.signal,
      });
      for await (const { args } of actions) {
        told.push([args.lane, args.seq]);
        if (told.length === 2) stop.abort();
      }
    })();
    await act(1, 1n);
    await act(1, 2n);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toEqual([]);
    await local.control.mine({ blocks: 3 });
    await following;
    expect(told).toEqual([
      [1, 0n],
      [1, 1n],
    ]);
  });

  it("notices that confirmed blocks were replaced", async () => {
    const { gate, local } = world;
    const fromBlock = (await local.control.getBlockNumber()) + 1n;
    const snapshot = await local.control.snapshot();
    const actions = followActions(local.control, {
      gate,
      fromBlock,
      confirmations: 0n,
      pollingInterval: 10,
    });
    await act(1, 3n);
    expect((await actions.next()).value?.args.seq).toBe(2n);
    await local.control.revert({ id: snapshot });
    await local.control.mine({ blocks: 3, interval: 7 });
    await expect(actions.next()).rejects.toMatchObject({ name: "ReorganizedError" });
  });
});
