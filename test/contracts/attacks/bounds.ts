import { concatHex, encodeFunctionData, parseEther, slice } from "viem";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { signAction, submit } from "../support/action.ts";
import {
  genesisLanes,
  govern,
  MAX_DELAY,
  roles,
  rotationOf,
  type World,
} from "../support/world.ts";
import { type Attack, altered, mustExecute, mustRefuse, refused, withProof } from "./expect.ts";
import { feedRequest } from "./feeds.ts";

export const boundAttacks: Attack[] = [
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
