import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import { signingMarks } from "../../src/keys/frost/crashMarks.ts";
import { type GroupWorld, openGroupWorld, spawnOf } from "../node/support/groupWorld.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let world: GroupWorld;
beforeAll(async () => {
  world = await openGroupWorld();
  await Promise.all([2, 3].map((participant) => world.desk.serve(participant, spawnOf())));
});
afterAll(() => world?.close());

/** Where the node is bound to the digest that it was signing; before, its records are being written or are not. */
const recorded: readonly string[] = ["transition-recorded", "share-made", "share-sent"];

let amount = 0n;
const nextAmount = () => {
  amount += 1n;
  return amount;
};

describe("a node that is killed while it signs", () => {
  it.each(signingMarks)(
    "at %s is done without, and signs nothing twice afterwards",
    async (mark) => {
      const { desk, witness, keyOver, signerWith, shownFor, spoiled, ask } = world;
      const { gate, submitter } = desk;
      const doomed = await desk.serve(1, spawnOf(mark));
      const { key, faults } = keyOver([1, 2, 3]);
      const signed = await (await signerWith(key)).sign(desk.transfer(nextAmount()));
      expect(await doomed.exited).toBeNull();
      expect(faults.filter(({ kind }) => kind !== "absent")).toEqual([]);

      const restarted = await desk.serve(1, spawnOf());
      expect(await witness.replay(1)).toEqual([]);
      // Another digest for the sequence number, which the node may have signed.
      const rival = await shownFor(nextAmount());
      expect(rival.digest).not.toBe(signed.digest);
      const { reason = "signed" } = await ask(1, 2, rival);
      const hasRecorded = recorded.includes(mark);
      expect(hasRecorded ? ["already-signed"] : ["already-signed", "signed"]).toContain(reason);
      await executeAction(submitter, { gate, signed });

      const next = await shownFor(nextAmount());
      const [denied, badProof] = spoiled(next, gate, 2n * 10n ** 18n);
      expect(await ask(1, 2, denied)).toMatchObject({ reason: "denied" });
      expect(await ask(1, 2, badProof)).toMatchObject({ reason: "invalid-proof" });

      const beside = keyOver([1, 2]);
      const later = await (await signerWith(beside.key)).sign(desk.transfer(nextAmount()));
      await executeAction(submitter, { gate, signed: later });
      expect(beside.faults).toEqual([]);
      expect(await witness.replay(1)).toEqual([]);
      expect(witness.violations()).toEqual([]);
      await restarted.stop();
    },
  );

  it("and the witness would have seen it", () => {
    const { witness } = world;
    const share = witness.seen.find(({ answer }) => answer?.share !== undefined);
    if (!share) throw new Error("no share left a node");
    witness.seen.push(share);
    expect(witness.violations()).toHaveLength(1);
    const { request, evidence } = share.body;
    const digest = `0x${"11".repeat(32)}` as const;
    witness.seen.push({ ...share, body: { request: { ...request, digest }, evidence } });
    expect(witness.violations()).toHaveLength(2);
  });
});
