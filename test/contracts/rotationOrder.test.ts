import { pad } from "viem";
import { beforeEach, describe, expect, it } from "vitest";
import {
  agent,
  agentKey,
  createWorld,
  impostor,
  roles,
  rotationOf,
  schedule,
  type World,
} from "./support/world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});

describe("rotations in order", () => {
  it("an older announced rotation is void once another one was executed", async () => {
    const older = await schedule(world, "rotate", [await rotationOf(world, {})]);
    const newer = await schedule(world, "rotate", [await rotationOf(world, { maxDelay: 60 })]);
    expect(await newer()).toMatchObject({ ok: true });
    expect(await older((await world.chain.now()) + 1n)).toMatchObject({
      ok: false,
      refusal: { name: "RotationOutOfOrder", args: [2, 3] },
    });
  });

  it("a rotation cannot be prepared for an epoch further on and skip one", async () => {
    const execute = await schedule(world, "rotate", [await rotationOf(world, { epoch: 3 })]);
    expect(await execute()).toMatchObject({ ok: false, refusal: { name: "RotationOutOfOrder" } });
  });
});

describe("a revoked key", () => {
  it("does not return by a rotation that was announced before", async () => {
    const execute = await schedule(world, "rotate", [await rotationOf(world, {})]);
    await world.chain.transact(roles.guardian, world.gate, "revokeAgent");
    expect(await execute()).toMatchObject({
      ok: false,
      refusal: { name: "AgentWasRevoked", args: [1, pad(agent.address).toLowerCase()] },
    });
  });

  it("is followed by another", async () => {
    await world.chain.transact(roles.guardian, world.gate, "revokeAgent");
    const next = { ...agentKey, id: pad(impostor.address) };
    const execute = await schedule(world, "rotate", [await rotationOf(world, { agent: next })]);
    expect(await execute()).toMatchObject({ ok: true });
  });
});
