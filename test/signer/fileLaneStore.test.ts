import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UnknownRecordFormatError } from "../../src/errors/state.ts";
import { SealIdentity, writeSealed } from "../../src/keys/sealed.ts";
import { createFileLaneStore } from "../../src/signer/fileLaneStore.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import { createSigner } from "../../src/signer/signer.ts";
import { type LaneRecord, type LaneStore, startRecord } from "../../src/state/laneStore.ts";
import { NOON } from "../support/mandate.ts";
import {
  committedTo,
  createMemoryStore,
  genesis,
  key,
  LANE,
  secret,
  transfer,
  unproven,
} from "./support/lane.ts";
import { createModelChain } from "./support/modelChain.ts";

let folder: string;
let identity: SealIdentity;
let store: LaneStore<SignedGateCall>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-lanes-"));
  identity = await SealIdentity.generate();
  store = createFileLaneStore(folder, identity);
});
afterEach(() => rm(folder, { recursive: true }));

const start = { ...LANE, epoch: 1, seq: 0n, state: genesis, quietUntil: 0n };

/** Puts a record there as it is, as an earlier or later version would. */
async function put(record: object, version: number) {
  await mkdir(folder, { recursive: true });
  const name = `${LANE.chainId}-${LANE.gate.toLowerCase()}-${LANE.lane}.${version}.age`;
  await writeSealed(join(folder, name), record, identity);
}

const signerOn = (lanes: LaneStore<SignedGateCall>, chain: ReturnType<typeof createModelChain>) =>
  createSigner({
    ...LANE,
    committed: committedTo(1_000n),
    secret,
    key,
    prover: unproven,
    reader: chain.reader,
    store: lanes,
  });

test("what was written is read, with its version", async () => {
  const first = await store.write(startRecord(start));
  expect(first.version).toBe(1);
  expect(await store.read(LANE)).toEqual(first);
  expect((await store.write({ ...first, seq: 1n })).version).toBe(2);
});

test("a process that is killed while it holds a lane does not keep it", {
  timeout: 60_000,
}, async () => {
  // As any process does it: the identity is not used by a lock.
  const module = new URL("../../src/signer/fileLaneStore.ts", import.meta.url);
  const holder = spawn(process.execPath, [
    "--input-type=module",
    "--eval",
    `import { createFileLaneStore } from ${JSON.stringify(module.href)};
     await createFileLaneStore(${JSON.stringify(folder)}).exclusive(${JSON.stringify(LANE)}, async () => {
       console.log("held");
       await new Promise((resolve) => setTimeout(resolve, 600_000));
     });`,
  ]);
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  await once(holder, "close");
  const lock = join(folder, `${LANE.chainId}-${LANE.gate.toLowerCase()}-${LANE.lane}.lock`);
  expect((await stat(lock)).isDirectory()).toBe(true);
  expect(await store.exclusive(LANE, async () => "mine")).toBe("mine");
});

describe("records of the first format", () => {
  test("without a pending transition", async () => {
    await put({ ...start, version: 7 }, 7);
    expect(await store.read(LANE)).toEqual({ ...start, version: 7, pending: [], final: [] });
  });

  test("with one, which still blocks the lane, is still handed out, and lands", async () => {
    const chain = createModelChain({
      lane: LANE,
      committed: committedTo(1_000n),
      key,
      genesis,
      startsAt: NOON,
    });
    const memory = createMemoryStore();
    await memory.write(startRecord(start));
    const signed = await signerOn(memory, chain).sign(transfer(400n));
    const { pending, final: _, ...rest } = memory.record as LaneRecord<SignedGateCall>;
    await put({ ...rest, pending: pending[0] }, 2);

    const signer = signerOn(store, chain);
    await expect(signer.sign(transfer(500n))).rejects.toMatchObject({ name: "LaneBusyError" });
    expect(await signer.sign(transfer(400n))).toEqual(signed);
    chain.mine(12n, [signed]);
    await expect(signer.sign(transfer(601n))).rejects.toMatchObject({ name: "DeniedError" });
    expect((await signer.sign(transfer(600n))).seq).toBe(1n);
    expect((await store.read(LANE))?.pending.map(({ digest }) => digest)[0]).toBe(signed.digest);
  });
});

test("a record of a later format is not guessed at", async () => {
  await put({ ...start, version: 1, format: 3, pending: [], final: [] }, 1);
  await expect(store.read(LANE)).rejects.toThrow(UnknownRecordFormatError);
});
