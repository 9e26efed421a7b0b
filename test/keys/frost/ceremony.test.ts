import { secp256k1 } from "@noble/curves/secp256k1.js";
import { describe, expect, it } from "vitest";
import {
  FrostAbortError,
  FrostOrderError,
  InvalidFrostDataError,
} from "../../../src/errors/frost.ts";
import { createKeyGeneration } from "../../../src/keys/frost/ceremony.ts";
import {
  type Broadcast,
  type Deal,
  type Echo,
  signBroadcast,
  signDeal,
  signEcho,
} from "../../../src/keys/frost/ceremonyMessages.ts";
import type { CeremonyResult } from "../../../src/keys/frost/ceremonyParameters.ts";
import { splitKey } from "../../../src/keys/frost/dealer.ts";
import { decodeScalar, encodePoint, encodeScalar } from "../../../src/keys/frost/encoding.ts";
import { groupKeyId, verifyingShare } from "../../../src/keys/frost/group.ts";
import { verifySchnorr } from "../../../src/keys/schnorr.ts";
import {
  digestOf,
  drop,
  identityOf,
  keyGeneration,
  type Network,
  nodesOf,
  range,
  refresh,
  results,
  runCeremony,
  signWith,
} from "./support.ts";

const { Point } = secp256k1;
const { Fn } = Point;

/** What the honest nodes say about a ceremony in which one node cheats. */
function verdicts(outcome: ReturnType<typeof runCeremony>, cheater: number) {
  return [...outcome]
    .filter(([id]) => id !== cheater)
    .map(([, result]) => {
      expect(result).toBeInstanceOf(FrostAbortError);
      return result as FrostAbortError;
    });
}

describe("key generation", () => {
  it.each([
    [2, 2],
    [2, 3],
    [3, 5],
  ])("%d of %d: one key that a gate takes, shares that fit it, any quorum signs", async (t, n) => {
    const members = results(runCeremony(keyGeneration(range(n), t)));
    const [{ group }] = [...members.values()] as [CeremonyResult];
    for (const [id, { group: other, share }] of members) {
      expect(other).toEqual(group);
      expect(encodePoint(Point.BASE.multiply(share.scalar()))).toBe(verifyingShare(group, id));
    }
    expect(group).toMatchObject({ threshold: t, participants: range(n), epoch: 0 });
    for (const ids of [range(t), range(n).slice(-t), range(n)]) {
      const signature = await signWith(group, members, ids, digestOf(7));
      expect(verifySchnorr(groupKeyId(group), digestOf(7), signature)).toBe(true);
    }
  });

  it("makes odd keys even: keys of both parities come out of the polynomials", () => {
    const parities = new Set<boolean>();
    for (let i = 0; parities.size < 2 && i < 64; i++) {
      const ceremonies = keyGeneration([1, 2], 2, digestOf(i));
      const constants: InstanceType<typeof Point>[] = [];
      const outcome = runCeremony(ceremonies, {
        broadcast: (message) => {
          constants.push(Point.fromHex((message as Broadcast).commitments[0]?.slice(2) as string));
          return message;
        },
      });
      const sum = constants.reduce((a, b) => a.add(b));
      parities.add(sum.toAffine().y % 2n === 0n);
      const [{ group }] = [...results(outcome).values()] as [CeremonyResult];
      expect(BigInt(groupKeyId(group))).toBe(sum.toAffine().x);
      expect(group.commitments[0]?.slice(0, 4)).toBe("0x02");
    }
    expect(parities.size).toBe(2);
  });

  it("is one of its session: what was said in another one is refused", () => {
    const other = keyGeneration(range(3), 2, digestOf(99));
    const old = other.get(2)?.broadcast();
    const outcome = runCeremony(keyGeneration(range(3), 2), {
      broadcast: (message, from) => (from === 2 ? old : message),
    });
    for (const { cheaters } of verdicts(outcome, 2)) expect(cheaters).toEqual([2]);
  });

  it("takes each step once and in order", () => {
    const [ceremony] = [...keyGeneration([1, 2], 2).values()];
    expect(() => ceremony?.deal(new Map())).toThrow(FrostOrderError);
    ceremony?.broadcast();
    expect(() => ceremony?.broadcast()).toThrow(FrostOrderError);
    ceremony?.abort();
    expect(() => ceremony?.echo(new Map())).toThrow(FrostOrderError);
  });

  it("refuses parameters that do not fit", () => {
    const good = {
      session: digestOf(1),
      threshold: 2,
      self: 1,
      nodes: nodesOf([1, 2, 3]),
      identity: identityOf(1),
    };
    for (const change of [
      { session: "0x01" as const },
      { threshold: 1 },
      { threshold: 4 },
      { threshold: 2.5 },
      { self: 2 },
      { self: 4 },
      { nodes: nodesOf([1]) },
      { nodes: { ...nodesOf([1, 2]), 3: identityOf(1).publicKey } },
      { nodes: { ...nodesOf([1, 2]), 0: identityOf(9).publicKey } },
      { nodes: { ...nodesOf([1, 2]), 70000: identityOf(9).publicKey } },
    ]) {
      expect(() => createKeyGeneration({ ...good, ...change })).toThrow(InvalidFrostDataError);
    }
    expect(createKeyGeneration(good).id).toMatch(/^0x/);
  });
});

