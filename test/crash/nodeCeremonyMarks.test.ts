import { randomBytes } from "node:crypto";
import { access } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type GroupDesk, openGroupDesk } from "../../src/cli/bench/groupDesk.ts";
import { adoptNext, nodeFiles, readShare } from "../../src/cli/nodeFolder.ts";
import { UsageError } from "../../src/errors/cli.ts";
import type { CeremonyResult } from "../../src/keys/frost/ceremonyParameters.ts";
import { ceremonyMarks } from "../../src/keys/frost/crashMarks.ts";
import { groupKeyId } from "../../src/keys/frost/group.ts";
import { verifySchnorr } from "../../src/keys/schnorr.ts";
import { digestOf, signWith } from "../keys/frost/support.ts";
import { spawnOf } from "../node/support/groupWorld.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

type Mark = (typeof ceremonyMarks)[number];
/** Where the others do not have everyone's confirmation, and where they have. */
const before: Mark[] = ["broadcast-made", "echo-made", "deals-made", "result-made", "result-kept"];
const after: Mark[] = ["result-confirmed", "share-replaced"];

let desk: GroupDesk;
beforeAll(async () => {
  desk = await openGroupDesk({ threshold: 2, nodes: 3, dealt: false });
});
afterAll(() => desk?.close());

/** Runs a ceremony on all nodes, of which the first dies at a mark. */
async function conduct(name: "dkg" | "refresh", mark?: Mark): Promise<(number | null)[]> {
  const session = `0x${randomBytes(32).toString("hex")}`;
  const args = [name, "--session", session, "--wait", "60"];
  const nodes = [1, 2, 3].map((id) => desk.run(id, args, spawnOf(id === 1 ? mark : undefined)));
  const first = await nodes[0]?.exited;
  // Their operators see that it is not there, and give up.
  if (first === null && before.some((each) => each === mark)) {
    await Promise.all(nodes.map((node) => node.stop()));
  }
  return Promise.all(nodes.map(({ exited }) => exited));
}

/** What all nodes have, as they would start with it. */
async function shares(): Promise<Map<number, CeremonyResult>> {
  const kept = new Map<number, CeremonyResult>();
  for (const { participant, folder, seal } of desk.members) {
    kept.set(participant, await readShare(folder, seal));
  }
  return kept;
}

/** Checks that any two of the nodes sign for one key. */
async function signs(kept: ReadonlyMap<number, CeremonyResult>, epoch: number): Promise<string> {
  const [{ group }] = [...kept.values()] as [CeremonyResult];
  for (const other of kept.values()) expect(other.group).toEqual(group);
  expect(group.epoch).toBe(epoch);
  for (const quorum of [
    [1, 2],
    [1, 3],
    [2, 3],
  ]) {
    const signature = await signWith(group, kept, quorum, digestOf(epoch));
    expect(verifySchnorr(groupKeyId(group), digestOf(epoch), signature)).toBe(true);
  }
  return groupKeyId(group);
}

describe("a node that is killed in a key generation", () => {
  it.each(before)("at %s leaves no key", async (mark) => {
    const codes = await conduct("dkg", mark);
    expect(codes[0]).toBeNull();
    for (const { folder, seal } of desk.members) {
      await expect(readShare(folder, seal)).rejects.toThrow(UsageError);
    }
  });

  it("at share-replaced has its share", async () => {
    expect(await conduct("dkg", "share-replaced")).toEqual([null, 0, 0]);
    await signs(await shares(), 0);
  });
});

describe("a node that is killed in a refresh", () => {
  let key: string;
  let epoch = 0;
  beforeAll(async () => {
    key = await signs(await shares(), 0);
  });

  it.each(before)("at %s leaves the shares that all have", async (mark) => {
    const codes = await conduct("refresh", mark);
    expect(codes[0]).toBeNull();
    expect(await signs(await shares(), 0)).toBe(key);
  });

  it.each(after)("at %s has its share, as the others have", async (mark) => {
    const codes = await conduct("refresh", mark);
    expect(codes).toEqual([null, 0, 0]);
    const { folder } = desk.members[0] as GroupDesk["members"][0];
    if (mark === "result-confirmed") {
      // It does not know that the others have finished: its operator does (docs/KEYS.md).
      await access(nodeFiles(folder).nextShare);
      await adoptNext(folder);
    }
    epoch += 1;
    expect(await signs(await shares(), epoch)).toBe(key);
  });

  it("and all of them refresh again", async () => {
    expect(await conduct("refresh")).toEqual([0, 0, 0]);
    expect(await signs(await shares(), epoch + 1)).toBe(key);
  });
});

it("those are all marks of a ceremony", () => {
  expect([...before, ...after]).toEqual(ceremonyMarks);
});
