import { copyFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { formatCheckpoint } from "../../src/audit/checkpoint.ts";
import { createArchive } from "./support/archive.ts";
import { type CrashWorld, startCrashWorld } from "./support/crashWorld.ts";
import { verifyWorld } from "./support/verify.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let world: CrashWorld;
beforeAll(async () => {
  world = await startCrashWorld({ journal: "sqlite", lanes: 1 });
});
afterAll(() => world?.close());

it("the checks notice a journal that was taken back behind the service's back", async () => {
  const { client, order, desk } = world;
  const path = join(desk.folder, "journal.sqlite");
  const archive = createArchive(world.laneIds);
  const final = new Set(["final"]);

  const first = await world.start();
  await client.settled(await client.place(order("pay")), final);
  expect(await first.stop()).toBe(0);
  await copyFile(path, `${path}.old`);

  const second = await world.start();
  const forgotten = await client.place(order("sign", { validFor: 300 }));
  // However long the service takes to start, what was forgotten can still land.
  world.keeper.pause();
  const journal = await world.openJournal();
  await archive.collect(journal);
  await journal.close();
  await second.stop("SIGKILL");
  for (const suffix of ["", "-wal", "-shm"]) await rm(`${path}${suffix}`, { force: true });
  await copyFile(`${path}.old`, path);
  // The service itself would notice, by the mark that it left in the workspace.
  await expect(world.start()).rejects.toThrow("JournalSetBackError");
  await rm(join(desk.folder, "secrets", "lanes", await markIn(desk.folder)));

  const third = await world.start();
  world.keeper.resume();
  await client.settled(await client.place(order("pay")), final);
  expect(await third.stop()).toBe(0);
  const restored = await world.openJournal();
  const { violations } = await verifyWorld(world, restored, archive);
  await restored.close();
  expect(forgotten.signed).toHaveLength(1);
  for (const noticed of [/was signed while .* could land/, /was lost/, /audit log: entry \d+/]) {
    expect(violations).toContainEqual(expect.stringMatching(noticed));
  }
});

it("a service ends when its journal no longer holds what the workspace knows that it held", async () => {
  const service = await world.start();
  const folder = join(world.desk.folder, "secrets", "lanes");
  // As another copy of the journal, further on, would leave it.
  const text = formatCheckpoint({ index: 1_000_000, hash: `0x${"11".repeat(32)}` });
  await writeFile(join(folder, await markIn(world.desk.folder)), `${text}\n`);
  expect(await service.exited).toBe(5);
  await expect(world.start()).rejects.toThrow("JournalSetBackError");
});

async function markIn(folder: string): Promise<string> {
  const files = await readdir(join(folder, "secrets", "lanes"));
  return files.find((file) => file.endsWith(".checkpoint")) as string;
}
