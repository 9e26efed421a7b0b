import assert from "node:assert/strict";
import { bn254 } from "@noble/curves/bn254.js";
import {
  type Address,
  concatHex,
  encodeFunctionData,
  type Hex,
  hexToBigInt,
  numberToHex,
  pad,
  parseEther,
  slice,
  zeroAddress,
} from "viem";
import { circuits } from "../../src/action/circuits.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import {
  type ActionRequest,
  executeData,
  type SignedAction,
  signAction,
  submit,
  transferData,
} from "./support/action.ts";
import { decodeRefusal, type Outcome } from "./support/chain.ts";
import { openProof, type Points } from "./support/openProof.ts";
import {
  firstRound,
  genesisLanes,
  govern,
  impostor,
  laneOf,
  MAX_DELAY,
  RISK_MAX_AGE,
  roles,
  rotationOf,
  schedule,
  type World,
} from "./support/world.ts";

/**
 * A check of the gate: something an attacker tries, and the refusal that must come of it. The test suite runs
 * all of them on the gate, and the mutants run those that should notice their bug.
 *
 * The circuit behind the proofs accepts every statement, so every attacker here has a policy that allows
 * everything; most have the agent's key as well. What stops them is the gate.
 */
export interface Attack {
  name: string;
  /** Whether the world has a risk feed; by default not. */
  riskFeed?: boolean;
  run(world: World): Promise<void>;
}

/** A gate does something else than it must. */
export class GateDefect extends assert.AssertionError {}

function fail(message: string): never {
  throw new GateDefect({ message });
}

function describe(outcome: Outcome): string {
  return outcome.ok ? "executed" : `${outcome.refusal.name}(${outcome.refusal.args.join(", ")})`;
}

function mustExecute(outcome: Outcome): asserts outcome is Extract<Outcome, { ok: true }> {
  if (!outcome.ok) fail(`expected: executed, observed: ${describe(outcome)}`);
}

/** Requires a refusal by name, and by its first arguments where they are given. */
function mustRefuse(outcome: Outcome, error: string, ...args: readonly unknown[]): void {
  const matches =
    !outcome.ok &&
    outcome.refusal.name === error &&
    args.every((arg, i) => same(outcome.refusal.args[i], arg));
  if (!matches) fail(`expected: ${error}(${args.join(", ")}), observed: ${describe(outcome)}`);
}

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) =>
    typeof value === "string" ? value.toLowerCase() : BigInt(value as bigint);
  return plain(a) === plain(b);
}

function mustEqual(observed: unknown, expected: unknown, what: string): void {
  if (!same(observed, expected)) fail(`${what}: expected ${expected}, observed ${observed}`);
}

/** Signs a request and requires the gate's refusal of it. */
function refused(request: ActionRequest, error: string, ...args: readonly unknown[]) {
  return async (world: World) => {
    mustRefuse(await submit(world, await signAction(world, request)), error, ...args);
  };
}

/** Signs an honest action, alters what is submitted, and requires a refusal. */
function altered(
  alter: (action: SignedAction, world: World) => SignedAction,
  error: string,
  ...args: readonly unknown[]
) {
  return async (world: World) => {
    const action = await signAction(world);
    mustRefuse(await submit(world, alter(action, world)), error, ...args);
  };
}

const withCall = (change: Partial<SignedAction["call"]>) => (action: SignedAction) => ({
  ...action,
  call: { ...action.call, ...change },
});
const withProof = (change: Partial<SignedAction["proof"]>) => (action: SignedAction) => ({
  ...action,
  proof: { ...action.proof, ...change },
});

const ORDER = bn254.fields.Fp.ORDER;

/** −A, −B, C: another proof of the same statement. */
export function negated([ax, ay, bx1, bx0, by1, by0, cx, cy]: Points): Points {
  const minus = (y: bigint) => (ORDER - y) % ORDER;
  return [ax, minus(ay), bx1, bx0, minus(by1), minus(by0), cx, cy];
}

/** r·A, B/r, C: another proof of the same statement. */
export function rerandomised([ax, ay, bx1, bx0, by1, by0, cx, cy]: Points, r = 1_234_567n): Points {
  const a = bn254.G1.Point.fromAffine({ x: ax, y: ay }).multiply(r).toAffine();
  const b = bn254.G2.Point.fromAffine({ x: { c0: bx0, c1: bx1 }, y: { c0: by0, c1: by1 } })
    .multiply(bn254.fields.Fr.inv(r))
    .toAffine();
  return [a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, cx, cy];
}

