import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Hex, keccak256, numberToHex } from "viem";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hasPostgres } from "../support/postgres.ts";
import { FINALITY } from "./support/chainKeeper.ts";
import { comeToRest } from "./support/comeToRest.ts";
import { type CrashWorld, startCrashWorld } from "./support/crashWorld.ts";
import type { OrderLog } from "./support/deskClient.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

/** Places orders until one is told that the journal cannot be written; they all go on asking. */
async function untilRefused({ client, order }: CrashWorld): Promise<Promise<OrderLog>[]> {
  const placed: Promise<OrderLog>[] = [];
  const known = client.logs.length;
  while (!client.logs.slice(known).some(({ heard }) => heard.has("journal-unavailable"))) {
    if (placed.length < 20) placed.push(client.place(order("pay")));
    await sleep(250);
  }
  return placed;
}

/** An order lands. */
async function landsAgain(world: CrashWorld, more: { lane?: number } = {}): Promise<OrderLog> {
  return world.client.settled(await world.client.place(world.order("pay", more)));
}

describe("a running service whose node", () => {
  let world: CrashWorld;
  beforeAll(async () => {
    world = await startCrashWorld({ journal: "sqlite", lanes: 2 });
    await world.start();
    await world.served();
  });
  afterAll(() => world?.close());

  it("does not answer says so, sends nothing, and lands what waits when it answers again", async () => {
    const { client, witness } = world;
    await landsAgain(world, { lane: 0 });
    let answer = () => {};
    const answers = new Promise<void>((resolve) => {
      answer = resolve;
    });
    witness.intercept(async (_method, _params, pass) => {
      await answers;
      return pass();
    });
    const before = witness.sent.size;
    const waiting = client.place(world.order("pay", { lane: 0 }));
    await world.untilReady("chain-31337");
    expect(witness.sent.size).toBe(before);
    witness.intercept();
    answer();
    await client.settled(await waiting);
    await world.untilReady();
  });

  it("invents a receipt blocks the lane in words, and goes on when the truth is told", async () => {
    const { client, witness, keeper } = world;
    let kept: Hex | undefined;
    let block: { number: Hex; hash: Hex } | undefined;
    witness.intercept(async (method, params, pass) => {
      const [first] = params;
      if (method === "eth_sendRawTransaction" && (kept === undefined || first === kept)) {
        kept = first as Hex;
        return keccak256(kept);
      }
      if (kept === undefined) return pass();
      // The nonce is used, says the node, and the transaction was executed.
      if (method === "eth_getTransactionCount" && params[1] !== "pending") {
        return numberToHex(Number(await pass()) + 1);
      }
      if (method === "eth_getTransactionReceipt" && first === keccak256(kept)) {
        block ??= await latestBlock(world);
        return inventedReceipt(first as Hex, block);
      }
      return pass();
    });
    const told = await client.place(world.order("pay", { lane: 1 }));
    await world.untilReady("lanes");
    const lanes = (await client.call("zkmandate_status"))?.result;
    expect(lanes[1]).toMatchObject({
      state: "blocked",
      problem: expect.stringContaining("did not move"),
    });
    const next = client.place(world.order("pay", { lane: 1 }));
    // The invented receipt is final by now.
    const { number } = keeper.latest();
    while (keeper.latest().number < number + 3 * FINALITY) await sleep(100);
    expect((await world.readiness()).failing).toEqual(["lanes"]);

    witness.intercept();
    await client.settled(told);
    await client.settled(await next);
    expect(told.status).toMatch(/landed|final/);
    await world.untilReady();
  });

  it("reorganises the last three blocks sees everything land again, once", async () => {
    const { client, keeper } = world;
    for (let round = 0; round < 3; round++) {
      const logs = await Promise.all(
        [0, 1, 0, 1].map((lane) => client.place(world.order("pay", { lane }))),
      );
      await Promise.all(logs.map((log) => client.settled(log)));
      await keeper.reorganize();
    }
    await landsAgain(world);
  });

  it("whose own clock is stepped back an hour does what it did before", async () => {
    const { client } = world;
    const [service] = world.running;
    const waiting = [0, 1, 0, 1].map((lane) => client.place(world.order("pay", { lane })));
    service?.process.kill("SIGUSR2");
    for (const log of await Promise.all(waiting)) await client.settled(log);
    await landsAgain(world);
    expect(await world.readiness()).toEqual({ ready: true, failing: [] });
  });

  it("has, after all of that, executed every order once", async () => {
    const { executed, orders, signedAnew } = await comeToRest(world);
    expect(executed).toBe(orders);
    expect(signedAnew).toBe(0);
  });
});

