import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SignedRecordConflictError } from "../../src/errors/node.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import type { SignedTransition } from "../../src/node/signedRecord.ts";
import { createFileSignedStore } from "../../src/node/signedStore.ts";

const lane = { chainId: 1, gate: `0x${"12".repeat(20)}`, lane: 0 } as const;
const other = { ...lane, lane: 1 };
const transition = (seq: bigint): SignedTransition => ({
  ...{ epoch: 1, seq, digest: `0x${"ab".repeat(32)}`, time: 5n, deadline: 6n },
  ...{ stateOld: seq, stateNew: seq + 1n },
});

let folder: string;
let seal: SealIdentity;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-signed-"));
  seal = await SealIdentity.generate();
});
afterEach(() => rm(folder, { recursive: true }));
const open = () => createFileSignedStore(folder, seal);

describe("what a node has signed", () => {
  it("is there after a restart, by lane", async () => {
    const store = open();
    for (const seq of [0n, 1n]) await store.update(lane, (record) => [...record, transition(seq)]);
    await store.update(other, (record) => [...record, transition(9n)]);
    for (const each of [store, open()]) {
      expect(await each.read(lane)).toEqual([transition(0n), transition(1n)]);
      expect(await each.read(other)).toEqual([transition(9n)]);
    }
  });

  it("is changed one at a time, each from what the one before has written", async () => {
    const store = open();
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        store.update(lane, (record) => [...record, transition(BigInt(n))]),
      ),
    );
    expect(await open().read(lane)).toHaveLength(8);
  });

  it("is read anew once another process has written", async () => {
    const [one, two] = [open(), open()];
    await one.update(lane, () => [transition(0n)]);
    await two.update(lane, (record) => [...record, transition(1n)]);
    expect(await one.read(lane)).toEqual([transition(0n), transition(1n)]);
    await one.update(lane, (record) => [...record, transition(2n)]);
    expect(await two.read(lane)).toHaveLength(3);
  });

  it("is written by one of two processes at once, and the other does not sign", async () => {
    const [one, two] = [open(), open()];
    await one.update(lane, () => [transition(0n)]);
    await two.read(lane);
    const outcomes = await Promise.allSettled(
      [one, two].map((store) => store.update(lane, (record) => [...record, transition(1n)])),
    );
    const refused = outcomes.filter(({ status }) => status === "rejected");
    for (const each of refused) {
      expect((each as PromiseRejectedResult).reason).toBeInstanceOf(SignedRecordConflictError);
    }
    expect(await open().read(lane)).toHaveLength(1 + outcomes.length - refused.length);
  });

  it("is as it was when the change throws, or changes nothing", async () => {
    const store = open();
    await store.update(lane, () => [transition(0n)]);
    const files = await readdir(folder);
    const refusal = new Error("already signed");
    const throwing = store.update(lane, () => {
      throw refusal;
    });
    await expect(throwing).rejects.toBe(refusal);
    await store.update(lane, (record) => record);
    expect(await readdir(folder)).toEqual(files);
    expect(await store.read(lane)).toEqual([transition(0n)]);
  });
});
