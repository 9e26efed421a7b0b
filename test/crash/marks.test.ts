import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Archive, createArchive } from "./support/archive.ts";
import { type CrashWorld, startCrashWorld } from "./support/crashWorld.ts";
import { verifyWorld } from "./support/verify.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let world: CrashWorld;
let archive: Archive;
beforeAll(async () => {
  world = await startCrashWorld({ journal: "sqlite" });
  archive = createArchive(world.laneIds);
});
afterAll(() => world?.close());

describe("a service that is killed", () => {
  it.each(["signature-recorded", "raw-recorded"])(
    "at %s goes on when it is started again",
    async (mark) => {
      const service = await world.start({ crashAt: mark });
      const placed = Promise.all(
        [0, 0, 1].map((lane) => world.client.place(world.order("pay", { lane }))),
      );
      expect(await service.exited).toBeNull();
      const again = await world.start();
      for (const log of await placed) await world.client.settled(log);
      expect(await again.stop()).toBe(0);
    },
  );

  it("has done everything once", async () => {
    const again = await world.start();
    for (const log of world.client.logs) await world.client.settled(log, new Set(["final"]));
    expect(await again.stop()).toBe(0);
    const journal = await world.openJournal();
    const findings = await verifyWorld(world, journal, archive);
    await journal.close();
    expect(findings.violations).toEqual([]);
  });
});
