import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Hex } from "viem";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  FrostAbortError,
  InvalidFrostDataError,
  NonceUsedError,
  SigningRefusedError,
} from "../../../src/errors/frost.ts";
import type { CeremonyResult } from "../../../src/keys/frost/ceremonyParameters.ts";
import { splitKey } from "../../../src/keys/frost/dealer.ts";
import { decodeScalar, encodePoint, encodeScalar } from "../../../src/keys/frost/encoding.ts";
import { createFileNonceStore } from "../../../src/keys/frost/fileNonceStore.ts";
import {
  type FrostGroup,
  groupKeyId,
  parseFrostGroup,
  parseKeyShare,
} from "../../../src/keys/frost/group.ts";
import {
  type NonceCommitment,
  type NonceStore,
  parseNonceCommitment,
} from "../../../src/keys/frost/nonces.ts";
import { combineShares, type ShareRequest, ShareSigner } from "../../../src/keys/frost/signing.ts";
import { verifySchnorr } from "../../../src/keys/schnorr.ts";
import {
  digestOf,
  memoryNonceStore,
  range,
  refresh,
  results,
  runCeremony,
  signWith,
} from "./support.ts";

const { Point } = secp256k1;
const { Fn } = Point;

const { group, shares } = splitKey(Fn.toBytes(0x5eedn), { threshold: 2, participants: range(3) });
const members = new Map<number, CeremonyResult>(
  shares.map((share) => [share.participant, { group, share }]),
);
const signerOf = (id: number, store: NonceStore = memoryNonceStore()) =>
  new ShareSigner({ group, share: members.get(id)?.share as never, store });
const requestOf = (
  commitments: readonly NonceCommitment[],
  digest = digestOf(1),
): ShareRequest => ({
  key: groupKeyId(group),
  epoch: group.epoch,
  digest,
  commitments,
});

/** How many random subsets, digests and refreshes; 1,000 for the full run. */
const runs = Number(process.env.FROST_RUNS ?? 40);