const malleations = { negated, "re-randomised": rerandomised };

/** The same signature with s in the upper half, which ecrecover accepts. */
function highS(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - hexToBigInt(slice(signature, 32, 64));
  const v = slice(signature, 64) === "0x1b" ? "0x1c" : "0x1b";
  return concatHex([slice(signature, 0, 32), numberToHex(s, { size: 32 }), v]);
}

const setRound = (
  world: World,
  feed: "priceFeed" | "riskFeed",
  round: bigint,
  answer: bigint,
  at: bigint,
) => world.chain.transact(roles.deployer, world[feed], "set", [round, answer, at]);

const failFeed = (world: World, feed: "priceFeed" | "riskFeed", fault: number) =>
  world.chain.transact(roles.deployer, world[feed], "fail", [fault]);

const hideRound = (world: World, feed: "priceFeed" | "riskFeed", round: bigint) =>
  world.chain.transact(roles.deployer, world[feed], "hide", [round]);

const successorRound = firstRound.round + 1n;

/** An action that uses a feed's first round. */
const feedRequest = (world: World, feed: "priceFeed" | "riskFeed"): ActionRequest =>
  feed === "priceFeed"
    ? { priceFeed: world.priceFeed.address, priceRound: firstRound.round }
    : { riskRound: firstRound.round };

/** What both feeds must be held to. */
function feedAttacks(feed: "priceFeed" | "riskFeed"): Attack[] {
  const riskFeed = feed === "riskFeed";
  const attack = (name: string, run: Attack["run"]): Attack => ({
    name: `${feed}: ${name}`,
    riskFeed,
    run,
  });
  const submitWithFeed = async (world: World, change: ActionRequest = {}) =>
    submit(world, await signAction(world, { ...feedRequest(world, feed), ...change }));
  return [
    attack("the current round is accepted", async (world) => {
      mustExecute(await submitWithFeed(world));
    }),
    attack("a round that was current at the time is accepted after the next one", async (world) => {
      const action = await signAction(world, feedRequest(world, feed));
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      mustExecute(await submit(world, action));
    }),
    attack("a round that the next one replaced at the time is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("the calmer, older round is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer * 2n, now - 50n);
      mustRefuse(await submitWithFeed(world), "FeedRoundNotCurrent");
    }),
    attack("a round replaced before the time is refused, whatever came after it", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now - 50n);
      await setRound(world, feed, successorRound + 1n, firstRound.answer, now + 1n);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("a round without successor that is not the latest is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now - 50n);
      await setRound(world, feed, successorRound + 1n, firstRound.answer, now - 40n);
      await hideRound(world, feed, successorRound);
      mustRefuse(await submitWithFeed(world), "FeedReverted");
    }),
    attack("a round that does not exist yet is refused", async (world) => {
      const change = riskFeed ? { riskRound: successorRound } : { priceRound: successorRound };
      mustRefuse(await submitWithFeed(world, change), "FeedRoundNotCurrent");
    }),
    attack("a round of a past phase, whose aggregator goes on, is refused", async (world) => {
      const now = await world.chain.now();
      const newPhase = firstRound.round + (1n << 64n);
      await setRound(world, feed, newPhase, firstRound.answer, now - 50n);
      // Nothing after `time` replaces it within its own phase.
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedRoundNotCurrent");
    }),
    attack("a round after the time is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, firstRound.round, firstRound.answer, now);
      mustRefuse(await submitWithFeed(world, { time: now - 1n }), "FeedRoundNotYetKnown");
    }),
    attack("a latest round without a date is refused", async (world) => {
      await setRound(world, feed, firstRound.round, firstRound.answer, 0n);
      mustRefuse(await submitWithFeed(world), "FeedRoundNotYetKnown");
    }),
    ...[0n, -1n, 1n << 80n].map((answer) =>
      attack(`the answer ${answer} is refused`, async (world) => {
        const now = await world.chain.now();
        await setRound(world, feed, firstRound.round, answer, now - 10n);
        mustRefuse(
          await submitWithFeed(world),
          "FeedAnswerOutOfRange",
          world[feed].address,
          answer,
        );
      }),
    ),
    attack("the largest answer is accepted", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, firstRound.round, (1n << 80n) - 1n, now - 10n);
      mustExecute(await submitWithFeed(world));
    }),
    attack("a feed that reverts is refused", async (world) => {
      await failFeed(world, feed, 1);
      mustRefuse(await submitWithFeed(world), "FeedReverted", world[feed].address);
    }),
    attack("a feed that returns too little is refused", async (world) => {
      await failFeed(world, feed, 2);
      mustRefuse(await submitWithFeed(world), "FeedReturnedShortData", world[feed].address, 128n);
    }),
    attack("a feed that returns another round is refused", async (world) => {
      const now = await world.chain.now();
      await setRound(world, feed, successorRound, firstRound.answer, now + 1n);
      await failFeed(world, feed, 3);
      mustRefuse(await submitWithFeed(world, { time: now }), "FeedReturnedOtherRound");
    }),
    attack("the answer is the gate's reading and not the prover's claim", async (world) => {
      const claims = riskFeed ? { riskAnswer: 1n } : { priceAnswer: 1n };
      mustRefuse(await submitWithFeed(world, { claims }), "InvalidSignature");
    }),
  ];
}

