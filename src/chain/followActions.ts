import { setTimeout as sleep } from "node:timers/promises";
import { type Address, BlockNotFoundError, type Hash } from "viem";
import { getBlock } from "viem/actions";
import { ReorganizedError } from "../errors/chain.ts";
import type { ReadClient } from "./client.ts";
import { type GateEvent, gateEvents } from "./gateEvents.ts";

export interface FollowActionsParameters {
  gate: Address;
  /** First block, inclusive. */
  fromBlock: bigint;
  /** Blocks on top of an event's before it is told, so that a reorganisation cannot take it back. */
  confirmations: bigint;
  /** milliseconds between looks at the chain, 4,000 by default */
  pollingInterval?: number | undefined;
  /** Ends the stream. */
  signal?: AbortSignal | undefined;
}

/**
 * Tells each executed action of a gate, in order and once, as soon as it is confirmed. Never ends by
 * itself.
 *
 * @throws {ReorganizedError} if blocks changed that already had the confirmations
 * @throws {LogsUnavailableError} if the node does not hand the events out
 *
 * @example
 * for await (const { args } of followActions(client, { gate, fromBlock, confirmations: 12n })) {
 *   console.log(args.lane, args.seq, args.target);
 * }
 */
export async function* followActions(
  client: ReadClient,
  parameters: FollowActionsParameters,
): AsyncGenerator<GateEvent<"ActionExecuted">> {
  const { gate, confirmations, pollingInterval = 4_000, signal } = parameters;
  let next = parameters.fromBlock;
  let told: { number: bigint; hash: Hash } | undefined;
  while (!signal?.aborted) {
    const latest = await getBlock(client);
    const last = latest.number - confirmations;
    const hash = last >= next ? await hashOf(client, last) : undefined;
    if (hash !== undefined) {
      const actions: GateEvent<"ActionExecuted">[] = [];
      for await (const event of gateEvents(client, { gate, fromBlock: next, toBlock: last })) {
        if (event.eventName === "ActionExecuted") actions.push(event);
      }
      // What was read follows what was told, and did not change while it was read.
      await assertUnchanged(client, told);
      told = { number: last, hash };
      await assertUnchanged(client, told);
      yield* actions;
      next = last + 1n;
    }
    await sleep(pollingInterval, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
}

async function assertUnchanged(
  client: ReadClient,
  told: { number: bigint; hash: Hash } | undefined,
): Promise<void> {
  if (!told) return;
  const hash = await hashOf(client, told.number);
  if (hash !== told.hash) {
    throw new ReorganizedError({ block: told.number, before: told.hash, now: hash });
  }
}

/** Undefined while the chain has no such block, as in the middle of a reorganisation. */
async function hashOf(client: ReadClient, blockNumber: bigint): Promise<Hash | undefined> {
  return getBlock(client, { blockNumber }).then(
    ({ hash }) => hash,
    (error: unknown) => {
      if (error instanceof BlockNotFoundError) return undefined;
      throw error;
    },
  );
}
