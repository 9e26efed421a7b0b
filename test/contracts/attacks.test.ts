import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { attacks } from "./attacks.ts";
import { createWorld, type World } from "./support/world.ts";

const worlds: Record<"plain" | "risk" | "group", World | undefined> = {
  plain: undefined,
  risk: undefined,
  group: undefined,
};
let restore: (() => Promise<void>)[] = [];

beforeAll(async () => {
  worlds.plain = await createWorld();
  worlds.risk = await createWorld(undefined, { riskFeed: true });
  worlds.group = await createWorld(undefined, { byGroup: true });
});

beforeEach(async () => {
  restore = await Promise.all(
    Object.values(worlds).map((world) => (world as World).chain.snapshot()),
  );
});

afterEach(async () => {
  await Promise.all(restore.map((undo) => undo()));
});

describe.each(Object.entries(attacks))("%s", (_, group) => {
  it.each(group)("$name", async (attack) => {
    const world = attack.byGroup ? worlds.group : attack.riskFeed ? worlds.risk : worlds.plain;
    await attack.run(world as World);
  });
});

it("has a name for every attack", () => {
  const names = Object.values(attacks).flatMap((group) => group.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});
