import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import type { RunningNode } from "./support/nodeWorld.ts";
import { createNodeWorld, type NodeWorld } from "./support/nodeWorld.ts";

let world: NodeWorld;
let nodes: RunningNode[];
beforeAll(async () => {
  world = await createNodeWorld();
  nodes = await Promise.all([1, 2, 3].map((participant) => world.startNode(participant)));
});
afterAll(() => world.close());

describe("a group of nodes", () => {
  it("signs an action that the gate executes", async () => {
    const { key, faults } = world.keyOver(nodes);
    const signer = await world.signerWith(key);
    const { gate, submitter, deployer, balance } = world;
    const before = await balance(deployer.account.address);
    const signed = await signer.sign(world.transfer(900n));
    await executeAction(submitter, { gate, signed });
    expect(await balance(deployer.account.address)).toBe(before + 900n);
    expect(faults).toEqual([]);
  });
});