const CHEATER = 2;
const by =
  <T>(change: (message: T, to: number) => unknown) =>
  (message: unknown, from: number, to: number) =>
    from === CHEATER ? change(message as T, to) : message;
const identity = identityOf(CHEATER);
const resigned = (message: Broadcast) => signBroadcast(identity, message);
const otherPoint = encodePoint(Point.BASE.multiply(5n));

/** Everything that a participant can do wrong, with the round in which it is found. */
const cheats: Record<string, { network: Network; seenBy?: readonly number[] }> = {
  "sends no broadcast's form": { network: { broadcast: by(() => ({ hello: 1 })) } },
  "sends null": { network: { broadcast: by(() => null) } },
  "adds a field": { network: { broadcast: by<Broadcast>((m) => ({ ...m, extra: 1 })) } },
  "writes a point in upper case": {
    network: {
      broadcast: by<Broadcast>((m) => ({
        ...m,
        commitments: m.commitments.map((c) => `0x${c.slice(2).toUpperCase()}`),
      })),
    },
  },
  "commits to what is no point": {
    network: {
      broadcast: by<Broadcast>((m) =>
        resigned({ ...m, commitments: [`0x02${"00".repeat(31)}05`, ...m.commitments.slice(1)] }),
      ),
    },
  },
  "commits to too many coefficients": {
    network: {
      broadcast: by<Broadcast>((m) =>
        resigned({ ...m, commitments: [...m.commitments, otherPoint] }),
      ),
    },
  },
  "commits to too few coefficients": {
    network: {
      broadcast: by<Broadcast>((m) => resigned({ ...m, commitments: m.commitments.slice(0, 1) })),
    },
  },
  "takes another's constant": {
    network: {
      broadcast: by<Broadcast>((m) =>
        resigned({ ...m, commitments: [otherPoint, ...m.commitments.slice(1)] }),
      ),
    },
  },
  "proves with a scalar out of range": {
    network: {
      broadcast: by<Broadcast>((m) =>
        resigned({
          ...m,
          proof: { commitment: m.proof?.commitment as never, response: `0x${"ff".repeat(32)}` },
        }),
      ),
    },
  },
  "proves nothing": {
    network: { broadcast: by<Broadcast>(({ proof, ...m }) => resigned(m as Broadcast)) },
  },
  "speaks for another": { network: { broadcast: by<Broadcast>((m) => ({ ...m, from: 1 })) } },
  "does not sign": {
    network: { broadcast: by<Broadcast>((m) => ({ ...m, signature: `0x${"00".repeat(64)}` })) },
  },
  "tells two nodes different things": {
    network: {
      // Both broadcasts are well-formed and signed; the proof covers the constant alone.
      broadcast: by<Broadcast>((m, to) =>
        to === 1 ? resigned({ ...m, commitments: [m.commitments[0] as never, otherPoint] }) : m,
      ),
    },
  },
  "claims to have heard what was not said": {
    network: {
      echo: by<Echo>((m) =>
        signEcho(identity, {
          ...m,
          broadcasts: m.broadcasts.map((b) =>
            b.from === 1 ? { ...b, commitments: [b.commitments[0] as never, otherPoint] } : b,
          ),
        }),
      ),
    },
  },
  "leaves a broadcast out of its echo": {
    network: {
      echo: by<Echo>((m) => signEcho(identity, { ...m, broadcasts: m.broadcasts.slice(1) })),
    },
  },
  "echoes garbage": {
    network: {
      echo: by<Echo>(
        (m) =>
          signEcho(identity, { ...m, broadcasts: m.broadcasts }) && { ...m, broadcasts: [1, 2, 3] },
      ),
    },
  },
  "does not sign its echo": {
    network: { echo: by<Echo>((m) => ({ ...m, signature: `0x${"11".repeat(64)}` })) },
  },
  "deals a wrong share to one": {
    network: {
      deal: by<Deal>((m, to) =>
        to === 3
          ? signDeal(identity, { ...m, share: encodeScalar(Fn.add(decodeScalar(m.share), 1n)) })
          : m,
      ),
    },
    seenBy: [3],
  },
  "deals 0": {
    network: { deal: by<Deal>((m) => signDeal(identity, { ...m, share: encodeScalar(0n) })) },
  },
  "deals another's share": {
    network: { deal: by<Deal>((m) => signDeal(identity, { ...m, to: m.to === 1 ? 3 : 1 })) },
  },
  "deals a share out of range": {
    network: { deal: by<Deal>((m) => ({ ...m, share: `0x${"ff".repeat(32)}` })) },
  },
  "does not sign its deal": {
    network: { deal: by<Deal>((m) => ({ ...m, signature: `0x${"22".repeat(64)}` })) },
  },
};

