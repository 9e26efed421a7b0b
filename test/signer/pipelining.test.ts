import { beforeEach, describe, expect, test } from "vitest";
import {
  DeniedError,
  InvalidSignerOptionError,
  LaneBusyError,
  RequestExecutedError,
  StaleChainError,
  StateMismatchError,
} from "../../src/errors/signer.ts";
import { busyUntil, MAX_PENDING } from "../../src/signer/busyUntil.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { GateSnapshot } from "../../src/signer/gateReader.ts";
import { createSigner, type SignerOptions } from "../../src/signer/signer.ts";
import type { SigningRequest } from "../../src/signer/signingRequest.ts";
import { replaceRecord, startRecord } from "../../src/state/laneStore.ts";
import { NOON } from "../support/mandate.ts";
import {
  committedTo,
  createMemoryStore,
  genesis,
  key,
  LANE,
  secret,
  transfer,
  unproven,
} from "./support/lane.ts";
import {
  type ChainView,
  createModelChain,
  MAX_DELAY,
  type ModelBlock,
  type ModelChain,
} from "./support/modelChain.ts";

const committed = committedTo(100_000n);
const start = startRecord<SignedGateCall>({
  ...LANE,
  epoch: 1,
  seq: 0n,
  state: genesis,
  quietUntil: 0n,
});

let chain: ModelChain;
let store: ReturnType<typeof createMemoryStore>;
/** What the node answers instead of the truth. */
let view: ChainView | undefined;

const signerWith = (options: Partial<SignerOptions> = {}) =>
  createSigner({
    ...LANE,
    committed,
    secret,
    key,
    prover: unproven,
    reader: { snapshot: async () => chain.snapshot(view) },
    store,
    maxInFlight: 3,
    ...options,
  });
const block = (index: number) => chain.blocks.at(index) as ModelBlock;
const short = (amount: bigint): SigningRequest => ({ ...transfer(amount), validFor: 5n });

beforeEach(async () => {
  chain = createModelChain({ lane: LANE, committed, key, genesis, startsAt: NOON });
  store = createMemoryStore();
  view = undefined;
  await store.write(start);
});

describe("several in flight", () => {
  test("each is made for the state after the one before it, and all land in one block", async () => {
    const signer = signerWith();
    const signed = [
      await signer.sign(transfer(1n)),
      await signer.sign(transfer(2n)),
      await signer.sign(transfer(3n)),
    ];
    expect(signed.map(({ seq }) => seq)).toEqual([0n, 1n, 2n]);
    expect(chain.mine(12n, signed)).toHaveLength(3);
  });

  test("not more than allowed, until one lands", async () => {
    const signer = signerWith({ maxInFlight: 2 });
    const first = await signer.sign(transfer(1n));
    await signer.sign(transfer(2n));
    const busy = await signer.sign(transfer(3n)).catch((error) => error);
    expect(busy).toBeInstanceOf(LaneBusyError);
    expect(busy.until).toBe(first.proof.deadline);
    expect((await signer.standing()).busyUntil).toBe(first.proof.deadline);
    chain.mine(12n, [first]);
    expect((await signer.standing()).busyUntil).toBeUndefined();
    expect((await signer.sign(transfer(3n))).seq).toBe(2n);
  });

  test("landed ones do not count while finality is far away", async () => {
    const signer = signerWith({ maxInFlight: 1 });
    for (let seq = 0n; seq < 12n; seq++) {
      const signed = await signer.sign(transfer(seq + 1n));
      expect(signed.seq).toBe(seq);
      chain.mine(12n, [signed]);
    }
    expect((await signer.standing()).landed).toHaveLength(12);
  });

  test("a record holds a bounded number of them", async () => {
    await signerWith().sign(transfer(1n));
    const [pending] = store.record?.pending ?? [];
    if (!pending) throw new Error("nothing is pending");
    const landed = Array(MAX_PENDING).fill(pending);
    const full = {
      record: { ...start, pending: landed },
      final: [],
      landed,
      inFlight: [],
      dead: [],
    };
    expect(busyUntil(full, chain.snapshot(), 3)).toBe(pending.deadline);
    const room = { ...full, record: { ...start, pending: landed.slice(1) } };
    expect(busyUntil(room, chain.snapshot(), 3)).toBeUndefined();
  });

  test("nothing is made for the state after one that no block will take any more", async () => {
    const signer = signerWith();
    const first = await signer.sign(short(1n));
    chain.mine(6n);
    const busy = await signer.sign(transfer(2n)).catch((error) => error);
    expect(busy).toBeInstanceOf(LaneBusyError);
    expect(busy.until).toBe(first.proof.deadline);
  });

  test.each([0, 1.5, MAX_PENDING + 1])("%s of them cannot be asked for", (maxInFlight) => {
    expect(() => signerWith({ maxInFlight })).toThrow(InvalidSignerOptionError);
  });

  test("checking counts what is in flight", async () => {
    const signer = signerWith({ committed: committedTo(1_500n) });
    chain = createModelChain({
      lane: LANE,
      committed: committedTo(1_500n),
      key,
      genesis,
      startsAt: NOON,
    });
    await signer.sign(transfer(1_000n));
    expect((await signer.check(transfer(500n))).allowed).toBe(true);
    expect((await signer.check(transfer(501n))).allowed).toBe(false);
  });
});

