import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  assertBound,
  assertFreeOrBound,
  bindingPath,
  bindLane,
  boundJournal,
  lanesFolder,
  rebindLane,
} from "../../src/cli/laneBinding.ts";
import { assertNotServed, handOver, takeBack, unbindLane } from "../../src/cli/servedLanes.ts";
import type { Workspace } from "../../src/cli/workspace.ts";
import { openSqliteJournal } from "../../src/journal/openSqliteJournal.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { createFileLaneStore } from "../../src/signer/fileLaneStore.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import { type LaneRecord, startRecord } from "../../src/state/laneStore.ts";
import { temporaryFolder } from "./run.ts";

const lane = {
  chainId: 31_337,
  gate: "0x00000000000000000000000000000000000000A1",
  lane: 0,
} as const;
const identity = await SealIdentity.generate();
let folder: string;
let workspace: Workspace;
beforeEach(async () => {
  folder = await temporaryFolder();
  workspace = { secrets: { folder } } as Workspace;
});

const bind = (journal: string) => bindLane(workspace, identity, lane, journal);

describe("a lane's binding", () => {
  it("is made by whoever comes first, and refuses every other journal", async () => {
    await bind("a");
    await bind("a");
    await assertBound(workspace, lane, "a");
    await expect(bind("b")).rejects.toMatchObject({ name: "LaneBoundError" });
    await expect(assertBound(workspace, lane, "b")).rejects.toMatchObject({
      details: expect.arrayContaining(["this journal: b", "journal of the lane: a"]),
    });
    await expect(assertFreeOrBound(workspace, lane, "b")).rejects.toThrow("another journal");
  });

  it("is won by one of two that come together", async () => {
    const outcomes = await Promise.allSettled(["a", "b", "c", "d"].map(bind));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it("denies where it is missing, or not what was written", async () => {
    await expect(assertBound(workspace, lane, "a")).rejects.toMatchObject({
      name: "LaneBoundError",
    });
    await bind("a");
    for (const text of ["", "{}", '{"version":1,"journal":7}', '{"version":2,"journal":"a"}']) {
      await writeFile(bindingPath(workspace, lane), text);
      await expect(assertBound(workspace, lane, "a")).rejects.toMatchObject({
        name: "KeyFileError",
      });
      await expect(bind("a")).rejects.toMatchObject({ name: "KeyFileError" });
    }
  });

  it("keeps the workspace's own commands from signing, in whatever epoch, until the lane is taken back", async () => {
    await bind("a");
    for (const epoch of [1, 2]) {
      await expect(assertNotServed(workspace, { ...lane, epoch })).rejects.toMatchObject({
        name: "LaneServedError",
      });
    }
    await unbindLane(workspace, { ...lane, epoch: 2 });
    await expect(assertBound(workspace, lane, "a")).rejects.toMatchObject({
      name: "LaneBoundError",
    });
    await expect(assertNotServed(workspace, { ...lane, epoch: 2 })).rejects.toMatchObject({
      name: "LaneServedError",
    });
    await takeBack(workspace, { ...lane, epoch: 2 });
    await assertNotServed(workspace, { ...lane, epoch: 2 });
    // The journal that it was taken from knows nothing of what is signed now.
    await expect(bind("a")).rejects.toMatchObject({ name: "LaneBoundError" });
    await rebindLane(workspace, lane, "a");
    await bind("a");
    expect(await boundJournal(workspace, lane)).toBe("a");
  });
});

describe("a lane's record", () => {
  it("is handed over once, and whoever read it before can no longer write it", async () => {
    const store = createFileLaneStore(lanesFolder(workspace), identity);
    const state = { levels: Array(4).fill({ level: 0n, last: 0n }), salt: 5n };
    await store.write(startRecord({ ...lane, epoch: 1, seq: 3n, state, quietUntil: 0n }));
    // A command that has passed its checks, and sleeps.
    const read = (await store.read(lane)) as LaneRecord<SignedGateCall>;
    const handed = await handOver(workspace, identity, { ...lane, epoch: 1 });
    expect(handed).toMatchObject({ epoch: 1, seq: 3n, pending: [] });
    await expect(store.write(read)).rejects.toMatchObject({ name: "LaneConflictError" });
    expect(await handOver(workspace, identity, { ...lane, epoch: 1 })).toBeUndefined();
  });
});

describe("a journal's name", () => {
  it("stays over a restart, and tells a copy from the original", async () => {
    const path = join(folder, "journal.db");
    const nameOf = async (file: string) => {
      const journal = await openSqliteJournal({ path: file, identity });
      await journal.close();
      return journal.name;
    };
    const name = await nameOf(path);
    expect(await nameOf(path)).toBe(name);
    await copyFile(path, join(folder, "copy.db"));
    expect(await nameOf(join(folder, "copy.db"))).not.toBe(name);
    await rm(path);
    expect(await nameOf(path)).not.toBe(name);
  });
});
