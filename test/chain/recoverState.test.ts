import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import { recoverState } from "../../src/chain/recoverState.ts";
import { UnrecoverableLaneError } from "../../src/errors/chain.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { replaceRecord } from "../../src/state/laneStore.ts";
import { stateCommitment } from "../../src/state/state.ts";
import { createWorld, SECRET, transferPolicy, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  const { gate, submitter, signers, transfer, local } = world;
  for (const amount of [900n, 40n, 700n]) {
    await local.advance(60);
    const signed = await signers[0]?.sign(transfer(amount));
    if (signed) await executeAction(submitter, { gate, signed });
  }
});
afterAll(() => world.close());

const recover = (lane = 0, changes: Partial<Parameters<typeof recoverState>[1]> = {}) => {
  const { local, gate, lanes, blockNumber: fromBlock } = world;
  const committed = lanes[lane]?.committed ?? commitPolicy(transferPolicy(gate));
  const parameters = { gate, lane, committed, secret: SECRET, fromBlock, ...changes };
  return recoverState(local.control, parameters);
};

describe("recovering a lane's state", () => {
  it("finds the rule and the levels behind every state on-chain", async () => {
    const { record, transitions } = await recover();
    expect(transitions.map(({ seq, rule }) => [seq, rule])).toEqual([
      [0n, "large"],
      [1n, "small"],
      [2n, "large"],
    ]);
    expect(record.seq).toBe(3n);
    expect(record.state.levels.map(({ level }) => level)).toEqual([1_600n, 1n, 0n, 0n]);
  });

  it("agrees with the signer's own record once that is up to date", async () => {
    const { store, gate } = world;
    const { record } = await recover();
    const kept = await store.read({ chainId: 31_337, gate, lane: 0 });
    expect(stateCommitment(record.state)).toBe(
      stateCommitment(kept?.pending.at(-1)?.stateNew ?? { levels: [], salt: 0n }),
    );
  });

  it("lets a signer go on, once nothing forgotten can land", async () => {
    const { store, signers, gate, submitter, transfer, local } = world;
    const { record } = await recover();
    await replaceRecord(store, record);
    await expect(signers[0]?.sign(transfer(10n))).rejects.toMatchObject({ name: "LaneBusyError" });
    await local.advance(601);
    const signed = await signers[0]?.sign(transfer(10n));
    expect(signed?.seq).toBe(3n);
    if (signed) await executeAction(submitter, { gate, signed });
  });

  it("recovers a lane that never acted", async () => {
    const { record, transitions } = await recover(1);
    expect(transitions).toEqual([]);
    expect(record).toMatchObject({ seq: 0n, epoch: 1 });
  });

  it.each([
    ["another secret", { secret: new Uint8Array(32).fill(8) }, "does not open its first state"],
    [
      "another policy",
      { committed: commitPolicy(transferPolicy("0x0000000000000000000000000000000000000001")) },
      "holds another policy",
    ],
    ["a lane that no rotation named", { lane: 9 }, "no rotation ever named it"],
    ["events from too late on", { fromBlock: 10_000n }, "rotation is not among the events"],
  ])("says so for %s", async (_, changes, reason) => {
    const error = await recover(0, changes).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnrecoverableLaneError);
    expect(error.message).toContain(reason);
  });

  it("reports the action of a thief who chose his own salt", async () => {
    const { gate, submitter, lanes, transfer, signerOf } = world;
    const [, lane] = lanes;
    if (!lane) throw new Error("the world has two lanes");
    const thief = signerOf(1, lane.committed, new Uint8Array(32).fill(9));
    const { receipt } = await executeAction(submitter, {
      gate,
      signed: await thief.sign(transfer(300n)),
    });
    const error = await recover(1).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UnrecoverableLaneError);
    expect(error.message).toContain("someone else may hold the agent key");
    expect(error.details.join()).toContain(receipt.transactionHash);
  });
});