const executionAttacks: Attack[] = [
  {
    name: "an honest action executes once, and the lane moves on",
    async run(world) {
      const before = await laneOf(world, 0);
      const action = await signAction(world);
      const outcome = await submit(world, action);
      mustExecute(outcome);
      const lane = await laneOf(world, 0);
      mustEqual(lane.state, action.proof.stateNew, "state");
      mustEqual(lane.policy, before.policy, "policy");
      mustEqual(lane.seq, before.seq + 1n, "seq");
      mustEqual(lane.epoch, before.epoch, "epoch");
      mustEqual(lane.lastTime, action.proof.time, "last time");
      const moved = await world.chain.read<bigint>(world.token, "balanceOf", [roles.recipient]);
      mustEqual(moved, 6n, "recipient's balance");
    },
  },
  {
    name: "digest, challenge and fingerprint are those of the specification",
    async run(world) {
      for (const circuit of [circuits.gate.id, circuits.wide.id]) {
        const action = await signAction(world, { circuit });
        const args = [action.call, action.proof];
        const [digest, z, y] = await world.chain.read<[Hex, bigint, bigint]>(
          world.gate,
          "digestOf",
          args,
        );
        mustEqual(digest, action.digest, "digest");
        mustEqual(z, action.z, "z");
        mustEqual(y, action.y, "y");
      }
    },
  },
  {
    name: "the wide circuit executes, and binds calldata past its words",
    async run(world) {
      const data = concatHex([
        "0x12345678",
        ...Array.from({ length: 40 }, (_, i) => pad(numberToHex(i + 1))),
      ]);
      const request = { circuit: circuits.wide.id, target: world.target.address, data };
      const action = await signAction(world, request);
      const lastByte = concatHex([slice(data, 0, 4 + 40 * 32 - 1), "0xff"]);
      mustRefuse(await submit(world, withCall({ data: lastByte })(action)), "InvalidSignature");
      mustExecute(await submit(world, action));
      mustEqual(await world.chain.read(world.target, "lastData"), data, "calldata");
    },
  },
  {
    name: "the same action twice is refused",
    async run(world) {
      const action = await signAction(world);
      mustExecute(await submit(world, action));
      mustRefuse(await submit(world, action), "InvalidSignature");
    },
  },
  {
    name: "an action that left the state as it was cannot be replayed",
    async run(world) {
      const { state, lastTime } = await laneOf(world, 0);
      const now = await world.chain.now();
      const time = now > lastTime ? now : lastTime;
      const action = await signAction(world, { stateNew: state, time });
      mustExecute(await submit(world, action));
      mustRefuse(await submit(world, action), "InvalidSignature");
    },
  },
  ...Object.entries(malleations).map(([name, malleate]) => ({
    name: `a ${name} proof is no second action`,
    async run(world: World) {
      const action = await signAction(world);
      const twin = withProof({ points: malleate(action.proof.points) })(action);
      // It is a valid proof: whoever may submit can use either form, once.
      mustExecute(await submit(world, twin));
      mustRefuse(await submit(world, action), "InvalidSignature");
      mustRefuse(await submit(world, twin), "InvalidSignature");
    },
  })),
  {
    name: "a stolen key cannot sign an old proof anew",
    async run(world) {
      const old = await signAction(world);
      mustExecute(await submit(world, old));
      const anew = await signAction(world);
      const stolen = withProof({ points: old.proof.points })(anew);
      mustRefuse(
        await submit(world, stolen),
        "InvalidProof",
        circuits.gate.id,
        anew.proof.contextCommitment,
      );
    },
  },
  {
    name: "a proof for another lane's twin is refused",
    async run(world) {
      const action = await signAction(world, { lane: 0 });
      mustRefuse(await submit(world, withProof({ lane: 1 })(action)), "InvalidSignature");
    },
  },
  {
    name: "a lane runs under its own policy",
    run: refused({ lane: 2, claims: { policy: 1_001n } }, "InvalidSignature"),
  },
  {
    name: "a lane runs from its own state",
    run: refused({ lane: 2, claims: { stateOld: 2_001n } }, "InvalidSignature"),
  },
  {
    name: "lanes advance independently",
    async run(world) {
      const [first, second] = [
        await signAction(world, { lane: 0 }),
        await signAction(world, { lane: 2 }),
      ];
      mustExecute(await submit(world, first));
      mustExecute(await submit(world, second));
      mustEqual((await laneOf(world, 1)).seq, 0n, "seq of the lane in between");
    },
  },
  {
    name: "a proof for another chain is refused",
    run: refused({ claims: { chainId: 1 } }, "InvalidSignature"),
  },
  {
    name: "a proof for another gate is refused",
    run: refused({ claims: { gate: roles.stranger } }, "InvalidSignature"),
  },
  {
    name: "a signature for another gate's domain is refused",
    run: refused({ claims: { verifyingContract: roles.stranger } }, "InvalidSignature"),
  },
  {
    name: "a proof for another epoch is refused",
    async run(world) {
      const lanes = genesisLanes.map((lane) => ({ ...lane, keepState: true, state: 0n }));
      const execute = await schedule(world, "rotate", [await rotationOf(world, { lanes })]);
      const ready = (await world.chain.now()) + 3_600n;
      await world.chain.setNextTimestamp(ready - 1n);
      await world.chain.provider.request({ method: "evm_mine", params: [] });
      // Policy, state, sequence number, agent and time are all the same in the next epoch.
      const action = await signAction(world);
      mustExecute(await execute(ready));
      mustEqual((await laneOf(world, 0)).epoch, 2, "epoch");
      mustRefuse(await submit(world, action), "InvalidSignature");
    },
  },
  {
    name: "a sequence number ahead is refused",
    run: refused({ claims: { seq: 1n } }, "InvalidSignature"),
  },
  {
    name: "another target is refused",
    run: altered(
      (action, world) => withCall({ target: world.target.address })(action),
      "InvalidSignature",
    ),
  },
  { name: "another value is refused", run: altered(withCall({ value: 1n }), "InvalidSignature") },
  {
    name: "other calldata is refused",
    run: altered(
      (action, world) => withCall({ data: transferData(world, roles.stranger, 5n) })(action),
      "InvalidSignature",
    ),
  },
  {
    name: "truncated calldata is refused",
    run: altered(
      (action) => withCall({ data: slice(action.call.data, 0, 67) })(action),
      "InvalidSignature",
    ),
  },
  {
    name: "calldata padded with zeros is refused",
    run: altered(
      (action) => withCall({ data: concatHex([action.call.data, "0x00"]) })(action),
      "InvalidSignature",
    ),
  },
  {
    name: "calldata padded past what the circuit reads is refused",
    async run(world) {
      const data = concatHex(["0x12345678", pad("0x01", { size: 256 })]);
      const action = await signAction(world, { target: world.target.address, data });
      mustRefuse(
        await submit(world, withCall({ data: concatHex([data, "0x01"]) })(action)),
        "InvalidSignature",
      );
    },
  },
  {
    name: "another state after the action is refused",
    run: altered(withProof({ stateNew: 77n }), "InvalidSignature"),
  },
  {
    name: "another context commitment is refused",
    run: altered(withProof({ contextCommitment: 77n }), "InvalidSignature"),
  },
  {
    name: "another circuit is refused",
    run: altered(withProof({ circuit: circuits.wide.id }), "InvalidSignature"),
  },
  {
    name: "a proof of the wrong circuit is refused",
    run: refused(
      { circuit: circuits.wide.id, provingKey: "gate" },
      "InvalidProof",
      circuits.wide.id,
    ),
  },
  ...[0, 3, 4, 255].map((circuit) => ({
    name: `circuit ${circuit}, which the gate does not have, is refused`,
    run: refused({ circuit }, "UnknownCircuit", circuit),
  })),
  ...[
    { name: "points at infinity", points: () => [0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n] as const },
    {
      name: "a point off the curve",
      points: ([ax, , ...rest]: Points) => [ax, 1n, ...rest] as unknown as Points,
    },
    {
      name: "a coordinate that is not reduced",
      points: ([ax, ...rest]: Points) => [ax + ORDER, ...rest] as unknown as Points,
    },
  ].map(({ name, points }) => ({
    name: `${name}: the proof is refused and the gas that it burns is bounded`,
    async run(world: World) {
      const action = await signAction(world);
      const forged = withProof({ points: points(action.proof.points) })(action);
      mustRefuse(await submit(world, forged), "InvalidProof");
      const block = await world.chain.client.getBlock();
      if (block.gasUsed > 330_000n) fail(`gas of a refused proof: ${block.gasUsed}`);
    },
  })),
];

