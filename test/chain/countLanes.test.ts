import { afterAll, beforeAll, expect, it } from "vitest";
import { countLanes } from "../../src/chain/countLanes.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld({ laneCount: 3 });
});
afterAll(() => world.close());

it("counts the lanes of a gate's epoch", async () => {
  expect(await countLanes(world.local.control, { gate: world.gate })).toBe(3);
});
