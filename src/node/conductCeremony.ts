import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "viem";
import { z } from "zod";
import { FrostAbortError } from "../errors/frost.ts";
import { NodeTransportError } from "../errors/node.ts";
import type { Ceremony } from "../keys/frost/ceremony.ts";
import type { CeremonyResult } from "../keys/frost/ceremonyParameters.ts";
import { nodeCrashPoint } from "../keys/frost/crashMarks.ts";
import { hexSchema } from "../keys/frost/encoding.ts";
import { parseFrostGroup } from "../keys/frost/group.ts";
import type { NodeIdentity } from "../keys/frost/identity.ts";
import { paths } from "./paths.ts";
import { createNodeClient, type NodeAddress, type NodeClient } from "./transport/nodeClient.ts";
import { listenForNodes } from "./transport/nodeServer.ts";

const rounds = ["broadcast", "echo", "deal", "finished"] as const;
type Round = (typeof rounds)[number];

/** Room for the echoes of a group of 255. */
const MAX_BYTES = 16_000_000;
const RETRY_MS = 200;
const SEND_MS = 10_000;

const messageSchema = z.strictObject({
  ceremony: hexSchema(32),
  round: z.literal(rounds),
  message: z.unknown(),
});

export interface ConductParameters {
  ceremony: Ceremony;
  identity: NodeIdentity;
  host: string;
  port: number;
  /** The other participants, by number. */
  others: ReadonlyMap<number, NodeAddress>;
  /** How long is waited for the others in each round. */
  roundMs: number;
  /**
   * Takes note, for good, that this node takes part; durable when it returns. Called before anything is said: whoever
   * says two things in one ceremony has signed both. Throws if the node took part in it before.
   */
  begin(): Promise<void>;
  /**
   * Keeps the result; durable when it returns. Called before the others are told that this node has finished, so that
   * nobody relies on a share that is not kept.
   */
  keep(result: CeremonyResult): Promise<void>;
}

/**
 * Takes part in a ceremony over the network: all participants run this at about the same time. Messages are carried over
 * TLS between pinned keys, which keeps the deals secret; what proves a lie is signed besides.
 *
 * @returns the result, once everyone has told that they have the same
 * @throws {FrostAbortError} naming who cheated or was not there; what was kept is then not confirmed
 * @throws {NodeTransportError} if this node cannot listen at its address
 */
export async function conductCeremony(parameters: ConductParameters): Promise<CeremonyResult> {
  const { ceremony, identity, host, port, others, roundMs, begin, keep } = parameters;
  const inbox = new Map<Round, Map<number, unknown>>(rounds.map((round) => [round, new Map()]));
  let wake = Promise.withResolvers<void>();
  const senderOf = (key: Hex) => [...others].find(([, { publicKey }]) => publicKey === key)?.[0];
  const server = await listenForNodes({
    identity,
    host,
    port,
    handlers: {
      [paths.ceremony]: {
        allows: (sender) => senderOf(sender) !== undefined,
        maxBytes: MAX_BYTES,
        async handle(body, sender) {
          const { round, message, ...rest } = messageSchema.parse(body);
          // Another session's, such as one that was given up: its sender is told, and tries again.
          if (rest.ceremony !== ceremony.id) return { accepted: false };
          const box = inbox.get(round) as Map<number, unknown>;
          const from = senderOf(sender) as number;
          // What was said first counts: a second message is a retry, or a lie that the echoes show.
          if (!box.has(from)) box.set(from, message);
          wake.resolve();
          return { accepted: true };
        },
      },
    },
  });
  const clients = new Map(
    [...others].map(([id, address]) => [id, createNodeClient(address, identity)]),
  );

  /** What went wrong with each of the others at last. */
  const trouble = new Map<number, string>();

  /** Tells everyone and hears everyone, or as many as there are until the time is over. */
  async function exchange(round: Round, messageTo: (id: number) => unknown) {
    const ended = Date.now() + roundMs;
    const box = inbox.get(round) as ReadonlyMap<number, unknown>;
    const deliveries = [...clients].map(([id, client]) =>
      deliver(client, { ceremony: ceremony.id, round, message: messageTo(id) }, ended, (reason) =>
        trouble.set(id, reason),
      ),
    );
    while (box.size < others.size && Date.now() < ended) {
      await Promise.race([wake.promise, sleep(RETRY_MS)]);
      wake = Promise.withResolvers<void>();
    }
    // Who is not told would name this node as missing.
    await Promise.all(deliveries);
    return box;
  }

  try {
    await begin();
    const broadcast = ceremony.broadcast();
    nodeCrashPoint("broadcast-made");
    const echo = ceremony.echo(await exchange("broadcast", () => broadcast));
    nodeCrashPoint("echo-made");
    const deals = ceremony.deal(await exchange("echo", () => echo));
    nodeCrashPoint("deals-made");
    const result = ceremony.finish(
      await exchange("deal", (id) => deals.find(({ to }) => to === id)),
    );
    nodeCrashPoint("result-made");
    await keep(result);
    nodeCrashPoint("result-kept");
    assertSame(result, await exchange("finished", () => result.group), [...others.keys()]);
    nodeCrashPoint("result-confirmed");
    return result;
  } catch (error) {
    if (!(error instanceof FrostAbortError) || error.missing.length === 0) throw error;
    const { round, misconduct, missing } = error;
    throw new FrostAbortError({ round, misconduct, missing, trouble });
  } finally {
    ceremony.abort();
    for (const client of clients.values()) client.close();
    await server.close();
  }
}

/** Sends until it arrives, since the others start when their owners do. */
async function deliver(
  client: NodeClient,
  message: unknown,
  ended: number,
  onTrouble: (reason: string) => void,
): Promise<void> {
  while (Date.now() < ended) {
    try {
      const answer = await client.send(paths.ceremony, message, SEND_MS);
      if ((answer as { accepted?: unknown } | null)?.accepted === true) {
        return onTrouble("it heard this node and said nothing");
      }
      onTrouble("it is in another ceremony: session, threshold, nodes or shares differ");
    } catch (error) {
      // Not there yet, or not there any more: the round tells who was missing.
      onTrouble(error instanceof NodeTransportError ? error.reason : "it cannot be talked to");
    }
    await sleep(RETRY_MS);
  }
}

/** Refuses a result that the others do not have. */
function assertSame(
  { group }: CeremonyResult,
  told: ReadonlyMap<number, unknown>,
  others: readonly number[],
): void {
  const expected = JSON.stringify(group);
  const isSame = (id: number) => {
    try {
      return JSON.stringify(parseFrostGroup(told.get(id))) === expected;
    } catch {
      return false;
    }
  };
  const differing = others.filter((id) => told.has(id) && !isSame(id));
  const missing = others.filter((id) => !told.has(id));
  if (differing.length + missing.length === 0) return;
  throw new FrostAbortError({
    round: "confirmation",
    misconduct: differing.map((participant) => ({ participant, reason: "has another group" })),
    missing,
  });
}
