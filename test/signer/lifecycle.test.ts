import fc from "fast-check";
import type { Hex } from "viem";
import { describe, expect, test } from "vitest";
import type { BaseError } from "../../src/errors/base.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { GateSnapshot } from "../../src/signer/gateReader.ts";
import { createSigner, type Signer } from "../../src/signer/signer.ts";
import type { SigningRequest } from "../../src/signer/signingRequest.ts";
import type { TransitionStatus } from "../../src/signer/standing.ts";
import { startRecord } from "../../src/state/laneStore.ts";
import { NOON } from "../support/mandate.ts";
import {
  amountOf,
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
} from "./support/modelChain.ts";

const CAPACITY = 6_000n;
const committed = committedTo(CAPACITY);
/** Each service's signer allows another number in flight. */
const IN_FLIGHT = [1, 3, 8];

/** Where a write of the lane's record ends with a crash: before or after it took place. */
type Crash = { write: 1 | 2; isWritten: boolean };
/** How far behind the true chain a node answers, in blocks, and whether from a fork that was abandoned. */
type Lag = { latest: number; finalized: number; isFork: boolean };
type Ask = { signer: number; content: number; id: number | undefined; lag: Lag };
/** Blocks that the parts of a glance are from; the sooner or later asked for request is decided on it. */
type Glance = Lag & { lane: number };
type Step =
  | ({ do: "sign"; crash: Crash | undefined } & Ask)
  | { do: "race"; asks: [Ask, Ask] }
  | { do: "glance"; signer: number; glance: Glance }
  | { do: "mine"; seconds: number; picks: number[] | "all" }
  | { do: "reorganise"; depth: number }
  | { do: "finalize"; count: number };

