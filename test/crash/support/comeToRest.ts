import { expect } from "vitest";
import { type Archive, createArchive } from "./archive.ts";
import { atRest } from "./atRest.ts";
import type { CrashWorld } from "./crashWorld.ts";
import { type Findings, verifyWorld } from "./verify.ts";

/** Lets everything come to its end, stops the service and checks everything that must hold. */
export async function comeToRest(
  world: CrashWorld,
  archive: Archive = createArchive(world.laneIds),
): Promise<Findings> {
  const journal = await world.openJournal();
  await atRest(world, journal);
  for (const service of [...world.running]) expect(await service.stop()).toBe(0);
  const findings = await verifyWorld(world, journal, archive);
  await journal.close();
  expect(findings.violations).toEqual([]);
  return findings;
}