const boundAttacks: Attack[] = [
  ...[1, 2, 3].map((length) => ({
    name: `calldata of ${length} bytes is refused`,
    run: async (world: World) =>
      refused(
        { target: world.target.address, data: slice("0x010203", 0, length) },
        "SelectorTruncated",
        length,
      )(world),
  })),
  {
    name: "empty calldata is a plain transfer",
    async run(world) {
      const outcome = await submit(
        world,
        await signAction(world, { target: roles.recipient, value: parseEther("1"), data: "0x" }),
      );
      mustExecute(outcome);
    },
  },
  {
    name: "calldata of 2^20 bytes is refused",
    async run(world) {
      const action = await signAction(world);
      const data = concatHex(["0x12345678", `0x${"00".repeat(2 ** 20 - 4)}`]);
      const long = encodeFunctionData({
        abi: world.gate.abi,
        functionName: "execute",
        args: [{ ...action.call, data }, action.proof, action.signature],
      });
      const outcome = await world.chain.send(
        { from: roles.submitter, to: world.gate.address, data: long, gas: 16_000_000n },
        world.gate.abi,
      );
      mustRefuse(outcome, "DataTooLong", 2 ** 20);
    },
  },
  ...[1n << 128n, (1n << 256n) - 1n].map((value) => ({
    name: `value ${value} is refused`,
    run: refused({ value }, "ValueTooLarge", value),
  })),
  ...[FIELD_ORDER, FIELD_ORDER + 2_001n, (1n << 256n) - 1n].map((stateNew) => ({
    name: `stateNew ${stateNew}, not below p, is refused`,
    run: refused({ stateNew }, "StateNotInField", stateNew),
  })),
  ...[FIELD_ORDER, FIELD_ORDER + 5n, (1n << 256n) - 1n].map((contextCommitment) => ({
    name: `c ${contextCommitment}, not below p, is refused`,
    run: refused({ contextCommitment }, "ContextCommitmentNotInField", contextCommitment),
  })),
  {
    name: "a time after the block's is refused",
    async run(world) {
      const time = (await world.chain.now()) + 10n;
      const action = await signAction(world, { time });
      mustRefuse(
        await submit(world, action, { timestamp: time - 1n }),
        "TimeInFuture",
        time,
        time - 1n,
      );
      mustExecute(await submit(world, action, { timestamp: time }));
    },
  },
  {
    name: "a time more than maxDelay ago is refused",
    async run(world) {
      const action = await signAction(world);
      const { time } = action.proof;
      const late = time + BigInt(MAX_DELAY) + 1n;
      const restore = await world.chain.snapshot();
      mustRefuse(
        await submit(world, action, { timestamp: late }),
        "TimeStale",
        time,
        MAX_DELAY,
        late,
      );
      await restore();
      mustExecute(await submit(world, action, { timestamp: late - 1n }));
    },
  },
  {
    name: "a time before the lane's last is refused, the same time is not",
    async run(world) {
      const time = await world.chain.now();
      mustExecute(await submit(world, await signAction(world, { time })));
      const backward = await signAction(world, { time: time - 1n });
      mustRefuse(await submit(world, backward), "TimeBackward", time - 1n, time);
      mustExecute(await submit(world, await signAction(world, { time })));
    },
  },
  {
    name: "a time of 2^34 is refused",
    async run(world) {
      const time = 1n << 34n;
      const action = await signAction(world, { time });
      mustRefuse(await submit(world, action, { timestamp: time }), "TimeOutOfBounds", time);
    },
  },
  {
    name: "a block past the deadline is refused",
    async run(world) {
      const now = await world.chain.now();
      const deadline = now + 20n;
      const action = await signAction(world, { deadline });
      const restore = await world.chain.snapshot();
      const late = deadline + 1n;
      mustRefuse(
        await submit(world, action, { timestamp: late }),
        "DeadlinePassed",
        deadline,
        late,
      );
      await restore();
      mustExecute(await submit(world, action, { timestamp: deadline }));
    },
  },
  {
    name: "a later deadline than the signed one is refused",
    run: altered(
      (action) => withProof({ deadline: action.proof.deadline + 1n })(action),
      "InvalidSignature",
    ),
  },
  { name: "a lane that was never named is refused", run: refused({ lane: 9 }, "UnknownLane", 9) },
  {
    name: "a lane of a past epoch is refused",
    async run(world) {
      const lanes = genesisLanes.slice(1).map((lane) => ({ ...lane, keepState: true, state: 0n }));
      mustExecute(await govern(world, "rotate", [await rotationOf(world, { lanes })]));
      mustRefuse(await submit(world, await signAction(world, { lane: 0 })), "DeadLane", 0, 1, 2);
      mustExecute(await submit(world, await signAction(world, { lane: 1 })));
    },
  },
  {
    name: "a round of a price feed that is not in use is refused",
    run: refused({ priceRound: 1n }, "RoundWithoutFeed", 1n),
  },
  {
    name: "a round of a risk feed that is not in use is refused",
    run: refused({ riskRound: 1n }, "RoundWithoutFeed", 1n),
  },
  {
    name: "a price feed without code is refused",
    run: refused({ priceFeed: roles.stranger, priceRound: 1n }, "FeedHasNoCode", roles.stranger),
  },
  {
    name: "another price feed than the proven one is refused",
    async run(world) {
      const action = await signAction(world, feedRequest(world, "priceFeed"));
      const other = withProof({ priceFeed: world.riskFeed.address })(action);
      mustRefuse(await submit(world, other), "InvalidSignature");
    },
  },
];

