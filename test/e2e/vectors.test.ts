import { getCurveFromName } from "ffjavascript";
import { type Address, type Hex, keccak256 } from "viem";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { circuits } from "../../src/action/circuits.ts";
import { challenge, gatedActionDigest } from "../../src/action/digest.ts";
import { deployGate } from "../../src/chain/deployGate.ts";
import { deployTimelock } from "../../src/chain/deployTimelock.ts";
import { deployVerifiers } from "../../src/chain/deployVerifiers.ts";
import { executeAction } from "../../src/chain/executeAction.ts";
import { readLane } from "../../src/chain/readLane.ts";
import { createLocalChain, type LocalChain, type Sender } from "../../src/cli/demo/localChain.ts";
import { ecdsaKey } from "../../src/keys/ecdsaKey.ts";
import { createKernelProver } from "../../src/prover/kernel/kernelProver.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import { bindTransition, circuitInput, type Transition } from "../../src/witness/witness.ts";
import { CHAIN_ID, claimedTransition, GATE } from "../support/mandate.ts";
import { returningCode } from "../support/returningCode.ts";
import { snarkjsVerify } from "../support/snarkjsVerify.ts";
import { loadVectors, type Vector } from "../support/vectors.ts";

const RISK_FEED: Address = "0xfeed0000000000000000000000000000000000ff";
const NO_RISK_FEED: Address = "0x0000000000000000000000000000000000000000";
const MAX_DELAY = 300;
const ROUND = 1n;
const STOP: Hex = "0x00";

const key = ecdsaKey(new Uint8Array(32).fill(3));
const prover = createKernelProver({
  verify: false,
  onFallback: (reason) => {
    throw new Error(`the kernel does not work here: ${reason}`);
  },
});
let local: LocalChain;
let sender: Sender;
let timelock: Address;
let verifiers: { gate: Address; wide: Address };

/** Code of a feed that has one round and always answers with it. */
const feedCode = (answer: bigint, updatedAt: bigint): Hex =>
  returningCode([ROUND, answer, updatedAt, updatedAt, ROUND]);

/** The vector's transition on the deployed gate, whose address takes the place of the fixed one. */
function onGate({ policy, situation }: Vector, gate: Address): Transition {
  const placed = (text: string) =>
    text.toLowerCase().replaceAll(GATE.slice(2), gate.slice(2).toLowerCase());
  const { action } = situation;
  return claimedTransition(policy, {
    ...situation,
    action: { ...action, gate, data: placed(action.data) as Hex },
  });
}

async function sign(transition: Transition): Promise<SignedGateCall> {
  const { circuit, action, time, feeds } = transition;
  const binding = bindTransition(transition);
  const submitter = sender.account.address;
  const deadline = time + BigInt(MAX_DELAY);
  const digest = gatedActionDigest(action.chainId, action.gate, {
    circuit: circuits[circuit].id,
    contextHash: binding.contextHash,
    lane: 0,
    epoch: 1,
    seq: 0n,
    dataHash: keccak256(action.data),
    deadline,
    submitter,
    contextCommitment: binding.contextCommitment,
  });
  const proof = await prover.prove(circuit, circuitInput(transition, binding, challenge(digest)));
  expect(await snarkjsVerify(proof)).toBe(true);
  return {
    call: { target: action.target, value: action.value, data: action.data },
    proof: {
      circuit: circuits[circuit].id,
      lane: 0,
      time,
      deadline,
      submitter,
      priceFeed: feeds.priceFeed,
      priceRound: feeds.priceAnswer === 0n ? 0n : ROUND,
      riskRound: feeds.riskAnswer === 0n ? 0n : ROUND,
      stateNew: binding.context.stateNew,
      contextCommitment: binding.contextCommitment,
      points: proof.points,
    },
    signature: await key.sign(digest),
    digest,
    epoch: 1,
    seq: 0n,
  };
}

beforeAll(async () => {
  local = await createLocalChain({ chainId: CHAIN_ID, startsAt: new Date("2028-12-30T00:00:00Z") });
  sender = await local.createSender();
  ({ timelock } = await deployTimelock(sender, { minDelay: 60n, proposers: [], executors: [] }));
  verifiers = await deployVerifiers(sender);
});

afterAll(async () => {
  await prover.close();
  await local.close();
  await (await getCurveFromName("bn128")).terminate();
});

let snapshot: Hex;
beforeEach(async () => {
  snapshot = await local.control.snapshot();
  return async () => {
    await local.control.revert({ id: snapshot });
  };
});

/** A chain has one id, so that vectors for others end at the circuit. */
const executable = [...loadVectors()].map(
  ([restriction, cases]) =>
    [
      restriction,
      cases.filter(({ allowed, situation }) => allowed && situation.action.chainId === CHAIN_ID),
    ] as const,
);

describe.each(executable)("the gate executes what %s allows", (_, cases) => {
  test.each(cases)("$name", async (vector) => {
    const { time, feeds, action } = vector.situation;
    await local.control.setNextBlockTimestamp({ timestamp: time - 3n });
    await local.control.mine({ blocks: 1 });
    await local.control.setCode({ address: action.target, bytecode: STOP });
    const riskFeed = feeds.riskAnswer === 0n ? NO_RISK_FEED : RISK_FEED;
    await local.control.setCode({
      address: RISK_FEED,
      bytecode: feedCode(feeds.riskAnswer, time - 3n),
    });
    await local.control.setCode({
      address: feeds.priceFeed,
      bytecode: feedCode(feeds.priceAnswer, feeds.priceUpdatedAt),
    });

    let transition: Transition | undefined;
    const { gate } = await deployGate(sender, {
      timelock,
      verifiers,
      guardian: sender.account.address,
      submitters: [sender.account.address],
      agent: key.onchain,
      riskFeed,
      riskMaxAge: riskFeed === NO_RISK_FEED ? 0 : 86_400,
      maxDelay: MAX_DELAY,
      genesis: (moment) => {
        transition = onGate(vector, moment.gate);
        const { context } = bindTransition(transition);
        return [{ lane: 0, keepState: false, policy: context.policy, state: context.stateOld }];
      },
    });
    await local.control.setBalance({ address: gate, value: 1n << 130n });
    const signed = await sign(transition as Transition);
    const now = await local.now();
    await local.control.setNextBlockTimestamp({ timestamp: now < time ? time : now + 1n });
    await executeAction(sender, { gate, signed });
    const lane = await readLane(sender, { gate, lane: 0 });
    expect(lane).toMatchObject({ state: signed.proof.stateNew, seq: 1n, lastTime: time });
  });
});