describe("a cheater is named, by every node that its lie reaches", () => {
  it.each(Object.entries(cheats))("who %s", (_, { network, seenBy = [1, 3] }) => {
    const outcome = runCeremony(keyGeneration(range(3), 2), network);
    for (const id of seenBy) {
      const verdict = outcome.get(id);
      expect(verdict).toBeInstanceOf(FrostAbortError);
      expect((verdict as FrostAbortError).cheaters).toEqual([CHEATER]);
    }
  });

  it("two cheaters are both named", () => {
    const outcome = runCeremony(keyGeneration(range(4), 2), {
      broadcast: (message, from) => (from === 2 || from === 4 ? { from } : message),
    });
    for (const id of [1, 3]) {
      expect((outcome.get(id) as FrostAbortError).cheaters).toEqual([2, 4]);
    }
  });

  it.each(["broadcast", "echo", "deal"] as const)(
    "who sends no %s is missing, and no cheater",
    (step) => {
      const network = { [step]: (m: unknown, from: number) => (from === CHEATER ? drop() : m) };
      const outcome = runCeremony(keyGeneration(range(3), 2), network);
      for (const { cheaters, missing } of verdicts(outcome, CHEATER)) {
        expect(cheaters).toEqual([]);
        expect(missing).toEqual([CHEATER]);
      }
    },
  );

  it("a wrong deal convinces those who did not get it; a right one, or a made-up one, does not", () => {
    const ceremonies = keyGeneration(range(3), 2);
    const shown: Record<"right" | "wrong", Deal[]> = { right: [], wrong: [] };
    runCeremony(ceremonies, {
      deal: (message, from, to) => {
        const deal = message as Deal;
        if (from !== CHEATER || to !== 3) {
          shown.right.push(deal);
          return deal;
        }
        const wrong = signDeal(identity, { ...deal, share: encodeScalar(1n) });
        shown.wrong.push(wrong);
        return wrong;
      },
    });
    const judge = ceremonies.get(1);
    expect(shown.wrong.map((deal) => judge?.provesCheating(deal))).toEqual([true]);
    expect(shown.right.some((deal) => judge?.provesCheating(deal))).toBe(false);
    const [wrong] = shown.wrong as [Deal];
    expect(judge?.provesCheating({ ...wrong, share: encodeScalar(2n) })).toBe(false);
    expect(judge?.provesCheating({ ...wrong, from: 3 })).toBe(false);
    expect(judge?.provesCheating(signDeal(identityOf(3), wrong))).toBe(false);
    expect(judge?.provesCheating("garbage")).toBe(false);
  });
});