describe("reorganisations", () => {
  test("back to the base: the same transitions land again, none is signed twice", async () => {
    const signer = signerWith();
    const signed = [await signer.sign(transfer(1n)), await signer.sign(transfer(2n))];
    chain.mine(12n, signed);
    expect((await signer.standing()).landed).toEqual(signed);
    chain.reorganise(1);
    chain.mine(13n);
    expect((await signer.standing()).inFlight).toEqual(signed);
    expect((await signer.sign(transfer(3n))).seq).toBe(2n);
    expect(chain.mine(12n, signed)).toHaveLength(2);
  });

  test("back to an earlier transition", async () => {
    const signer = signerWith();
    const first = await signer.sign(transfer(1n));
    chain.mine(12n, [first]);
    const second = await signer.sign(transfer(2n));
    chain.mine(12n, [second]);
    await signer.sign(transfer(3n));
    chain.reorganise(1);
    chain.mine(13n);
    const { landed, inFlight, latestSeq, nextSeq, finalSeq } = await signer.standing();
    expect(landed).toEqual([first]);
    expect(inFlight[0]).toEqual(second);
    expect([finalSeq, latestSeq, nextSeq]).toEqual([0n, 1n, 3n]);
  });

  test("what landed and was then outlived is dead, with everything after it", async () => {
    const signer = signerWith();
    const first = await signer.sign(short(1n));
    chain.mine(1n, [first]);
    const second = await signer.sign(transfer(2n));
    chain.reorganise(1);
    chain.mine(12n);
    chain.finalize(1);
    const { dead, statusOf } = await signer.standing();
    expect(dead).toEqual([first, second]);
    expect([statusOf(first), statusOf(second)]).toEqual(["dead", "dead"]);
    expect((await signer.sign(transfer(2n))).seq).toBe(0n);
    expect(chain.mine(12n, [first, second])).toEqual([]);
  });

  test("what takes a dead one's place is later than its descendants, or they would live again", async () => {
    const signer = signerWith();
    const first = await signer.sign(short(1n));
    chain.mine(1n, [first]);
    chain.mine(23n);
    await signer.sign(transfer(2n));
    await signer.sign(transfer(3n));
    // All blocks are replaced by an earlier one, final already: past the first's deadline, not past the others'.
    chain.reorganise(2);
    chain.mine(12n);
    chain.finalize(1);
    await expect(signer.sign(transfer(1n))).rejects.toThrow(StaleChainError);
    // At the time of the second, the same action on the same levels would lead to the state that the third is for.
    chain.mine(12n);
    await expect(signer.sign(transfer(1n))).rejects.toThrow(StaleChainError);
    chain.mine(1n);
    const again = await signer.sign(transfer(1n));
    await signer.sign(transfer(2n));
    expect(again.seq).toBe(0n);
    const reserved = (store.record?.pending ?? []).map(({ released }) => released);
    expect(chain.live([first, ...reserved])).toEqual(reserved);
  });
});