const riskAttacks: Attack[] = [
  {
    name: "riskFeed: an answer below the latest is refused",
    riskFeed: true,
    async run(world) {
      const action = await signAction(world, { riskRound: firstRound.round });
      const now = await world.chain.now();
      await setRound(world, "riskFeed", successorRound, firstRound.answer + 1n, now + 1n);
      mustRefuse(
        await submit(world, action),
        "RiskAnswerBelowLatest",
        firstRound.answer,
        firstRound.answer + 1n,
      );
    },
  },
  {
    name: "riskFeed: a latest answer that makes no sense is refused",
    riskFeed: true,
    async run(world) {
      const action = await signAction(world, { riskRound: firstRound.round });
      const now = await world.chain.now();
      await setRound(world, "riskFeed", successorRound, -1n, now + 1n);
      mustRefuse(await submit(world, action), "FeedAnswerOutOfRange", world.riskFeed.address, -1n);
    },
  },
  {
    name: "riskFeed: an answer older than the maximum age is refused",
    riskFeed: true,
    async run(world) {
      const updatedAt = (await world.chain.now()) - 10n;
      await setRound(world, "riskFeed", firstRound.round, firstRound.answer, updatedAt);
      const last = updatedAt + BigInt(RISK_MAX_AGE);
      const action = await signAction(world, {
        riskRound: firstRound.round,
        time: last - 5n,
        deadline: last + 5n,
      });
      const restore = await world.chain.snapshot();
      mustRefuse(
        await submit(world, action, { timestamp: last + 1n }),
        "RiskAnswerStale",
        updatedAt,
      );
      await restore();
      mustExecute(await submit(world, action, { timestamp: last }));
    },
  },
  {
    name: "riskFeed: naming no round is refused",
    riskFeed: true,
    run: refused({ riskRound: 0n }, "FeedReverted"),
  },
];

