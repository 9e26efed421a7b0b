import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createGateRpc } from "../../src/agent/gateRpc.ts";
import { JournalUnavailableError } from "../../src/errors/journal.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { CHAIN_ID } from "../chain/support/world.ts";
import { type AgentWorld, createAgentWorld, until } from "./support/agentWorld.ts";

let world: AgentWorld;
beforeEach(async () => {
  world = await createAgentWorld();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

/** Another process's own way to the same database, or another database. */
const another = (name?: string): Promise<Journal> => world.openJournal(name);

/** A journal with something before every method, as deep as they are nested. */
function behind<T extends object>(target: T, gate: () => Promise<void>): T {
  return new Proxy(target, {
    get(of, name) {
      const value = Reflect.get(of, name) as unknown;
      if (typeof value === "object" && value !== null) return behind(value, gate);
      if (typeof value !== "function") return value;
      return async (...values: unknown[]) => {
        // A lane's turn is kept in this process, not in the database.
        if (name !== "exclusive") await gate();
        return value.apply(of, values);
      };
    },
  });
}

describe("several processes over one journal", () => {
  test("one serves the lane; a request given to the other is served all the same", async () => {
    const { pay, reached } = world;
    const first = await world.start();
    await until(async () => (await first.lanes())[0]?.isOwned === true);
    const second = await world.start({ journal: await another() });
    const sent = await second.send(pay(10n));
    await reached(sent.id, "landed");
    expect((await second.lanes())[0]).toMatchObject({ isOwned: false, state: "elsewhere" });
    expect((await first.lanes())[0]).toMatchObject({ isOwned: true, state: "serving" });
  });

  test("when one closes, the other goes on with what was sent and what is queued", async () => {
    const { pay, reached, local, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    const first = await world.start({ options: { maxInFlight: 2 } });
    await local.control.setAutomine(false);
    const inFlight = [await first.send(pay(1n)), await first.send(pay(2n))];
    const queued = first.send(pay(4n)).catch((error: unknown) => error);
    await until(async () => (await first.lanes())[0]?.queued === 1);
    await first.close();
    const { request } = (await queued) as { request: string };

    const second = await world.start({ journal: await another() });
    await until(async () => (await second.lanes())[0]?.isOwned === true);
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    await Promise.all(
      [...inFlight.map(({ id }) => id), request].map((id) => reached(id, "landed")),
    );
    expect(await balance(deployer.account.address)).toBe(before + 7n);
  });

  test("when one freezes, the other takes the lane over, and the first cannot disturb it afterwards", async () => {
    const { pay, reached, local, balance, deployer } = world;
    const before = await balance(deployer.account.address);
    let thaw: () => void = () => undefined;
    let frozen: Promise<void> = Promise.resolve();
    const first = await world.start({ journal: behind(await another(), () => frozen) });
    await local.control.setAutomine(false);
    const sent = await first.send(pay(10n));
    frozen = new Promise((resolve) => {
      thaw = resolve;
    });

    const second = await world.start();
    const other = await second.send(pay(20n));
    expect((await second.lanes())[0]?.isOwned).toBe(true);
    thaw();
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await Promise.all([reached(sent.id, "landed"), reached(other.id, "landed")]);
    expect(other.signed?.seq).toBe((sent.signed?.seq ?? 0n) + 1n);
    expect(await balance(deployer.account.address)).toBe(before + 30n);
    expect((await first.lanes())[0]?.isOwned).toBe(false);
  });
});

describe("a journal that is gone for a while", () => {
  test("takes no request and signs nothing; it goes on by itself", async () => {
    const { pay, reached } = world;
    let isGone = false;
    const journal = behind(await another(), async () => {
      if (isGone) throw new JournalUnavailableError({ place: "journal.db", reason: "gone" });
    });
    const agent = await world.start({ journal });
    const sent = await agent.send(pay(10n));
    await reached(sent.id, "landed");
    isGone = true;
    await expect(agent.send(pay(20n))).rejects.toThrow(JournalUnavailableError);
    await until(async () => {
      const [lane] = await agent.lanes();
      return lane?.isOwned === false && lane.state === "blocked";
    });
    expect((await agent.lanes())[0]?.problem).toContain("The journal is not available");
    isGone = false;
    const next = await agent.send(pay(20n));
    expect((await reached(next.id, "landed")).signed?.seq).toBe(1n);
  });
});

describe("a commit whose answer was lost", () => {
  test("is told as such, and the same key asks for the same request", async () => {
    const { pay, reached, journal, client } = world;
    let losesAnswer = true;
    const behindLoss: Journal = {
      ...journal,
      requests: {
        ...journal.requests,
        async add(request) {
          const added = await journal.requests.add(request);
          if (!losesAnswer) return added;
          losesAnswer = false;
          throw new JournalUnavailableError({
            place: "journal.db",
            reason: "the connection broke",
          });
        },
      },
    };
    const agent = await world.start({ journal: behindLoss });
    const rpc = createGateRpc(agent, { clients: new Map([[CHAIN_ID, client]]) });
    const caller = { principal: "desk", allowedGates: "*", isOperator: false } as const;
    const { call } = pay(10n);
    const transaction = { to: call.target, data: call.data };
    const send = () =>
      rpc("eth_sendTransaction", [transaction, { idempotencyKey: "order-1" }], caller);
    await expect(send()).rejects.toMatchObject({
      shortMessage: expect.stringContaining("the same idempotency key"),
      data: { reason: "journal-unavailable", outcome: "unknown" },
    });
    const hash = await send();
    const [request, other] = await journal.requests.list({});
    expect(other).toBeUndefined();
    expect(request?.transactions).toContain(hash);
    await reached(request?.id as string, "landed");

    losesAnswer = true;
    await expect(rpc("eth_sendTransaction", [transaction], caller)).rejects.toMatchObject({
      shortMessage: expect.stringContaining("look on-chain"),
      data: { outcome: "unknown" },
    });
  });
});

describe("whoever waits for a request", () => {
  test("is woken by the process that moves it, and does not keep asking the journal", async () => {
    const { pay, journal } = world;
    const agent = await world.start();
    await until(async () => (await agent.lanes())[0]?.isOwned === true);
    const asked = vi.spyOn(journal.requests, "get");
    let isHeld = true;
    world.intercept(async (method, _params, pass) => {
      if (method === "eth_sendRawTransaction") await until(async () => !isHeld);
      return pass();
    });
    const sending = agent.send(pay(10n));
    // Long enough for several looks of a client that polls.
    for (let n = 0; n < 30; n += 1) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
    isHeld = false;
    expect((await sending).status).toBe("submitted");
  });

  test("hears of it although the journal was gone meanwhile", async () => {
    const { pay, local } = world;
    let isGone = false;
    const journal = behind(await another(), async () => {
      if (isGone) throw new JournalUnavailableError({ place: "journal.db", reason: "gone" });
    });
    const owner = await world.start();
    await until(async () => (await owner.lanes())[0]?.isOwned === true);
    const agent = await world.start({ journal });
    await local.control.setAutomine(false);
    const inFlight = [1n, 2n, 3n, 4n].map((n) => owner.send(pay(n)));
    await Promise.all(inFlight);
    const waiting = agent.send(pay(5n));
    await until(async () => (await owner.lanes())[0]?.queued === 1);
    isGone = true;
    await until(async () => (await agent.lanes())[0]?.state === "blocked");
    isGone = false;
    await local.control.mine({ blocks: 1 });
    await local.control.setAutomine(true);
    await local.control.mine({ blocks: 1 });
    expect((await waiting).transactions).toHaveLength(1);
  });
});

describe("a journal that was lost", () => {
  test("is rebuilt from the secret and the chain, and stays quiet until nothing forgotten can land", async () => {
    const { pay, reached, gateAtWork, local } = world;
    const agent = await world.start();
    const sent = await agent.send(pay(10n));
    await reached(sent.id, "landed");
    await agent.close();

    const fresh = await another("fresh.db");
    const [lane] = gateAtWork.lanes;
    const { record: _, ...forgetful } = lane as (typeof gateAtWork.lanes)[0];
    const again = await world.start({
      journal: fresh,
      gates: [{ ...gateAtWork, lanes: [forgetful] }],
    });
    const next = again.send(pay(20n));
    // Quiet begins when the record is rebuilt.
    await until(async () => (await again.lanes())[0]?.epoch === 1);
    await until(async () => (await again.lanes())[0]?.busyUntil !== undefined);
    await local.advance(601);
    await local.control.mine({ blocks: 8 });
    expect((await next).signed?.seq).toBe(1n);
  });
});
