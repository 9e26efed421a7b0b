import { secp256k1 } from "@noble/curves/secp256k1.js";
import { encodeFunctionData, zeroAddress } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { policyAccountAbi } from "../../src/chain/abi/policyAccount.ts";
import { executeAction } from "../../src/chain/executeAction.ts";
import { executeOperation } from "../../src/chain/executeOperation.ts";
import { executeRotation } from "../../src/chain/executeRotation.ts";
import { gateOperation } from "../../src/chain/gateOperation.ts";
import { pause } from "../../src/chain/pause.ts";
import { readGate } from "../../src/chain/readGate.ts";
import { readLane } from "../../src/chain/readLane.ts";
import { recoverState } from "../../src/chain/recoverState.ts";
import { revokeAgent } from "../../src/chain/revokeAgent.ts";
import { laneGenesis } from "../../src/chain/rotation.ts";
import { scheduleOperation } from "../../src/chain/scheduleOperation.ts";
import { scheduleRotation } from "../../src/chain/scheduleRotation.ts";
import { demoTokenAbi } from "../../src/cli/demo/abi/demoToken.ts";
import { ecdsaKey } from "../../src/keys/ecdsaKey.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import {
  CAPACITY,
  CHAIN_ID,
  createWorld,
  TIMELOCK_DELAY,
  transferPolicy,
  type World,
} from "./support/world.ts";

/** The first key was revoked, and a revoked key never returns. */
const newKey = ecdsaKey(secp256k1.utils.randomSecretKey());
const NEW_SECRET = new Uint8Array(32).fill(11);

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe("the guardian", () => {
  it("is the only account that stops the gate", async () => {
    const { gate, governor, guardian, local } = world;
    await expect(pause(governor, { gate })).rejects.toMatchObject({ reason: "NotGuardian" });
    await pause(guardian, { gate });
    expect((await readGate(local.control, { gate })).paused).toBe(true);
  });

  it("cannot start it again: that takes the timelock", async () => {
    const { gate, governor, timelock, local } = world;
    const operation = gateOperation({ gate, functionName: "unpause", args: [] });
    const { readyAt } = await scheduleOperation(governor, { timelock, operation });
    expect(readyAt).toBe((await local.now()) + TIMELOCK_DELAY);
    await expect(
      executeOperation(governor, { timelock, operation, targetAbi: policyAccountAbi }),
    ).rejects.toMatchObject({ reason: "TimelockUnexpectedOperationState" });
    await local.advance(Number(TIMELOCK_DELAY));
    await executeOperation(governor, { timelock, operation });
    expect((await readGate(local.control, { gate })).paused).toBe(false);
  });

  it("revokes the agent key at once", async () => {
    const { gate, guardian, submitter, signers, transfer } = world;
    const signed = await signers[0]?.sign(transfer(1n));
    await revokeAgent(guardian, { gate });
    if (!signed) throw new Error("nothing was signed");
    await expect(executeAction(submitter, { gate, signed })).rejects.toMatchObject({
      reason: "NoAgent",
    });
  });
});

describe("the way out", () => {
  it("is any call of the timelock, while paused too", async () => {
    const { gate, guardian, governor, timelock, token, local, balance, deployer } = world;
    await pause(guardian, { gate });
    const before = await balance(deployer.account.address);
    const data = encodeFunctionData({
      abi: demoTokenAbi,
      functionName: "transfer",
      args: [deployer.account.address, 5n],
    });
    const operation = gateOperation({
      gate,
      functionName: "governanceCall",
      args: [token, 0n, data],
    });
    await scheduleOperation(governor, { timelock, operation });
    await local.advance(Number(TIMELOCK_DELAY));
    await executeOperation(deployer, { timelock, operation });
    expect(await balance(deployer.account.address)).toBe(before + 5n);
  });

  it("is closed to anyone but the proposers", async () => {
    const { gate, submitter, timelock } = world;
    const operation = gateOperation({ gate, functionName: "unpause", args: [] });
    await expect(scheduleOperation(submitter, { timelock, operation })).rejects.toMatchObject({
      reason: "AccessControlUnauthorizedAccount",
    });
  });
});

describe("a rotation", () => {
  it("starts an epoch with a new policy and key; lanes that it does not name are dead", async () => {
    const { gate, governor, timelock, local, token, riskFeed, blockNumber } = world;
    const committed = commitPolicy(transferPolicy(token, 99n));
    const eta = (await local.now()) + TIMELOCK_DELAY + 60n;
    const opened = laneGenesis({
      chainId: CHAIN_ID,
      gate,
      lane: 0,
      epoch: 2,
      eta,
      committed,
      secret: NEW_SECRET,
      fill: "full",
    });
    const rotation = {
      epoch: 2,
      eta,
      agent: newKey.onchain,
      riskFeed,
      riskMaxAge: 86_400,
      maxDelay: 200,
      lanes: [opened.rotation],
    };
    const { operation } = await scheduleRotation(governor, { timelock, gate, rotation });
    await local.advance(Number(TIMELOCK_DELAY));
    await expect(executeRotation(governor, { timelock, operation })).rejects.toMatchObject({
      reason: "RotationTooEarly",
    });
    await local.advance(60);
    await executeRotation(governor, { timelock, operation });

    expect(await readGate(local.control, { gate })).toMatchObject({ epoch: 2, maxDelay: 200 });
    expect(await readLane(local.control, { gate, lane: 0 })).toMatchObject({
      epoch: 2,
      policy: committed.commitment,
      state: opened.rotation.state,
      lastTime: eta,
    });
    expect((await readLane(local.control, { gate, lane: 1 })).epoch).toBe(1);

    const recovered = await recoverState(local.control, {
      gate,
      lane: 0,
      committed,
      secret: NEW_SECRET,
      fromBlock: blockNumber,
    });
    expect(recovered.record.state.levels[0]).toEqual({ level: CAPACITY, last: eta });
  });

  it("may keep a lane's state", async () => {
    const { gate, governor, timelock, local, token, blockNumber } = world;
    const before = await readLane(local.control, { gate, lane: 0 });
    const committed = commitPolicy(transferPolicy(token, 100n));
    const eta = await local.now();
    const rotation = {
      epoch: (await readGate(local.control, { gate })).epoch + 1,
      eta,
      agent: newKey.onchain,
      riskFeed: zeroAddress,
      riskMaxAge: 0,
      maxDelay: 300,
      lanes: [{ lane: 0, keepState: true, policy: committed.commitment, state: 0n }],
    };
    const { operation } = await scheduleRotation(governor, { timelock, gate, rotation });
    await local.advance(Number(TIMELOCK_DELAY));
    await executeRotation(governor, { timelock, operation });
    expect(await readLane(local.control, { gate, lane: 0 })).toMatchObject({
      epoch: 3,
      state: before.state,
      lastTime: before.lastTime,
    });

    const parameters = { gate, lane: 0, committed, secret: NEW_SECRET, fromBlock: blockNumber };
    await expect(recoverState(local.control, parameters)).rejects.toThrow(
      "the state that the rotation kept is needed",
    );
  });
});