const authorityAttacks: Attack[] = [
  {
    name: "a front-run from another sender is refused",
    async run(world) {
      const outcome = await submit(world, await signAction(world), { from: roles.stranger });
      mustRefuse(outcome, "WrongSubmitter", roles.submitter, roles.stranger);
    },
  },
  {
    name: "a submitter that is not on the list is refused, even if the agent's key names it",
    async run(world) {
      const action = await signAction(world, { submitter: roles.stranger });
      mustRefuse(
        await submit(world, action, { from: roles.stranger }),
        "SubmitterNotAllowed",
        roles.stranger,
      );
    },
  },
  {
    name: "a submitter that governance removed is refused",
    async run(world) {
      mustExecute(await submit(world, await signAction(world)));
      mustExecute(await govern(world, "setSubmitter", [roles.submitter, false]));
      mustRefuse(
        await submit(world, await signAction(world)),
        "SubmitterNotAllowed",
        roles.submitter,
      );
      mustExecute(await govern(world, "setSubmitter", [roles.submitter, true]));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
  {
    name: "every submitter on the list may submit",
    async run(world) {
      const from = roles.stranger;
      mustExecute(await govern(world, "setSubmitter", [from, true]));
      mustExecute(await submit(world, await signAction(world, { submitter: from }), { from }));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
  {
    name: "another submitter than the signed one is refused",
    async run(world) {
      // Both are on the list.
      const action = await signAction(world, { submitter: world.target.address });
      const other = withProof({ submitter: roles.submitter })(action);
      mustRefuse(await submit(world, other), "InvalidSignature");
    },
  },
  {
    name: "an action for anyone is refused unless governance allows that",
    async run(world) {
      const request = { submitter: zeroAddress } as const;
      const closed = await signAction(world, request);
      mustRefuse(await submit(world, closed, { from: roles.stranger }), "OpenSubmissionNotAllowed");
      mustExecute(await govern(world, "setOpenSubmission", [true]));
      const open = await signAction(world, request);
      mustExecute(await submit(world, open, { from: roles.stranger }));
    },
  },
  {
    name: "an impostor's signature is refused",
    run: refused({ signer: impostor }, "InvalidSignature", impostor.address),
  },
  {
    name: "a signature with high s is refused",
    run: altered(
      (action) => ({ ...action, signature: highS(action.signature) }),
      "InvalidSignature",
    ),
  },
  ...(["0x", `0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`, `0x${"11".repeat(64)}`] as const).map(
    (signature) => ({
      name: `the signature ${signature.slice(0, 6)}… of ${(signature.length - 2) / 2} bytes is refused`,
      run: altered((action) => ({ ...action, signature }), "InvalidSignature", zeroAddress),
    }),
  ),
  {
    name: "a revoked agent key is refused",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "revokeAgent"));
      mustRefuse(await submit(world, await signAction(world)), "NoAgent", 0);
    },
  },
  {
    name: "a signature that recovers to nobody is refused where the key is revoked",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "revokeAgent"));
      const action = await signAction(world);
      mustRefuse(
        await submit(world, { ...action, signature: `0x${"00".repeat(65)}` }),
        "NoAgent",
        0,
      );
    },
  },
  {
    name: "nothing executes while paused",
    async run(world) {
      mustExecute(await world.chain.transact(roles.guardian, world.gate, "pause"));
      mustRefuse(await submit(world, await signAction(world)), "GatePaused");
      mustExecute(await govern(world, "unpause", []));
      mustExecute(await submit(world, await signAction(world)));
    },
  },
];