describe("signing", () => {
  it(`any quorum of any group signs any digest, over refreshes (${runs} draws; FROST_RUNS)`, async () => {
    const pick = (n: number) => Math.floor(Math.random() * n);
    for (let run = 0; run < runs; ) {
      const n = 2 + pick(4);
      const threshold = 2 + pick(n - 1);
      const key = secp256k1.utils.randomSecretKey();
      const dealt = splitKey(key, { threshold, participants: range(n) });
      const id = groupKeyId(dealt.group);
      let current = new Map<number, CeremonyResult>(
        dealt.shares.map((share) => [share.participant, { group: dealt.group, share }]),
      );
      for (let epoch = 0; epoch < 3 && run < runs; epoch++) {
        const [{ group: now }] = [...current.values()] as [CeremonyResult];
        for (let i = 0; i < 3 && run < runs; i++, run++) {
          const ids = [...now.participants]
            .sort(() => Math.random() - 0.5)
            .slice(0, threshold + pick(now.participants.length - threshold + 1))
            .sort((a, b) => a - b);
          const digest = digestOf(run);
          const signature = await signWith(now, current, ids, digest);
          expect(verifySchnorr(id, digest, signature), `${threshold} of ${n}: ${ids}`).toBe(true);
          expect(verifySchnorr(id, digestOf(run + 1), signature)).toBe(false);
        }
        current = results(runCeremony(refresh(now.participants, current, digestOf(run))));
      }
    }
  }, 900_000);

  it("an imported key keeps the x of its point, whichever its parity", () => {
    for (const secret of [1n, 2n, 3n, 4n, 5n, 6n, 7n]) {
      const point = Point.BASE.multiply(secret);
      const dealt = splitKey(Fn.toBytes(secret), { threshold: 2, participants: [1, 2] });
      expect(BigInt(groupKeyId(dealt.group))).toBe(point.toAffine().x);
    }
  });

  it("fewer than the threshold sign nothing", async () => {
    const signer = signerOf(1);
    await expect(signer.sign(requestOf([signer.commit()]))).rejects.toThrow(SigningRefusedError);
  });

  it("refuses another group's request, another epoch's, and signers that are not a quorum in order", async () => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const commitments = () => [one.commit(), two.commit()] as const;
    const [a, b] = commitments();
    const stranger = { ...b, participant: 9 };
    const others = splitKey(Fn.toBytes(77n), { threshold: 2, participants: range(3) });
    for (const request of [
      { ...requestOf([a, b]), key: groupKeyId(others.group) },
      { ...requestOf([a, b]), epoch: 1 },
      requestOf([b, a]),
      requestOf([a, a]),
      requestOf([a, b, b]),
      requestOf([a, stranger]),
      requestOf([b, { ...b, participant: 3 }]),
    ]) {
      await expect(one.sign(request)).rejects.toThrow(SigningRefusedError);
    }
    // None of these cost the nonce.
    expect((await one.sign(requestOf([a, b]))).participant).toBe(1);
  });

  it.each<[string, (request: ShareRequest) => unknown]>([
    ["a digest of 31 bytes", (r) => ({ ...r, digest: r.digest.slice(0, -2) })],
    ["a digest in upper case", (r) => ({ ...r, digest: `0x${r.digest.slice(2).toUpperCase()}` })],
    ["a field more", (r) => ({ ...r, more: 1 })],
    ["no commitments", ({ commitments, ...r }) => r],
    ["a commitment off the curve", (r) => withBinding(r, `0x02${"00".repeat(31)}05`)],
    ["the identity as a commitment", (r) => withBinding(r, `0x${"00".repeat(33)}`)],
    ["an uncompressed commitment", (r) => withBinding(r, `0x04${"11".repeat(64)}`)],
    [
      "more commitments than a group can have nodes",
      (r) => ({ ...r, commitments: range(256).map(() => r.commitments[1]) }),
    ],
    ["nothing", () => undefined],
  ])("refuses a request with %s, and keeps its nonce", async (_, change) => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const request = requestOf([one.commit(), two.commit()]);
    await expect(one.sign(change(request) as ShareRequest)).rejects.toThrow(InvalidFrostDataError);
    expect((await one.sign(request)).participant).toBe(1);
  });
});

const withBinding = (request: ShareRequest, binding: string) => ({
  ...request,
  commitments: request.commitments.map((c) => ({ ...c, binding })),
});

