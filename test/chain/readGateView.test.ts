import { type Address, createPublicClient, custom, type Hex, padHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployContract } from "../../src/chain/deployContract.ts";
import { createGateReader } from "../../src/chain/gateReader.ts";
import { readGate } from "../../src/chain/readGate.ts";
import { readGateView } from "../../src/chain/readGateView.ts";
import { readLane } from "../../src/chain/readLane.ts";
import { readRound } from "../../src/chain/readRound.ts";
import { demoFeedAbi } from "../../src/cli/demo/abi/demoFeed.ts";
import { demoFeedBytecode } from "../../src/cli/demo/bytecode/demoFeed.ts";
import { GateMissingError } from "../../src/errors/chain.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
let price: Address;
beforeAll(async () => {
  world = await createWorld();
  const { address } = await deployContract(world.deployer, {
    name: "DemoFeed",
    abi: demoFeedAbi,
    bytecode: demoFeedBytecode.creation,
    args: ["ETH / USD", 8, 3_000n],
  });
  price = address;
});
afterAll(() => world.close());

const publish = async (answer: bigint) => {
  const { deployer, riskFeed } = world;
  const hash = await deployer.writeContract({
    address: riskFeed,
    abi: demoFeedAbi,
    functionName: "publish",
    args: [answer],
  });
  await deployer.waitForTransactionReceipt({ hash });
};

/** A contract of this code, somewhere. */
async function codeAt(index: number, bytecode: Hex): Promise<Address> {
  const address = padHex(`0x${(0xfeed00 + index).toString(16)}`, { size: 20 });
  await world.local.control.setCode({ address, bytecode });
  return address;
}

const silent = { answers: false, round: 0n, answer: 0n, updatedAt: 0n };

describe("a gate in one call", () => {
  it.each(["latest", "finalized"] as const)(
    "is what single reads at the %s block say",
    async (blockTag) => {
      const { local, gate, riskFeed } = world;
      await publish(70n);
      const block = await local.control.getBlock({ blockTag });
      const seen = await readGateView(local.control, { gate, lane: 1, feeds: [price], blockTag });
      const at = { gate, blockNumber: block.number };
      const [risk, rate] = await Promise.all(
        [riskFeed, price].map(async (feed) => {
          const { round, answer, updatedAt } = await readRound(local.control, { feed, block });
          return { answers: true, round, answer, updatedAt };
        }),
      );
      expect(seen).toEqual({
        time: block.timestamp,
        exists: true,
        config: await readGate(local.control, at),
        lane: await readLane(local.control, { ...at, lane: 1 }),
        risk,
        prices: [rate],
      });
    },
  );

  it("says that there is no gate, and fails on another contract", async () => {
    const { local, deployer, token } = world;
    const nobody = deployer.account.address;
    const seen = await readGateView(local.control, {
      ...{ gate: nobody, lane: 0, feeds: [price], blockTag: "latest" },
    });
    expect(seen).toMatchObject({ exists: false, risk: silent, prices: [silent] });
    const wanted = { lane: 0, priceFeeds: [] };
    const reader = createGateReader(local.control, { gate: nobody });
    await expect(reader.snapshot(wanted)).rejects.toBeInstanceOf(GateMissingError);
    await expect(
      createGateReader(local.control, { gate: token }).snapshot(wanted),
    ).rejects.toThrow();
  });

  it("is told in spite of feeds that revert, say too little, use up all gas or are no contracts", async () => {
    const { local, gate, deployer } = world;
    const bad = [
      deployer.account.address,
      await codeAt(0, "0x60006000fd"),
      // 159 of 160 bytes
      await codeAt(1, "0x609f6000f3"),
      // Loops for ever.
      await codeAt(2, "0x5b600056"),
      await codeAt(3, "0x5b600056"),
      await codeAt(4, "0xfe"),
      // Returns as much as it can pay for.
      await codeAt(5, "0x620f00006000f3"),
    ];
    const feeds = [...bad, price];
    const { prices } = await readGateView(local.control, {
      ...{ gate, lane: 0, feeds, blockTag: "latest" },
    });
    expect(prices.map(({ answers }) => answers)).toEqual([
      ...bad.map(() => false).with(-1, true),
      true,
    ]);
    // All zero is no round that a gate accepts.
    const reader = createGateReader(local.control, { gate });
    const snapshot = await reader.snapshot({ lane: 0, priceFeeds: feeds });
    expect(snapshot.prices).toMatchObject([{ feed: price, answer: 3_000n }]);
  });

  it("passes on what is out of bounds, for the reader to refuse", async () => {
    const { local, gate } = world;
    await publish(-5n);
    const { risk } = await readGateView(local.control, {
      ...{ gate, lane: 0, feeds: [], blockTag: "latest" },
    });
    expect(risk).toMatchObject({ answers: true, answer: -5n });
    await publish(70n);
    await publish(80n);
  });
});

describe("a snapshot while a block comes", () => {
  /** A node whose first answer about the latest block is of the block before. */
  const slowNode = (lateAnswers: number) => {
    const { chain, control } = world.local;
    let late = 0;
    const calls: string[] = [];
    const request = async ({ method, params }: { method: string; params?: unknown[] }) => {
      calls.push(method);
      let asked = params;
      if (params?.[1] === "latest" && late++ < lateAnswers) {
        const number = await control.getBlockNumber();
        asked = [params[0], `0x${(number - 1n).toString(16)}`];
      }
      return control.request({ method, params: asked } as never);
    };
    const transport = custom({ request }, { retryCount: 0 });
    return { calls, client: createPublicClient({ chain, cacheTime: 0, transport }) };
  };

  it("is read again where the block is final at once, and never tells of a time before", async () => {
    const { gate } = world;
    const truth = await world.reader.snapshot({ lane: 0, priceFeeds: [price] });
    const { client, calls } = slowNode(1);
    const reader = createGateReader(client, { gate });
    expect(await reader.snapshot({ lane: 0, priceFeeds: [price] })).toEqual(truth);
    expect(calls).toEqual(["eth_call", "eth_call", "eth_call"]);
  });

  it("leaves a node that stays behind to the signer, which refuses it", async () => {
    const { client, calls } = slowNode(Number.POSITIVE_INFINITY);
    const reader = createGateReader(client, { gate: world.gate });
    const { time, finalizedTime } = await reader.snapshot({ lane: 0, priceFeeds: [] });
    expect(time).toBeLessThan(finalizedTime);
    expect(calls).toHaveLength(3);
  });
});