describe.skipIf(!hasPostgres())(
  "a running service whose PostgreSQL server (needs npm's for the platform)",
  () => {
    let world: CrashWorld;
    beforeAll(async () => {
      world = await startCrashWorld({ journal: "postgres", lanes: 2 });
      await world.start();
      await world.served();
    });
    afterAll(() => world?.close());

    it("is gone takes no request, signs nothing, and goes on when it is back", async () => {
      const { client, witness, postgres } = world;
      const orders = [0, 1].map((lane) => client.place(world.order("pay", { lane })));
      await postgres?.stop();
      await world.untilReady("journal");
      const before = new Set(witness.sent.keys());
      const more = await untilRefused(world);
      expect(new Set(witness.sent.keys())).toEqual(before);
      await postgres?.start();
      for (const log of await Promise.all([...orders, ...more])) await client.settled(log);
      await world.untilReady();
    });

    it("is read-only says so, signs nothing, and goes on when it can be written", async () => {
      const { client, postgres, witness } = world;
      const setReadOnly = async (value: "on" | "off") => {
        await postgres?.query(`alter system set default_transaction_read_only = ${value}`);
        await postgres?.query("select pg_reload_conf()");
      };
      await setReadOnly("on");
      await world.untilReady("journal");
      const before = new Set(witness.sent.keys());
      const waiting = await untilRefused(world);
      expect(new Set(witness.sent.keys())).toEqual(before);
      await setReadOnly("off");
      for (const log of await Promise.all(waiting)) await client.settled(log);
      await world.untilReady();
    });

    it("has, after all of that, every order once", async () => {
      await comeToRest(world);
    });
  },
);

describe.skipIf(process.platform !== "linux" || process.getuid?.() !== 0)(
  "a running service whose disk is full (needs root, to mount one)",
  () => {
    let mount: string;
    let world: CrashWorld;
    beforeAll(async () => {
      mount = await mkdtemp(join(tmpdir(), "zkmandate-disk-"));
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", mount]);
      world = await startCrashWorld({ journal: "sqlite", lanes: 2, journalFolder: mount });
      await world.start();
      await world.served();
    });
    afterAll(async () => {
      await world?.close();
      execFileSync("umount", [mount]);
      await rm(mount, { recursive: true });
    });

    it("takes no request, signs nothing, and goes on when there is room", async () => {
      const { client, witness } = world;
      await landsAgain(world);
      const filler = await open(join(mount, "filler"), "w");
      await filler.writeFile(Buffer.alloc(8 << 20)).catch(() => undefined);
      await filler.close();
      // What room is left in the log's last pages is used up by and by.
      const waiting = await untilRefused(world);
      await world.untilReady("journal");
      const before = new Set(witness.sent.keys());
      waiting.push(...(await untilRefused(world)));
      expect(new Set(witness.sent.keys())).toEqual(before);
      await rm(join(mount, "filler"));
      for (const log of await Promise.all(waiting)) await client.settled(log);
      await world.untilReady();
    });

    it("has, after that, every order once", async () => {
      await comeToRest(world);
    });
  },
);

async function latestBlock({ chain }: CrashWorld): Promise<{ number: Hex; hash: Hex }> {
  const block = await chain.request({ method: "eth_getBlockByNumber", params: ["latest", false] });
  return { number: block?.number as Hex, hash: block?.hash as Hex };
}

/** What a node says of a transaction that was executed in a block. */
const inventedReceipt = (transactionHash: Hex, block: { number: Hex; hash: Hex }) => ({
  transactionHash,
  transactionIndex: "0x0",
  blockHash: block.hash,
  blockNumber: block.number,
  from: `0x${"11".repeat(20)}`,
  to: `0x${"22".repeat(20)}`,
  cumulativeGasUsed: "0x5208",
  gasUsed: "0x5208",
  effectiveGasPrice: "0x1",
  contractAddress: null,
  logs: [],
  logsBloom: `0x${"00".repeat(256)}`,
  status: "0x1",
  type: "0x2",
});