const lag: fc.Arbitrary<Lag> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ latest: 0, finalized: 0, isFork: false }) },
  fc.record({ latest: fc.nat(4), finalized: fc.nat(4), isFork: fc.boolean() }),
);
const ask: fc.Arbitrary<Ask> = fc.record({
  signer: fc.nat(IN_FLIGHT.length - 1),
  content: fc.nat(3),
  id: fc.option(fc.nat(5), { nil: undefined }),
  lag,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        ask,
        crash: fc.option(
          fc.record({ write: fc.constantFrom<1 | 2>(1, 2), isWritten: fc.boolean() }),
          { nil: undefined, freq: 4 },
        ),
      })
      .map(({ ask: asked, crash }) => ({ do: "sign" as const, ...asked, crash })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("race" as const), asks: fc.tuple(ask, ask) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("glance" as const),
      signer: fc.nat(IN_FLIGHT.length - 1),
      glance: fc.record({
        latest: fc.nat(3),
        lane: fc.nat(3),
        finalized: fc.nat(4),
        isFork: fc.boolean(),
      }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("mine" as const),
      seconds: fc.constantFrom(1, 12, 24, 60, 150),
      picks: fc.oneof(fc.constant("all" as const), fc.array(fc.nat(1_000), { maxLength: 4 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("reorganise" as const), depth: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("finalize" as const), count: fc.nat(4) }) },
);

/** Requests of few contents, so that the same one often comes again. An id always names the same content. */
function requestOf({ content, id }: Ask): SigningRequest {
  const kind = id ?? content;
  const validFor = [undefined, 5n, 40n, undefined][kind % 4];
  const request = { ...transfer([100n, 250n, 700n][kind % 3] as bigint), validFor };
  return id === undefined ? request : { ...request, id: `${id}` };
}

/** Three services over one store, on a chain that does what chains do. */
function createWorld() {
  const chain = createModelChain({ lane: LANE, committed, key, genesis, startsAt: NOON });
  const store = createMemoryStore();
  /** All that was ever reserved: it may have been signed, and a signature lasts. */
  const calls = new Map<Hex, SignedGateCall>();
  const ids = new Map<string, string | undefined>();
  /** Tips of forks that the chain has left. */
  const forks: ModelBlock[] = [];
  let view: ChainView | undefined;
  let glance: GateSnapshot | undefined;
  let crash: Crash | undefined;
  let writes = 0;

  const watched: typeof store = {
    ...store,
    async write(record) {
      writes++;
      const crashesNow = crash?.write === writes;
      if (crashesNow && !crash?.isWritten) throw new Error("crash");
      const written = await store.write(record);
      for (const { released } of record.pending) {
        if (!calls.has(released.digest)) calls.set(released.digest, released);
      }
      if (crashesNow) throw new Error("crash");
      return written;
    },
  };
  const watchedKey = {
    ...key,
    kind: key.kind,
    address: key.address,
    onchain: key.onchain,
    close: async () => undefined,
    sign: async (digest: Hex) => {
      // Durable before signed.
      expect(calls.has(digest)).toBe(true);
      return key.sign(digest);
    },
  };
  const signerOn = (lanes: typeof store, maxInFlight: number): Signer =>
    createSigner({
      ...LANE,
      committed,
      secret,
      key: watchedKey,
      prover: unproven,
      reader: { snapshot: async () => chain.snapshot(view), glance: async () => glance },
      store: lanes,
      maxInFlight,
    });
  /** What nodes say that are behind. */
  function viewFrom({ latest, finalized, isFork }: Lag): ChainView {
    const { blocks } = chain;
    const fork = isFork ? forks.at(-1) : undefined;
    return {
      latest: fork ?? (blocks[Math.max(0, blocks.length - 1 - latest)] as ModelBlock),
      finalized: blocks[Math.max(0, chain.finalized - finalized)] as ModelBlock,
    };
  }
  const unlocked: typeof store = { ...watched, exclusive: (_, work) => work() };

  return {
    chain,
    store,
    calls,
    ids,
    forks,
    signers: IN_FLIGHT.map((maxInFlight) => signerOn(watched, maxInFlight)),
    /** As after a restart: glances are forgotten, which in this world may be of hours ago. */
    restarted: () => signerOn(watched, 1),
    unlocked: IN_FLIGHT.map((maxInFlight) => signerOn(unlocked, maxInFlight)),
    /** Lets the nodes answer as if they were behind. */
    answerFrom(lag: Lag) {
      view = viewFrom(lag);
    },
    /** What the next glance shows: time, lane and finality each of another block. */
    glanceFrom(parts: Glance) {
      const { lane } = chain.snapshot(viewFrom({ ...parts, latest: parts.lane, isFork: false }));
      glance = { ...chain.snapshot(viewFrom(parts)), lane };
    },
    answerTruly() {
      view = undefined;
    },
    crashAt(at: Crash | undefined) {
      crash = at;
      writes = 0;
    },
  };
}
type World = ReturnType<typeof createWorld>;

/** Refusals that doubt may end in; anything else is a fault. */
const refusals = ["DeniedError", "LaneBusyError", "RequestExecutedError"];
const whileNodesLag = ["StaleChainError", "GateNotReadyError", "StateMismatchError"];

async function attempt(world: World, signer: Signer, asked: Ask, allowed: readonly string[]) {
  try {
    const request = requestOf(asked);
    const signed = await signer.sign(request);
    world.ids.set(signed.digest, request.id);
    expect(world.calls.get(signed.digest)?.seq).toBe(signed.seq);
  } catch (error) {
    const { name, message } = error as BaseError;
    if (![...refusals, ...allowed].includes(name) && message !== "crash") throw error;
  }
}

const isLagging = ({ latest, finalized, isFork }: Lag) => latest + finalized > 0 || isFork;
/** A reorganisation has taken the chain back to an earlier time, until the next block or so. */
const isBack = ({ chain, forks }: World) => forks.some(({ time }) => time > chain.tip().time);

async function run(world: World, next: Step): Promise<void> {
  const { chain, signers, unlocked, calls, forks } = world;
  switch (next.do) {
    case "sign": {
      world.answerFrom(next.lag);
      world.crashAt(next.crash);
      const allowed = isLagging(next.lag)
        ? whileNodesLag
        : isBack(world)
          ? ["StaleChainError"]
          : [];
      await attempt(world, signers[next.signer] as Signer, next, allowed);
      world.crashAt(undefined);
      world.answerTruly();
      return;
    }
    case "race":
      await Promise.all(
        next.asks.map((each) =>
          attempt(world, unlocked[each.signer] as Signer, each, [
            "LaneConflictError",
            ...(isBack(world) ? ["StaleChainError"] : []),
          ]),
        ),
      );
      return;
    case "glance":
      world.glanceFrom(next.glance);
      for (const each of [signers, unlocked]) (each[next.signer] as Signer).prepare();
      return;
    case "mine": {
      const known = [...calls.values()];
      const picked =
        next.picks === "all"
          ? known.toSorted((a, b) => Number(a.seq - b.seq))
          : next.picks.map((pick) => known[pick % known.length]).filter((call) => !!call);
      chain.mine(BigInt(next.seconds), picked);
      return;
    }
    case "reorganise":
      forks.push(chain.tip());
      chain.reorganise(next.depth);
      return;
    case "finalize":
      chain.finalize(next.count);
  }
}

/** What the signer must tell of a call, by the model alone. */
function truthOf({ chain, calls }: World) {
  const executed = new Map(chain.executed().map(({ call, isFinal }) => [call.digest, isFinal]));
  const live = new Set(chain.live([...calls.values()]).map(({ digest }) => digest));
  return (digest: Hex): TransitionStatus => {
    const isFinal = executed.get(digest);
    if (isFinal !== undefined) return isFinal ? "final" : "landed";
    return live.has(digest) ? "inFlight" : "dead";
  };
}

async function assertSafe(world: World): Promise<void> {
  const { chain, calls, signers, ids } = world;
  const known = [...calls.values()];

  const live = chain.live(known).map(({ seq }) => seq);
  expect(new Set(live).size, "one live digest for each sequence number").toBe(live.length);

  const executed = chain.executed().map(({ call }) => call);
  const spent = executed.reduce((sum, call) => sum + amountOf(call), 0n);
  expect(spent <= CAPACITY, "the budget holds").toBe(true);
  const done = executed.map(({ digest }) => ids.get(digest)).filter((id) => id !== undefined);
  expect(new Set(done).size, "an id is executed once").toBe(done.length);

  // An up-to-date node: the record opens whatever state the lane stands at.
  const standing = await (signers[0] as Signer).standing();
  const truth = truthOf(world);
  for (const call of known) expect(standing.statusOf(call)).toBe(truth(call.digest));
  const awaited = standing.inFlight.reduce((sum, call) => sum + amountOf(call), 0n);
  expect(standing.levels[0]?.level).toBe(spent + awaited);
  expect(standing.latestSeq).toBe(chain.tip().lane.seq);
  expect(standing.nextSeq).toBe(standing.latestSeq + BigInt(standing.inFlight.length));
}

/** Everything settles by itself: after the last deadline the lane is free, whatever happened before. */
async function assertRecovers(world: World): Promise<void> {
  const { chain, calls } = world;
  chain.mine(
    1n,
    [...calls.values()].toSorted((a, b) => Number(a.seq - b.seq)),
  );
  // Past the deadlines of forks too that were ahead of the chain.
  chain.mine(10n * MAX_DELAY);
  chain.finalize(chain.blocks.length);
  const signer = world.restarted();
  const { inFlight, landed, levels } = await signer.standing();
  expect([...inFlight, ...landed]).toEqual([]);
  if ((levels[0]?.level ?? 0n) >= CAPACITY) return;
  const signed = await signer.sign(transfer(1n));
  expect(chain.mine(12n, [signed])).toHaveLength(1);
}

describe("whatever chain, nodes and processes do", () => {
  test("one live digest for each sequence number, no budget spent twice, every state known", async () => {
    const seen = { final: 0, dead: 0, together: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 20, maxLength: 80, size: "max" }),
        async (steps) => {
          const world = createWorld();
          await world.store.write(
            startRecord({ ...LANE, epoch: 1, seq: 0n, state: genesis, quietUntil: 0n }),
          );
          for (const next of steps) {
            await run(world, next);
            await assertSafe(world);
          }
          await assertRecovers(world);
          const truth = truthOf(world);
          for (const digest of world.calls.keys()) {
            if (truth(digest) === "final") seen.final++;
            if (truth(digest) === "dead") seen.dead++;
          }
          seen.together += world.chain.blocks.filter(({ executed }) => executed.length > 1).length;
        },
      ),
      { numRuns: Number(process.env.LIFECYCLE_RUNS ?? 40) },
    );
    // The chains did not all stand still.
    expect(Math.min(seen.final, seen.dead, seen.together)).toBeGreaterThan(0);
  }, 600_000);
});