describe("a dead transition", () => {
  test("frees its sequence number and takes everything after it along, whatever their deadlines", async () => {
    const signer = signerWith();
    const lost = [
      await signer.sign(short(1n)),
      await signer.sign(transfer(2n)),
      await signer.sign(transfer(3n)),
    ];
    chain.mine(6n);
    await expect(signer.sign(transfer(4n))).rejects.toThrow(LaneBusyError);
    chain.finalize(1);
    const replaced = await signer.sign(transfer(1n));
    expect(replaced.seq).toBe(0n);
    expect(chain.mine(12n, [...lost, replaced, ...lost])).toEqual([replaced]);
  });

  test("leaves those before it", async () => {
    const signer = signerWith();
    const first = await signer.sign(transfer(1n));
    const second = await signer.sign(short(2n));
    chain.mine(6n);
    chain.finalize(1);
    const { inFlight, dead, statusOf } = await signer.standing();
    expect([inFlight, dead]).toEqual([[first], [second]]);
    const replaced = await signer.sign(transfer(2n));
    expect(replaced.seq).toBe(1n);
    expect(statusOf(second)).toBe("dead");
    expect(chain.mine(12n, [first, second, replaced])).toEqual([first, replaced]);
  });

  test("stays in the record until something takes its place", async () => {
    const failing = {
      ...store,
      write: (record: NonNullable<typeof store.record>) =>
        record.pending.at(-1)?.released.signature === "0x"
          ? store.write(record)
          : Promise.reject(new Error("disk full")),
    };
    await expect(signerWith({ store: failing }).sign(transfer(1n))).rejects.toThrow("disk full");
    const signer = signerWith();
    await signer.sign(short(2n));
    const orphan = await signer.sign(transfer(3n));
    chain.mine(12n);
    chain.finalize(1);
    expect((await signer.sign(transfer(1n))).seq).toBe(0n);
    // Another node, far behind, at the time of the dead: the second's state must not come about again.
    view = { latest: block(0), finalized: block(0) };
    await expect(signer.sign({ ...transfer(2n), validFor: 60n })).rejects.toThrow(LaneBusyError);
    view = undefined;
    await signer.sign({ ...transfer(2n), validFor: 60n });
    const reserved = (store.record?.pending ?? []).map(({ released }) => released);
    expect(chain.live([orphan, ...reserved])).toEqual(reserved);
  });
});

describe("nodes that lag", () => {
  test("an older finalized block frees nothing and takes nothing back", async () => {
    const signer = signerWith();
    const first = await signer.sign(transfer(1n));
    chain.mine(12n, [first]);
    chain.finalize(1);
    const second = await signer.sign(transfer(2n));
    chain.mine(12n, [second]);
    view = { latest: chain.tip(), finalized: block(0) };
    const { landed, finalSeq, statusOf } = await signer.standing();
    expect([landed, finalSeq]).toEqual([[second], 1n]);
    expect(statusOf(first)).toBe("final");
  });

  test("an older latest block than what was final is no reason for alarm", async () => {
    const signer = signerWith();
    chain.mine(12n, [await signer.sign(transfer(1n))]);
    chain.finalize(1);
    await signer.sign(transfer(2n));
    view = { latest: block(0), finalized: block(0) };
    await expect(signer.sign(transfer(3n))).rejects.toThrow(StaleChainError);
    view = { latest: block(0), finalized: block(1) };
    await expect(signer.standing()).rejects.toThrow(StaleChainError);
  });

  test("a latest block before the finalized one is none to sign at", async () => {
    chain.mine(12n);
    chain.finalize(1);
    view = { latest: block(0), finalized: block(1) };
    await expect(signerWith().sign(transfer(1n))).rejects.toThrow(StaleChainError);
  });

  test("a latest block before the action in flight is none to sign at", async () => {
    const signer = signerWith();
    chain.mine(12n);
    await signer.sign(transfer(1n));
    view = { latest: block(0), finalized: block(0) };
    await expect(signer.sign(transfer(2n))).rejects.toThrow(StaleChainError);
  });

  test("a fork that has executed what is dead by now is not believed", async () => {
    const signer = signerWith();
    const first = await signer.sign(short(1n));
    chain.mine(1n, [first]);
    chain.mine(60n);
    const fork = chain.tip();
    chain.reorganise(2);
    chain.mine(12n);
    chain.finalize(1);
    view = { latest: fork, finalized: block(1) };
    await expect(signer.sign(transfer(2n))).rejects.toThrow(StaleChainError);
  });

  test("a gate that no finalized block knows yet frees nothing", async () => {
    const unknown = (): GateSnapshot => ({ ...chain.snapshot(), finalized: undefined });
    const signer = signerWith({ reader: { snapshot: async () => unknown() } });
    const first = await signer.sign(short(1n));
    chain.mine(600n);
    chain.finalize(1);
    expect((await signer.standing()).statusOf(first)).toBe("inFlight");
    await expect(signer.sign(transfer(2n))).rejects.toThrow(LaneBusyError);
  });
});

