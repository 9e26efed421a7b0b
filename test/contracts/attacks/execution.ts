import { concatHex, type Hex, numberToHex, pad, slice } from "viem";
import { circuits } from "../../../src/action/circuits.ts";
import { signAction, submit, transferData } from "../support/action.ts";
import type { Points } from "../support/openProof.ts";
import { genesisLanes, laneOf, roles, rotationOf, schedule, type World } from "../support/world.ts";
import {
  type Attack,
  altered,
  fail,
  mustEqual,
  mustExecute,
  mustRefuse,
  refused,
  withCall,
  withProof,
} from "./expect.ts";
import { malleations, ORDER } from "./malleation.ts";

export const executionAttacks: Attack[] = [
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
