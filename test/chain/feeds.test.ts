import { getAddress, padHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployContract } from "../../src/chain/deployContract.ts";
import { createGateReader } from "../../src/chain/gateReader.ts";
import { readRound } from "../../src/chain/readRound.ts";
import { demoFeedAbi } from "../../src/cli/demo/abi/demoFeed.ts";
import { demoFeedBytecode } from "../../src/cli/demo/bytecode/demoFeed.ts";
import { FeedUnusableError } from "../../src/errors/chain.ts";
import { returningCode } from "../support/returningCode.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

async function publish(answer: bigint) {
  const { deployer, riskFeed } = world;
  const hash = await deployer.writeContract({
    address: riskFeed,
    abi: demoFeedAbi,
    functionName: "publish",
    args: [answer],
  });
  const { blockNumber } = await deployer.waitForTransactionReceipt({ hash });
  return world.local.control.getBlock({ blockNumber });
}

describe("reading a round", () => {
  it("gives the round that is current at the block, and not a later one", async () => {
    const { local, riskFeed } = world;
    const before = await publish(50n);
    const after = await publish(90n);
    const first = await readRound(local.control, { feed: riskFeed, block: before });
    const second = await readRound(local.control, { feed: riskFeed, block: after });
    expect(first).toMatchObject({ answer: 50n, updatedAt: before.timestamp });
    expect(second).toMatchObject({ answer: 90n, round: first.round + 1n });
  });

  it.each([0n, -1n, 1n << 80n])("refuses the answer %s", async (answer) => {
    const block = await publish(answer);
    const { local, riskFeed } = world;
    const reading = readRound(local.control, { feed: riskFeed, block });
    await expect(reading).rejects.toBeInstanceOf(FeedUnusableError);
  });

  it("refuses a round that is no uint80, as no gate could read it", async () => {
    const { control } = world.local;
    const feed = getAddress(padHex("0xfeed", { size: 20 }));
    const block = await control.getBlock();
    const answering = async (round: bigint) => {
      await control.setCode({ address: feed, bytecode: returningCode([round, 5n, 1n, 1n, 1n]) });
      return readRound(control, { feed, block: { timestamp: block.timestamp } });
    };
    expect(await answering((1n << 80n) - 1n)).toMatchObject({ round: (1n << 80n) - 1n });
    await expect(answering(1n << 80n)).rejects.toThrow("not below 2^80");
  });

  it("refuses a round that is dated after the block, and an address without a feed", async () => {
    const { local, riskFeed, deployer } = world;
    const { number, timestamp } = await publish(60n);
    const early = { number, timestamp: timestamp - 1n };
    await expect(readRound(local.control, { feed: riskFeed, block: early })).rejects.toThrow(
      "dated",
    );
    const block = { number, timestamp };
    const nothing = deployer.account.address;
    await expect(readRound(local.control, { feed: nothing, block })).rejects.toThrow(
      "does not answer",
    );
  });
});

describe("a snapshot for the signer", () => {
  it("leaves a price feed out that cannot be used, but never goes on without the risk feed", async () => {
    const { deployer, reader, riskFeed, token } = world;
    const { address: price } = await deployContract(deployer, {
      name: "DemoFeed",
      abi: demoFeedAbi,
      bytecode: demoFeedBytecode.creation,
      args: ["ETH / USD", 8, 3_000n],
    });
    const block = await publish(70n);
    const snapshot = await reader.snapshot({ lane: 0, priceFeeds: [price, token] });
    expect(snapshot.time).toBe(block.timestamp);
    expect(snapshot.prices.map(({ feed, answer }) => [feed, answer])).toEqual([[price, 3_000n]]);
    expect(snapshot.risk?.answer).toBe(70n);

    await publish(-5n);
    await expect(reader.snapshot({ lane: 0, priceFeeds: [] })).rejects.toMatchObject({
      name: "FeedUnusableError",
      message: expect.stringMatching(new RegExp(riskFeed, "i")),
    });
  });
});

describe("a glance for the signer", () => {
  it("is the snapshot at the latest block, with what was final at the last snapshot", async () => {
    const { local, deployer, gate } = world;
    const reader = createGateReader(local.control, { gate });
    const { address: price } = await deployContract(deployer, {
      name: "DemoFeed",
      abi: demoFeedAbi,
      bytecode: demoFeedBytecode.creation,
      args: ["ETH / USD", 8, 3_000n],
    });
    await publish(70n);
    const wanted = { lane: 0, priceFeeds: [price, deployer.account.address] };
    expect(await reader.glance?.(wanted)).toBeUndefined();
    const before = await reader.snapshot(wanted);
    expect(await reader.glance?.(wanted)).toEqual(before);

    await publish(80n);
    await local.control.mine({ blocks: 80 });
    const glance = await reader.glance?.(wanted);
    const after = await reader.snapshot(wanted);
    expect(after.finalizedTime).toBeGreaterThan(before.finalizedTime);
    const { finalizedTime, finalized } = before;
    expect(glance).toEqual({ ...after, finalizedTime, finalized });
    expect(glance?.risk?.answer).toBe(80n);
  });

  it("is none without the risk feed, or with another lane's snapshot alone", async () => {
    const { local, gate } = world;
    const reader = createGateReader(local.control, { gate });
    await publish(70n);
    await reader.snapshot({ lane: 0, priceFeeds: [] });
    expect(await reader.glance?.({ lane: 1, priceFeeds: [] })).toBeUndefined();
    await publish(-5n);
    await expect(reader.glance?.({ lane: 0, priceFeeds: [] })).rejects.toBeInstanceOf(
      FeedUnusableError,
    );
  });
});