describe("a nonce", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "zkmandate-nonces-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("signs once: not the same request again, not another digest, not at the same time", async () => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const commitments = [one.commit(), two.commit()];
    const all = await Promise.allSettled(
      [1, 1, 2, 3].map((n) => one.sign(requestOf(commitments, digestOf(n)))),
    );
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of all) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(NonceUsedError);
    }
    await expect(one.sign(requestOf(commitments))).rejects.toThrow(NonceUsedError);
  });

  it("of a node that was cloned signs once: the store has the last word", async () => {
    // The clone has the same memory: the same randomness makes the same nonces.
    const random = (bytes = 32) => new Uint8Array(bytes).fill(7);
    const store = createFileNonceStore(join(folder, "used"));
    const [original, clone, two] = [signerOf(1, store), signerOf(1, store), signerOf(2)];
    const commitment = original.commit(random);
    expect(clone.commit(random)).toEqual(commitment);
    const commitments = [commitment, two.commit()];
    const both = await Promise.allSettled([
      original.sign(requestOf(commitments, digestOf(1))),
      clone.sign(requestOf(commitments, digestOf(2))),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const later = signerOf(1, createFileNonceStore(join(folder, "used")));
    later.commit(random);
    await expect(later.sign(requestOf(commitments))).rejects.toThrow(NonceUsedError);
  });

  it("is marked before a share is made: if the store fails, nothing leaves and the nonce is gone", async () => {
    const failing: NonceStore = {
      markUsed: async () => {
        throw new Error("disk full");
      },
    };
    const [one, two] = [signerOf(1, failing), signerOf(2)];
    const commitments = [one.commit(), two.commit()];
    await expect(one.sign(requestOf(commitments))).rejects.toThrow("disk full");
    await expect(one.sign(requestOf(commitments))).rejects.toThrow(NonceUsedError);
  });

  it("is gone, and nothing leaves, when what has to be recorded beside it is not", async () => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const request = requestOf([one.commit(), two.commit()]);
    const refusal = new Error("not recorded");
    await expect(one.sign(request, () => Promise.reject(refusal))).rejects.toBe(refusal);
    await expect(one.sign(request)).rejects.toThrow(NonceUsedError);
    const recorded: number[] = [];
    const fresh = requestOf([one.commit(), two.commit()]);
    await one.sign(fresh, async () => void recorded.push(1));
    expect(recorded).toEqual([1]);
  });

  it("is on the disk when the share is there", async () => {
    const [one, two] = [signerOf(1, createFileNonceStore(folder)), signerOf(2)];
    const commitments = [one.commit(), two.commit()];
    expect(await readdir(folder)).toEqual([]);
    await one.sign(requestOf(commitments));
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("of another node, or made up, is refused", async () => {
    const [one, other, two] = [signerOf(1), signerOf(1), signerOf(2)];
    one.commit();
    const commitments = [other.commit(), two.commit()];
    await expect(one.sign(requestOf(commitments))).rejects.toThrow(NonceUsedError);
  });

  it("is forgotten when the node closes, and the oldest when there are too many", async () => {
    const [one, two] = [signerOf(1), signerOf(2)];
    const commitments = [one.commit(), two.commit()];
    for (let i = 0; i < 256; i++) one.commit();
    await expect(one.sign(requestOf(commitments))).rejects.toThrow(NonceUsedError);
    const fresh = [one.commit(), two.commit()];
    one.close();
    await expect(one.sign(requestOf(fresh))).rejects.toThrow(NonceUsedError);
  }, 120_000);
});

describe("aggregation", () => {
  async function answered(ids = [1, 2, 3], digest = digestOf(5)) {
    const signers = ids.map((id) => [id, signerOf(id)] as const);
    const request = requestOf(
      signers.map(([, signer]) => signer.commit()),
      digest,
    );
    const answers = new Map<number, unknown>();
    for (const [id, signer] of signers) answers.set(id, await signer.sign(request));
    return { request, answers };
  }
  const abortOf = (request: ShareRequest, answers: ReadonlyMap<number, unknown>) => {
    try {
      combineShares(group, request, answers);
    } catch (error) {
      expect(error).toBeInstanceOf(FrostAbortError);
      return error as FrostAbortError;
    }
    throw new Error("a signature came out");
  };
  const wrong = (answer: unknown) => {
    const { participant, share } = answer as { participant: number; share: Hex };
    return { participant, share: encodeScalar(Fn.add(decodeScalar(share), 1n)) };
  };

  it.each<[string, (answer: unknown) => unknown]>([
    ["a wrong share", wrong],
    ["0", (a) => ({ ...(a as object), share: encodeScalar(0n) })],
    ["a share out of range", (a) => ({ ...(a as object), share: `0x${"ff".repeat(32)}` })],
    ["another's number", (a) => ({ ...(a as object), participant: 1 })],
    ["garbage", () => "garbage"],
    ["null", () => null],
  ])("names who answers %s", async (_, change) => {
    const { request, answers } = await answered();
    const { cheaters, missing } = abortOf(
      request,
      new Map([...answers, [2, change(answers.get(2))]]),
    );
    expect(cheaters).toEqual([2]);
    expect(missing).toEqual([]);
  });

  it("names several, and who did not answer beside them", async () => {
    const { request, answers } = await answered();
    const two = new Map([...answers, [1, wrong(answers.get(1))], [3, "garbage"]]);
    expect(abortOf(request, two).cheaters).toEqual([1, 3]);
    two.delete(2);
    expect(abortOf(request, two)).toMatchObject({ cheaters: [1, 3], missing: [2] });
  });

  it("names who answers with the share of another request: a replay", async () => {
    const first = await answered();
    const second = await answered();
    const replayed = new Map([...second.answers, [3, first.answers.get(3)]]);
    expect(abortOf(second.request, replayed).cheaters).toEqual([3]);
  });

  it("two wrong shares that cancel out make a valid signature, and harm nobody", async () => {
    const { request, answers } = await answered();
    const shifted = (id: number, by: bigint): [number, unknown] => {
      const { share } = answers.get(id) as { share: Hex };
      return [
        id,
        { participant: id, share: encodeScalar(Fn.add(decodeScalar(share), Fn.create(by))) },
      ];
    };
    const signature = combineShares(
      group,
      request,
      new Map([...answers, shifted(1, 5n), shifted(2, -5n)]),
    );
    expect(verifySchnorr(groupKeyId(group), request.digest, signature)).toBe(true);
  });

  it("takes commitments only from their sender", () => {
    const commitment = signerOf(1).commit();
    expect(parseNonceCommitment(JSON.parse(JSON.stringify(commitment)), 1)).toEqual(commitment);
    expect(() => parseNonceCommitment(commitment, 2)).toThrow(InvalidFrostDataError);
    expect(() => parseNonceCommitment({ ...commitment, hiding: "0x" }, 1)).toThrow(
      InvalidFrostDataError,
    );
  });
});

describe("what is stored", () => {
  const share = shares[0] as (typeof shares)[number];

  it("is read back, and refused with anything wrong", () => {
    expect(parseFrostGroup(JSON.parse(JSON.stringify(group)))).toEqual(group);
    expect(parseKeyShare(share.reveal(), group).scalar()).toBe(share.scalar());
    const odd = `0x03${groupKeyId(group).slice(2)}` as Hex;
    const changes: Partial<Record<keyof FrostGroup, unknown>>[] = [
      { threshold: 1 },
      { threshold: 4 },
      { threshold: 3 },
      { participants: [1, 1, 2] },
      { participants: [2, 1, 3] },
      { participants: [0, 1, 2] },
      { epoch: -1 },
      { commitments: [odd, group.commitments[1]] },
      { commitments: [group.commitments[0]] },
      { commitments: [group.commitments[0], `0x02${"00".repeat(32)}`] },
    ];
    for (const change of changes) {
      expect(() => parseFrostGroup({ ...group, ...change })).toThrow(InvalidFrostDataError);
    }
    for (const change of [
      { participant: 2 },
      { participant: 9 },
      { epoch: 1 },
      { secret: encodeScalar(0n) },
      { secret: encodeScalar(5n) },
      { secret: "0x05" },
    ]) {
      expect(() => parseKeyShare({ ...share.reveal(), ...change }, group)).toThrow(
        InvalidFrostDataError,
      );
    }
  });

  it("shows no secret unless it is asked to", () => {
    const { secret } = share.reveal();
    for (const text of [
      inspect(share),
      JSON.stringify(share),
      String(share),
      inspect(signerOf(1)),
    ]) {
      expect(text).not.toContain(secret.slice(2, 20));
      expect(text).not.toContain(share.scalar().toString());
    }
    try {
      parseKeyShare({ ...share.reveal(), secret: `${secret}00` }, group);
    } catch (error) {
      expect(inspect(error)).not.toContain(secret.slice(2, 20));
    }
  });

  it("is refused where the key is none that a gate takes", () => {
    const point = Point.BASE.multiply(3n);
    const even = point.toAffine().y % 2n === 0n ? point : point.negate();
    const commitments = [encodePoint(even.negate()), encodePoint(point)];
    expect(() => parseFrostGroup({ ...group, commitments })).toThrow(/not a key/);
  });
});
