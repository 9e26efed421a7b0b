import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import { readGate } from "../../src/chain/readGate.ts";
import { readLane } from "../../src/chain/readLane.ts";
import { CallRefusedError } from "../../src/errors/chain.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe("executing an action", () => {
  it("moves the assets and the lane", async () => {
    const { gate, submitter, signers, transfer, balance, deployer, local } = world;
    const before = await balance(deployer.account.address);
    const signed = (await signers[0]?.sign(transfer(900n))) as SignedGateCall;
    const { receipt, seq, epoch } = await executeAction(submitter, { gate, signed });
    expect({ seq, epoch, status: receipt.status }).toEqual({
      seq: 0n,
      epoch: 1,
      status: "success",
    });
    expect(await balance(deployer.account.address)).toBe(before + 900n);
    const lane = await readLane(local.control, { gate, lane: 0 });
    expect(lane).toMatchObject({
      seq: 1n,
      state: signed.proof.stateNew,
      lastTime: signed.proof.time,
    });
  });

  it("goes on from the state that the chain confirmed", async () => {
    const { gate, submitter, signers, transfer } = world;
    const signed = (await signers[0]?.sign(transfer(50n))) as SignedGateCall;
    expect((await executeAction(submitter, { gate, signed })).seq).toBe(1n);
  });

  it("names the gate's custom error and its arguments", async () => {
    const { gate, submitter, guardian, signers, transfer } = world;
    const signed = (await signers[1]?.sign(transfer(10n))) as SignedGateCall;
    const refused = await executeAction(guardian, { gate, signed }).catch((error) => error);
    expect(refused).toBeInstanceOf(CallRefusedError);
    expect(refused.reason).toBe("WrongSubmitter");
    expect(refused.args).toEqual([submitter.account.address, guardian.account.address]);

    const call = { ...signed.call, value: 1n };
    await expect(
      executeAction(submitter, { gate, signed: { ...signed, call } }),
    ).rejects.toMatchObject({ reason: "InvalidSignature" });
  });

  it("does not send what would be refused", async () => {
    const { gate, guardian, signers, transfer, local } = world;
    const signed = (await signers[1]?.sign(transfer(10n))) as SignedGateCall;
    const nonce = await local.control.getTransactionCount(guardian.account);
    await expect(executeAction(guardian, { gate, signed })).rejects.toThrow("refuses execute");
    expect(await local.control.getTransactionCount(guardian.account)).toBe(nonce);
  });
});

describe("reading a gate", () => {
  it("tells its configuration", async () => {
    const { gate, guardian, riskFeed, key, local } = world;
    expect(await readGate(local.control, { gate })).toMatchObject({
      epoch: 1,
      maxDelay: 300,
      paused: false,
      openSubmission: false,
      riskMaxAge: 86_400,
      guardian: guardian.account.address,
    });
    const { agent, riskFeed: feed } = await readGate(local.control, { gate });
    expect(agent).toEqual(key.onchain);
    expect(feed.toLowerCase()).toBe(riskFeed);
  });
});
