import { type Address, encodeFunctionData, type Hex, parseEther } from "viem";
import { executeData, signAction, submit } from "../support/action.ts";
import { decodeRefusal } from "../support/chain.ts";
import { laneOf, roles } from "../support/world.ts";
import { type Attack, mustEqual, mustExecute, mustRefuse, refused } from "./expect.ts";

export const callAttacks: Attack[] = [
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