describe("a state that nobody here signed", () => {
  const strange = (changes: (snapshot: GateSnapshot) => Partial<GateSnapshot>) =>
    signerWith({
      reader: { snapshot: async () => ({ ...chain.snapshot(), ...changes(chain.snapshot()) }) },
    });

  test.each<[string, (snapshot: GateSnapshot) => Partial<GateSnapshot>]>([
    ["where a transition leads", ({ lane }) => ({ lane: { ...lane, state: lane.state + 1n } })],
    ["past all transitions", ({ lane }) => ({ lane: { ...lane, seq: lane.seq + 2n } })],
    [
      "in a finalized block",
      ({ finalized }) => ({
        finalized: finalized && { ...finalized, state: finalized.state + 1n },
      }),
    ],
    ["in another epoch", ({ lane }) => ({ epoch: 2, lane: { ...lane, epoch: 2 } })],
  ])("is no match: %s", async (_, changes) => {
    const signer = signerWith();
    chain.mine(12n, [await signer.sign(transfer(1n))]);
    await signer.sign(transfer(2n));
    await expect(strange(changes).sign(transfer(3n))).rejects.toThrow(StateMismatchError);
    await expect(strange(changes).standing()).rejects.toThrow(StateMismatchError);
  });
});

describe("a glance at the chain before the request", () => {
  let snapshots: number;
  let glance: () => Partial<GateSnapshot> | undefined;
  const signerWithGlance = (options: Partial<SignerOptions> = {}) =>
    signerWith({
      reader: {
        snapshot: async () => {
          snapshots++;
          return chain.snapshot();
        },
        glance: async () => {
          const changed = glance();
          return changed && { ...chain.snapshot(), ...changed };
        },
      },
      ...options,
    });
  beforeEach(() => {
    snapshots = 0;
    glance = () => ({});
  });

  test("is enough to sign what is allowed", async () => {
    const signer = signerWithGlance();
    signer.prepare();
    const signed = await signer.sign(transfer(1n));
    expect(snapshots).toBe(0);
    expect(chain.mine(12n, [signed])).toEqual([signed]);
    await signer.sign(transfer(2n));
    expect(snapshots).toBe(1);
  });

  test("is enough to hand out what is in flight", async () => {
    const signer = signerWithGlance();
    const signed = await signer.sign(transfer(1n));
    signer.prepare();
    expect(await signer.sign(transfer(1n))).toEqual(signed);
    expect(snapshots).toBe(1);
  });

  test.each<[string, () => Partial<GateSnapshot> | undefined]>([
    ["a pause", () => ({ paused: true })],
    ["another policy", () => ({ lane: { ...chain.snapshot().lane, policy: 1n } })],
    ["another agent key", () => ({ agent: { kind: 0, id: "0x00" } })],
    ["a state that nobody signed", () => ({ lane: { ...chain.snapshot().lane, state: 1n } })],
    ["an earlier time than an action in flight", () => ({ time: NOON - 1n })],
    ["a time out of hours", () => ({ time: NOON + 10n ** 9n })],
    ["nothing", () => undefined],
    [
      "no chain at all",
      () => {
        throw new Error("no node");
      },
    ],
  ])("refuses nothing: %s is looked at again", async (_, changed) => {
    const signer = signerWithGlance({
      committed: {
        ...committed,
        policy: {
          ...committed.policy,
          rules: committed.policy.rules.map((rule) => ({ ...rule, validUntil: NOON + 10n ** 8n })),
        },
      },
    });
    await signer.sign(transfer(1n));
    glance = changed;
    signer.prepare();
    expect((await signer.sign(transfer(2n))).seq).toBe(1n);
    expect(snapshots).toBe(2);
  });

  test("does not let through what a whole look denies", async () => {
    const signer = signerWithGlance({ committed: committedTo(1_000n) });
    chain = createModelChain({
      ...{ lane: LANE, key, genesis, startsAt: NOON },
      committed: committedTo(1_000n),
    });
    chain.mine(12n, [await signer.sign(transfer(1_000n))]);
    signer.prepare();
    await expect(signer.sign(transfer(1n))).rejects.toThrow(DeniedError);
  });

  test("is no time to take a dead one's place at, before its descendants", async () => {
    const signer = signerWithGlance();
    const parent = await signer.sign(short(1n));
    chain.mine(4n, [parent]);
    chain.mine(60n);
    // Dated after its parent's deadline.
    await signer.sign(transfer(2n));
    chain.reorganise(2);
    chain.mine(20n);
    chain.finalize(1);
    const early = chain.snapshot();
    glance = () => early;
    signer.prepare();
    chain.mine(100n);
    const again = await signer.sign(transfer(3n));
    expect([again.seq, again.proof.time]).toEqual([0n, chain.tip().time]);
  });

  test("knows what is final from before: nothing is free by it that was not", async () => {
    const signer = signerWithGlance();
    await signer.sign(short(1n));
    chain.mine(6n);
    const before = chain.snapshot();
    glance = () => ({ finalized: before.finalized, finalizedTime: before.finalizedTime });
    signer.prepare();
    await expect(signer.sign(transfer(2n))).rejects.toThrow(LaneBusyError);
    chain.finalize(1);
    signer.prepare();
    expect((await signer.sign(transfer(2n))).seq).toBe(0n);
  });
});

