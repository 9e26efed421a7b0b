import { setTimeout as sleep } from "node:timers/promises";
import { type Address, type Hex, isAddressEqual, keccak256, parseTransaction } from "viem";
import type { CrashMark } from "../../../src/agent/crashMarks.ts";
import type { CrashWorld } from "./crashWorld.ts";
import type { OrderLog } from "./deskClient.ts";

/** seconds that the actions are good for which are to die */
const SHORT = 60;

/** Something that makes a service pass certain marks; resolves when every order of it was answered. */
type Provocation = (world: CrashWorld) => Promise<OrderLog[]>;

/** Two payments on one lane, so that they pipeline, and one on another. */
const payments: Provocation = ({ client, order }) =>
  Promise.all([0, 0, 1].map((lane) => client.place(order("pay", { lane }))));

const denial: Provocation = ({ client, order }) =>
  Promise.all([
    client.place(order("denied", { lane: 0 })),
    client.place(order("pay", { lane: 0 })),
  ]);

/** A call that would revert; nothing is signed for it. */
const failure: Provocation = ({ client, order }) =>
  Promise.all([
    client.place(order("reverting", { lane: 1 })),
    client.place(order("pay", { lane: 1 })),
  ]);

/** A payment is signed on top of a call that its client never submits, and dies with it unsent. */
const burial: Provocation = async (world) => {
  const { client, order, keeper } = world;
  const signed = await client.place(order("sign", { lane: 0, validFor: SHORT }));
  const paid = client.place(order("pay", { lane: 0, validFor: SHORT }));
  await inFlight(world, 2);
  await keeper.outlive(SHORT + 1);
  return [signed, await paid];
};

/**
 * The node keeps a payment to itself until it can no longer land: its nonce is used up by something else. Until
 * the process is dead, or the payment would use the nonce up by being sent again too late.
 */
const stranding: Provocation = async (world) => {
  const { client, order, keeper, witness, desk } = world;
  witness.intercept(async (method, [raw], pass) => {
    const isPayment =
      method === "eth_sendRawTransaction" &&
      isAddressEqual(parseTransaction(raw as Hex).to as Address, desk.gate as Address);
    return isPayment ? keccak256(raw as Hex) : pass();
  });
  const log = await client.place(order("pay", { lane: 1, validFor: SHORT }));
  await keeper.outlive(SHORT + 1);
  return [log];
};

/** How a service is brought to each mark. */
export const provocations: Partial<Record<CrashMark, Provocation>> = {
  "denial-recorded": denial,
  "request-failed": failure,
  "request-requeued": burial,
  "replacement-recorded": stranding,
  "replacement-broadcast": stranding,
};

/** Brings a service to a mark. */
export const provoke = (world: CrashWorld, mark: CrashMark): Promise<OrderLog[]> =>
  (provocations[mark] ?? payments)(world);

/** Waits until as many actions of lane 0 are signed and have not landed. */
async function inFlight({ client }: CrashWorld, count: number): Promise<void> {
  for (;;) {
    const lanes = (await client.call("zkmandate_status"))?.result ?? [];
    const lane = lanes.find((each: { lane: number }) => each.lane === 0);
    if (lane?.inFlight >= count) return;
    await sleep(50);
  }
}