const callAttacks: Attack[] = [
  {
    name: "the gate calls itself neither with calldata nor without",
    async run(world) {
      const { address, abi } = world.gate;
      const data = encodeFunctionData({ abi, functionName: "pause" });
      await refused({ target: address, data }, "SelfCall")(world);
      await refused({ target: address, data: "0x", value: 1n }, "SelfCall")(world);
    },
  },
  {
    name: "calldata for an address without code is refused",
    run: refused({ target: roles.stranger, data: "0x12345678" }, "TargetHasNoCode", roles.stranger),
  },
  {
    name: "a call that fails reverts everything, and says why",
    async run(world) {
      const before = await laneOf(world, 0);
      const data = encodeFunctionData({
        abi: world.target.abi,
        functionName: "refuse",
        args: [42n],
      });
      const action = await signAction(world, { target: world.target.address, data });
      const outcome = await submit(world, action);
      mustRefuse(outcome, "CallFailed");
      if (!outcome.ok) {
        const reason = decodeRefusal(outcome.refusal.args[0] as Hex, world.target.abi);
        mustEqual(reason.name, "Refused", "reason");
        mustEqual(reason.args[0], 42n, "reason's value");
      }
      const after = await laneOf(world, 0);
      mustEqual(after.seq, before.seq, "seq");
      mustEqual(after.state, before.state, "state");
    },
  },
  {
    name: "more ETH than the gate has reverts everything",
    async run(world) {
      await refused(
        { target: roles.recipient, data: "0x", value: parseEther("11") },
        "CallFailed",
      )(world);
      mustEqual((await laneOf(world, 0)).seq, 0n, "seq");
    },
  },
  {
    name: "the target is called and not delegated to, with the value and the calldata that were proven",
    async run(world) {
      const request = { target: world.target.address, value: 3n, data: "0x1234567890" } as const;
      mustExecute(await submit(world, await signAction(world, request)));
      mustEqual(await world.chain.read(world.target, "calls"), 1n, "calls");
      mustEqual(await world.chain.read(world.target, "lastSender"), world.gate.address, "sender");
      mustEqual(await world.chain.read(world.target, "lastValue"), 3n, "value");
      mustEqual(await world.chain.read(world.target, "lastData"), request.data, "calldata");
    },
  },
  {
    name: "the target cannot enter again on another lane",
    async run(world) {
      const submitter: Address = world.target.address;
      const time = await world.chain.now();
      const inner = await signAction(world, { lane: 1, submitter, time });
      const data = encodeFunctionData({
        abi: world.target.abi,
        functionName: "reenter",
        args: [executeData(world, inner)],
      });
      const outer = await signAction(world, { target: world.target.address, data, time });
      const outcome = await submit(world, outer);
      mustRefuse(outcome, "CallFailed");
      if (outcome.ok) return;
      const reentered = decodeRefusal(outcome.refusal.args[0] as Hex, world.target.abi);
      const reason = decodeRefusal(reentered.args[1] as Hex, world.gate.abi);
      mustEqual(reason.name, "ReentrancyGuardReentrantCall", "reason");
    },
  },
];