describe("requests with an id", () => {
  const named = (id: string, amount = 1n) => ({ ...transfer(amount), id });

  test("are different actions even if their content is the same", async () => {
    const signer = signerWith();
    expect((await signer.sign(named("a"))).seq).toBe(0n);
    expect((await signer.sign(named("b"))).seq).toBe(1n);
    expect((await signer.sign(named("a"))).seq).toBe(0n);
  });

  test("get the same answer in flight and landed, and happen once", async () => {
    const signer = signerWith();
    const signed = await signer.sign(named("a"));
    chain.mine(12n, [signed]);
    expect(await signer.sign(named("a"))).toEqual(signed);
    chain.finalize(1);
    expect(await signer.sign(named("a"))).toEqual(signed);
    await signer.sign(named("b"));
    const executed = await signer.sign(named("a")).catch((error) => error);
    expect(executed).toBeInstanceOf(RequestExecutedError);
    expect(executed.digest).toBe(signed.digest);
    expect((await signer.standing()).statusOf(signed)).toBe("final");
  });

  test("are signed anew once what was signed is dead", async () => {
    const signer = signerWith();
    const request = { ...named("a"), validFor: 5n };
    const first = await signer.sign(request);
    chain.mine(6n);
    await expect(signer.sign(request)).rejects.toThrow(LaneBusyError);
    chain.finalize(1);
    const second = await signer.sign(request);
    expect([second.seq, second.digest === first.digest]).toEqual([0n, false]);
  });

  test("without one, the same content is a new action once it has landed", async () => {
    const signer = signerWith();
    const first = await signer.sign(transfer(1n));
    expect(await signer.sign(transfer(1n))).toEqual(first);
    chain.mine(12n, [first]);
    expect((await signer.sign(transfer(1n))).seq).toBe(1n);
  });
});

describe("what is known of a signed call", () => {
  test("nothing certain while a record that was started anew may have forgotten it", async () => {
    const signer = signerWith();
    const forgotten = await signer.sign(transfer(1n));
    await replaceRecord(store, { ...start, quietUntil: NOON + MAX_DELAY });
    expect((await signer.standing()).statusOf(forgotten)).toBe("unknown");
    expect((await signer.standing()).busyUntil).toBe(NOON + MAX_DELAY);
    chain.mine(MAX_DELAY + 1n);
    chain.finalize(1);
    expect((await signer.standing()).statusOf(forgotten)).toBe("dead");
  });

  test("nothing of another epoch or of longer ago than the record remembers", async () => {
    const signer = signerWith();
    chain.mine(12n, [await signer.sign(transfer(1n))]);
    const { statusOf } = await signer.standing();
    const digest = `0x${"00".repeat(32)}` as const;
    expect(statusOf({ epoch: 2, seq: 0n, digest })).toBe("unknown");
    expect(statusOf({ epoch: 1, seq: -1n, digest })).toBe("unknown");
  });

  test("another digest than the one that took its number is dead", async () => {
    const signer = signerWith();
    chain.mine(12n, [await signer.sign(transfer(1n))]);
    chain.finalize(1);
    const digest = `0x${"00".repeat(32)}` as const;
    expect((await signer.standing()).statusOf({ epoch: 1, seq: 0n, digest })).toBe("dead");
  });
});

test("each stage is told with its time, in order", async () => {
  const stages: [string, number][] = [];
  const signer = signerWith({ onStage: (...stage) => stages.push(stage) });
  await signer.sign(transfer(1n));
  const names = stages.map(([name]) => name);
  expect(names).toEqual(["read", "evaluate", "prove", "reserve", "sign", "record"]);
  expect(stages.every(([, ms]) => Number.isFinite(ms) && ms >= 0)).toBe(true);
});
