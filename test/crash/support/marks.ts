import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { crashMarks } from "../../../src/agent/crashMarks.ts";
import type { RunningService } from "../../server/support/desk.ts";
import { type Archive, createArchive } from "./archive.ts";
import { atRest } from "./atRest.ts";
import { comeToRest } from "./comeToRest.ts";
import { type CrashWorld, startCrashWorld } from "./crashWorld.ts";
import { provoke } from "./provocations.ts";

/**
 * Kills the service once at every mark. On SQLite it is started again; on PostgreSQL another process takes
 * over that has waited. Then everything is held against chain, node and clients.
 */
export function describeMarks(journalKind: "sqlite" | "postgres"): void {
  vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });
  let world: CrashWorld;
  let archive: Archive;
  let standby: RunningService | undefined;

  beforeAll(async () => {
    world = await startCrashWorld({ journal: journalKind });
    archive = createArchive(world.laneIds);
  });
  afterAll(() => world?.close());

  /** Runs the process that is to die: alone, or as the one that has the lanes. */
  async function startDoomed(crashAt: string): Promise<RunningService> {
    const doomed = await world.start({ crashAt });
    expect(await standby?.stop()).toBe(standby && 0);
    standby = undefined;
    if (journalKind === "postgres") {
      await world.served();
      standby = await world.start();
    }
    return doomed;
  }

  describe("a service that is killed", () => {
    it.each(crashMarks)("at %s loses nothing and does nothing twice", async (mark) => {
      if (journalKind === "sqlite") {
        expect(await standby?.stop()).toBe(standby && 0);
        standby = undefined;
      }
      const doomed = await startDoomed(mark);
      const provoked = provoke(world, mark);
      expect(await doomed.exited).toBeNull();
      world.witness.intercept();
      standby ??= await world.start();
      const logs = await provoked;
      const journal = await world.openJournal();
      // Else the next that is to die could come to its mark by what is left of these, before it is asked anything.
      await atRest(world, journal);
      expect(logs.filter(({ method }) => method === "eth_sendTransaction").length).toBeGreaterThan(
        0,
      );
      await archive.collect(journal);
      await journal.close();
    });

    it("at all of them has come to the state that the chain is in", async () => {
      const figures = await comeToRest(world, archive);
      expect(figures.orders).toBe(world.client.logs.length);
      expect(figures.executed).toBeGreaterThan(2 * crashMarks.length);
      // What died was signed anew, and what was stranded gave its nonce up.
      expect(figures.signedAnew).toBeGreaterThan(0);
      expect(figures.expired).toBeGreaterThan(0);
    });
  });
}