describe("refresh", () => {
  const dealt = () => {
    const { group, shares } = splitKey(Fn.toBytes(0xabcdefn), {
      threshold: 2,
      participants: range(3),
    });
    return new Map(shares.map((share) => [share.participant, { group, share }]));
  };

  it("gives new shares of the same key, with which any quorum signs", async () => {
    const before = dealt();
    const after = results(runCeremony(refresh(range(3), before)));
    for (const [id, { group, share }] of after) {
      const old = before.get(id) as CeremonyResult;
      expect(groupKeyId(group)).toBe(groupKeyId(old.group));
      expect(group.epoch).toBe(1);
      expect(share.scalar()).not.toBe(old.share.scalar());
      expect(verifyingShare(group, id)).not.toBe(verifyingShare(old.group, id));
    }
    const [{ group }] = [...after.values()] as [CeremonyResult];
    for (const ids of [
      [1, 2],
      [1, 3],
      [2, 3],
    ]) {
      const signature = await signWith(group, after, ids, digestOf(3));
      expect(verifySchnorr(groupKeyId(group), digestOf(3), signature)).toBe(true);
    }
  });

  it("makes old shares useless: an old and a new one interpolate to another key", () => {
    const before = dealt();
    const after = results(runCeremony(refresh(range(3), before)));
    const interpolate = (a: bigint, b: bigint) => Fn.sub(Fn.mul(2n, a), b);
    const scalar = (of: ReadonlyMap<number, CeremonyResult>, id: number) =>
      (of.get(id) as CeremonyResult).share.scalar();
    const key = (secret: bigint) => Point.BASE.multiply(secret).toAffine().x;
    const id = BigInt(groupKeyId((before.get(1) as CeremonyResult).group));
    expect(key(interpolate(scalar(before, 1), scalar(before, 2)))).toBe(id);
    expect(key(interpolate(scalar(after, 1), scalar(after, 2)))).toBe(id);
    expect(key(interpolate(scalar(before, 1), scalar(after, 2)))).not.toBe(id);
    expect(key(interpolate(scalar(after, 1), scalar(before, 2)))).not.toBe(id);
  });

  it("leaves a lost node out: the others go on, its share fits no more", async () => {
    const before = dealt();
    const after = results(runCeremony(refresh([1, 3], before)));
    const [{ group }] = [...after.values()] as [CeremonyResult];
    expect(group.participants).toEqual([1, 3]);
    const signature = await signWith(group, after, [1, 3], digestOf(4));
    expect(verifySchnorr(groupKeyId(group), digestOf(4), signature)).toBe(true);
  });

  it("names who would move the key: a proof, a constant, a wrong share", () => {
    const constant = (m: Broadcast) =>
      resigned({ ...m, commitments: [otherPoint, ...m.commitments] });
    const attacks: Network[] = [
      { broadcast: by<Broadcast>(constant) },
      {
        broadcast: by<Broadcast>((m) =>
          resigned({ ...m, proof: { commitment: otherPoint, response: encodeScalar(1n) } }),
        ),
      },
      // The polynomial's constant is 1 instead of 0: every value is one more.
      {
        deal: by<Deal>((m) =>
          signDeal(identity, { ...m, share: encodeScalar(Fn.add(decodeScalar(m.share), 1n)) }),
        ),
      },
    ];
    for (const network of attacks) {
      const outcome = runCeremony(refresh(range(3), dealt()), network);
      for (const { cheaters } of verdicts(outcome, CHEATER)) expect(cheaters).toEqual([CHEATER]);
    }
  });

  it("refuses a stranger, another threshold, a share of another epoch", () => {
    const before = dealt();
    expect(() =>
      refresh([1, 4], new Map([...before, [4, before.get(1) as CeremonyResult]])),
    ).toThrow(InvalidFrostDataError);
    const after = results(runCeremony(refresh(range(3), before)));
    const mixed = new Map(
      range(3).map((id) => [
        id,
        {
          group: (after.get(id) as CeremonyResult).group,
          share: (before.get(id) as CeremonyResult).share,
        },
      ]),
    );
    expect(() => refresh(range(3), mixed)).toThrow(InvalidFrostDataError);
  });
});