/** Asks the verifier itself. */
async function verdict(world: World, points: Points, signals: readonly bigint[]): Promise<boolean> {
  return world.chain.read<boolean>(world.verifiers.gate, "verifyProof", [points, ...signals]);
}

const verifierAttacks: Attack[] = [
  {
    name: "verifier: a valid proof is accepted, in all its forms",
    async run(world) {
      const signals = [1n, 2n, FIELD_ORDER - 1n] as const;
      const points = await openProof("gate", signals);
      for (const form of [points, negated(points), rerandomised(points)]) {
        mustEqual(await verdict(world, form, signals), true, "verdict");
      }
    },
  },
  {
    name: "verifier: other public signals are refused",
    async run(world) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      for (const signals of [
        [2n, 2n, 3n],
        [1n, 3n, 3n],
        [1n, 2n, 4n],
        [3n, 2n, 1n],
      ]) {
        mustEqual(await verdict(world, points, signals), false, "verdict");
      }
    },
  },
  ...["c", "z", "y"].map((signal, i) => ({
    name: `verifier: ${signal} + p is no alias of ${signal}`,
    async run(world: World) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      const alias = [1n, 2n, 3n].map((value, k) => (k === i ? value + FIELD_ORDER : value));
      mustEqual(await verdict(world, points, alias), false, "verdict");
    },
  })),
  {
    name: "verifier: a proof of another key is refused",
    async run(world) {
      const points = await openProof("wide", [1n, 2n, 3n]);
      mustEqual(await verdict(world, points, [1n, 2n, 3n]), false, "verdict");
    },
  },
  {
    name: "verifier: malformed coordinates are false and no revert",
    async run(world) {
      const points = await openProof("gate", [1n, 2n, 3n]);
      for (const [i, point] of points.entries()) {
        for (const value of [point + 1n, point + ORDER, 0n, (1n << 256n) - 1n]) {
          const malformed = points.map((other, k) => (k === i ? value : other));
          mustEqual(
            await verdict(world, malformed as unknown as Points, [1n, 2n, 3n]),
            false,
            "verdict",
          );
        }
      }
    },
  },
];

/** Every check, in groups as the test suite shows them. */
export const attacks = {
  execution: executionAttacks,
  bounds: boundAttacks,
  "price feed": feedAttacks("priceFeed"),
  "risk feed": [...feedAttacks("riskFeed"), ...riskAttacks],
  authority: authorityAttacks,
  call: callAttacks,
  verifier: verifierAttacks,
} satisfies Record<string, Attack[]>;
