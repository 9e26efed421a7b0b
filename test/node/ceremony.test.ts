import { request } from "node:https";
import { describe, expect, it } from "vitest";
import { freePorts } from "../../src/cli/demo/freePorts.ts";
import { FrostAbortError } from "../../src/errors/frost.ts";
import {
  type Ceremony,
  createKeyGeneration,
  createRefresh,
} from "../../src/keys/frost/ceremony.ts";
import type { CeremonyResult } from "../../src/keys/frost/ceremonyParameters.ts";
import { groupKeyId } from "../../src/keys/frost/group.ts";
import { verifySchnorr } from "../../src/keys/schnorr.ts";
import { conductCeremony } from "../../src/node/conductCeremony.ts";
import { paths } from "../../src/node/paths.ts";
import { tlsIdentity } from "../../src/node/transport/tlsIdentity.ts";
import { digestOf, identityOf, nodesOf, range, signWith } from "../keys/frost/support.ts";

/** Tells a node something as node 3, whatever it is. */
async function post(port: number, text: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const tls = { ...tlsIdentity(identityOf(3)), rejectUnauthorized: false, agent: false as const };
  const sent = request({ ...tls, host: "127.0.0.1", port, path: paths.ceremony, method: "POST" });
  sent.on("response", (response) => response.resume().on("end", resolve)).on("error", reject);
  sent.end(text);
  await promise;
}

/** Runs the ceremonies of some of the participants over the network. */
async function conduct(
  ids: readonly number[],
  ceremonyOf: (id: number) => Ceremony,
  {
    present = ids,
    roundMs = () => 30_000,
    begin = async () => undefined,
    onKept = async () => undefined,
  }: {
    present?: readonly number[];
    roundMs?: (id: number) => number;
    begin?: (id: number) => Promise<void>;
    /** Before a node tells that it has finished. */
    onKept?: (id: number, ports: readonly number[]) => Promise<void>;
  } = {},
) {
  const addresses = new Map<number, { host: string; port: number; publicKey: `0x${string}` }>();
  const ports = await freePorts(ids.length);
  for (const [i, id] of ids.entries()) {
    const { publicKey } = identityOf(id);
    addresses.set(id, { host: "127.0.0.1", port: ports[i] as number, publicKey });
  }
  const kept = new Map<number, CeremonyResult>();
  const results = await Promise.allSettled(
    present.map((id) =>
      conductCeremony({
        ceremony: ceremonyOf(id),
        identity: identityOf(id),
        host: "127.0.0.1",
        port: (addresses.get(id) as { port: number }).port,
        others: new Map([...addresses].filter(([other]) => other !== id)),
        roundMs: roundMs(id),
        begin: () => begin(id),
        async keep(result) {
          kept.set(id, result);
          await onKept(
            id,
            [...addresses.values()].map(({ port }) => port),
          );
        },
      }),
    ),
  );
  return { results, kept };
}

const keyGeneration = (ids: readonly number[], threshold: number) => (self: number) =>
  createKeyGeneration({
    session: digestOf(1),
    threshold,
    self,
    nodes: nodesOf(ids),
    identity: identityOf(self),
  });

describe("a ceremony over the network", () => {
  it("makes a key of five nodes, and refreshes it without one that is lost", async () => {
    const ids = range(5);
    const { results, kept } = await conduct(ids, keyGeneration(ids, 3));
    expect(results.map(({ status }) => status)).toEqual(ids.map(() => "fulfilled"));
    const { group } = kept.get(1) as CeremonyResult;
    const signature = await signWith(group, kept, [1, 3, 5], digestOf(7));
    expect(verifySchnorr(groupKeyId(group), digestOf(7), signature)).toBe(true);

    const left = [1, 2, 4, 5];
    const refreshed = await conduct(left, (self) =>
      createRefresh(
        { session: digestOf(2), nodes: nodesOf(left), identity: identityOf(self) },
        kept.get(self) as CeremonyResult,
      ),
    );
    const { group: next } = refreshed.kept.get(2) as CeremonyResult;
    expect(groupKeyId(next)).toBe(groupKeyId(group));
    expect(next.epoch).toBe(1);
    const later = await signWith(next, refreshed.kept, [2, 4, 5], digestOf(8));
    expect(verifySchnorr(groupKeyId(next), digestOf(8), later)).toBe(true);
  });

  it("names who is not there, and keeps nothing", async () => {
    const ids = range(3);
    const { results, kept } = await conduct(ids, keyGeneration(ids, 2), {
      present: [1, 2],
      roundMs: () => 8_000,
    });
    for (const result of results) {
      const why = expect.stringMatching(/^participant 3: did not answer \(connect ECONNREFUSED /);
      const reason = { missing: [3], details: [why] };
      expect(result).toMatchObject({ status: "rejected", reason });
    }
    expect(kept.size).toBe(0);
  });

  it("says that one is there and works on another ceremony", async () => {
    const ids = range(3);
    const { results } = await conduct(ids, (id) => keyGeneration(ids, id === 3 ? 3 : 2)(id), {
      // The one in another ceremony is there for as long as the others ask.
      roundMs: (id) => (id === 3 ? 12_000 : 8_000),
    });
    const why = "it is in another ceremony: session, threshold, nodes or shares differ";
    const details = [`participant 3: did not answer (${why})`];
    expect(results.slice(0, 2)).toMatchObject([{ reason: { details } }, { reason: { details } }]);
  });

  it("hears nothing of a node that may not begin", async () => {
    const ids = range(3);
    const { results, kept } = await conduct(ids, keyGeneration(ids, 2), {
      roundMs: () => 8_000,
      begin: async (id) => {
        if (id === 3) throw new RangeError("it took part before");
      },
    });
    const absent = { status: "rejected", reason: { missing: [3], misconduct: [] } };
    expect(results).toMatchObject([absent, absent, { reason: { name: "RangeError" } }]);
    expect(kept.size).toBe(0);
  });

  it.each([
    ["another group", JSON.stringify({ threshold: 2 })],
    ["what is deeper than any group", "[".repeat(100_000) + "]".repeat(100_000)],
  ])("names who tells that it has %s", async (_, told) => {
    const ids = range(3);
    const generation = keyGeneration(ids, 2);
    const { id: ceremony } = generation(3);
    const { results } = await conduct(ids, generation, {
      roundMs: () => 5_000,
      async onKept(id, ports) {
        if (id !== 3) return;
        for (const port of ports.slice(0, 2)) {
          await post(port, `{"ceremony":"${ceremony}","round":"finished","message":${told}}`);
        }
        throw new RangeError("it has lied");
      },
    });
    const misconduct = [{ participant: 3, reason: "has another group" }];
    for (const result of results.slice(0, 2)) {
      expect(result).toMatchObject({ status: "rejected", reason: { misconduct } });
    }
  });

  it("names who deals what it has not signed", async () => {
    const ids = range(3);
    const honest = keyGeneration(ids, 2);
    const { results } = await conduct(
      ids,
      (id) => {
        const ceremony = honest(id);
        if (id !== 3) return ceremony;
        const deal = ceremony.deal.bind(ceremony);
        ceremony.deal = (received) =>
          deal(received).map((each) => ({ ...each, share: `0x${"00".repeat(31)}07` as const }));
        return ceremony;
      },
      { roundMs: () => 5_000 },
    );
    const [first] = results as [PromiseRejectedResult];
    expect(first.reason).toBeInstanceOf(FrostAbortError);
    expect(first.reason.cheaters).toEqual([3]);
  });
});
