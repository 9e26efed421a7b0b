import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recoverAddress } from "viem";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DeniedError,
  GateNotReadyError,
  InvalidRequestError,
  LaneBusyError,
  LaneConflictError,
  StateMismatchError,
  UnknownLaneError,
} from "../../src/errors/signer.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import type { Prover } from "../../src/prover/prover.ts";
import { createFileLaneStore } from "../../src/signer/fileLaneStore.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { GateSnapshot } from "../../src/signer/gateReader.ts";
import { createSigner } from "../../src/signer/signer.ts";
import {
  type LaneRecord,
  type LaneStore,
  replaceRecord,
  startRecord,
} from "../../src/state/laneStore.ts";
import { stateCommitment } from "../../src/state/state.ts";
import { calculatorOf } from "../support/circuit.ts";
import { NOON } from "../support/mandate.ts";
import { committedTo, genesis, key, LANE, secret, transfer } from "./support/lane.ts";
import { MAX_DELAY } from "./support/modelChain.ts";

const committed = committedTo(1_500n);

/** Satisfies the true circuit for each proof but spares Groth16: these tests are about what leaves when. */
const witnessOnly: Prover = {
  name: "witness only",
  async prove(circuit, input) {
    await (await calculatorOf(circuit)).calculateFile(input);
    const { contextCommitment, challenge, fingerprint } = input as Record<string, bigint>;
    return {
      circuit,
      points: Array<bigint>(8).fill(0n),
      publicSignals: [contextCommitment, challenge, fingerprint] as bigint[],
    };
  },
  close: async () => undefined,
};

let folder: string;
let snapshot: GateSnapshot;
let store: LaneStore<SignedGateCall>;

const record = (
  overrides: Partial<LaneRecord<SignedGateCall>> = {},
): LaneRecord<SignedGateCall> => ({
  ...startRecord({ ...LANE, epoch: 1, seq: 0n, state: genesis, quietUntil: 0n }),
  ...overrides,
});

const signerOn = (
  lanes: LaneStore<SignedGateCall>,
  prover: Prover = witnessOnly,
  agent = key,
  maxInFlight = 1,
) =>
  createSigner({
    ...LANE,
    committed,
    secret,
    key: agent,
    prover,
    reader: { snapshot: async () => structuredClone(snapshot) },
    store: lanes,
    maxInFlight,
  });

/** The chain executes what was signed. */
function land(signed: SignedGateCall) {
  snapshot.lane.state = signed.proof.stateNew;
  snapshot.lane.seq = signed.seq + 1n;
  snapshot.lane.lastTime = signed.proof.time;
}

/** Blocks pass; the finalized one lags behind. */
function pass(seconds: bigint, finalizedLag = 60n) {
  snapshot.time += seconds;
  snapshot.finalizedTime = snapshot.time - finalizedLag;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-signer-"));
  store = createFileLaneStore(folder, await SealIdentity.generate());
  await store.write(record());
  snapshot = {
    time: NOON,
    finalizedTime: NOON - 60n,
    epoch: 1,
    finalized: { epoch: 1, seq: 0n, state: stateCommitment(genesis) },
    paused: false,
    maxDelay: MAX_DELAY,
    agent: { ...key.onchain },
    lane: {
      policy: committed.commitment,
      state: stateCommitment(genesis),
      epoch: 1,
      seq: 0n,
      lastTime: NOON - 100n,
    },
    prices: [],
  };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("what it signs", () => {
  test("an allowed action, with the agent's key, over the digest of the gate call", async () => {
    const signed = await signerOn(store).sign(transfer(1_000n));
    expect(await recoverAddress({ hash: signed.digest, signature: signed.signature })).toBe(
      key.address,
    );
    expect(signed).toMatchObject({
      seq: 0n,
      epoch: 1,
      proof: { time: NOON, deadline: NOON + MAX_DELAY },
    });
  });

  test("a second action on top of the first, once it has landed", async () => {
    const signer = signerOn(store);
    land(await signer.sign(transfer(1_000n)));
    pass(12n);
    expect((await signer.sign(transfer(500n))).seq).toBe(1n);
  });

  test("actions on top of those in flight, as the circuit accepts it and the budget allows", async () => {
    const signer = signerOn(store, witnessOnly, key, 3);
    const first = await signer.sign(transfer(1_000n));
    const second = await signer.sign(transfer(300n));
    expect([first.seq, second.seq]).toEqual([0n, 1n]);
    await expect(signer.sign(transfer(201n))).rejects.toThrow(DeniedError);
    expect((await signer.sign(transfer(200n))).seq).toBe(2n);
  });

  test("nothing past the budget that the first action used up", async () => {
    const signer = signerOn(store);
    land(await signer.sign(transfer(1_000n)));
    pass(12n);
    await expect(signer.sign(transfer(501n))).rejects.toThrow(DeniedError);
  });

  test("nothing that no rule allows; the denial names restriction, limit and observed value", async () => {
    await expect(signerOn(store).sign(transfer(1_001n))).rejects.toThrow(
      /rule transfer, amount: amount is at most 1,000; observed 1,001/,
    );
    expect((await store.read(LANE))?.pending).toEqual([]);
  });

  test("nothing that lives longer than the gate allows", async () => {
    for (const validFor of [0n, MAX_DELAY + 1n]) {
      await expect(signerOn(store).sign({ ...transfer(1n), validFor })).rejects.toThrow(
        InvalidRequestError,
      );
    }
  });
});

describe("one live digest for each sequence number", () => {
  test("the same request gets the same signed call", async () => {
    const signer = signerOn(store);
    const first = await signer.sign(transfer(1n));
    pass(10n);
    expect(await signer.sign(transfer(1n))).toEqual(first);
  });

  test("another request is refused until a finalized block is past the deadline", async () => {
    const signer = signerOn(store);
    const first = await signer.sign(transfer(1n));
    snapshot.time = first.proof.deadline + 100n;
    snapshot.finalizedTime = first.proof.deadline;
    await expect(signer.sign(transfer(2n))).rejects.toThrow(LaneBusyError);
    snapshot.finalizedTime = first.proof.deadline + 1n;
    const second = await signer.sign(transfer(2n));
    expect(second.seq).toBe(first.seq);
    expect(second.digest).not.toBe(first.digest);
  });

  test("the same request is not signed anew while the first could be in an unfinalized block", async () => {
    const signer = signerOn(store);
    const first = await signer.sign(transfer(1n));
    snapshot.time = first.proof.deadline + 1n;
    snapshot.finalizedTime = first.proof.deadline - 1n;
    await expect(signer.sign(transfer(1n))).rejects.toThrow(LaneBusyError);
  });

  test("many requests at once: one is signed, the others are refused", async () => {
    const signers = [signerOn(store), signerOn(store), signerOn(store)];
    const results = await Promise.allSettled(
      signers.map((signer, i) => signer.sign(transfer(BigInt(i + 1)))),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toBeInstanceOf(LaneBusyError);
    }
  });

  test("a record rebuilt from the chain stays quiet while forgotten signatures could land", async () => {
    await replaceRecord(store, record({ quietUntil: NOON + MAX_DELAY }));
    await expect(signerOn(store).sign(transfer(1n))).rejects.toThrow(LaneBusyError);
    pass(MAX_DELAY + 61n);
    await signerOn(store).sign(transfer(1n));
  });
});

describe("durable before released", () => {
  /** A store that dies at its nth write. */
  const failingAt = (n: number): LaneStore<SignedGateCall> => {
    let writes = 0;
    return {
      ...store,
      write: async (entry) => {
        if (++writes === n) throw new Error("disk full");
        return store.write(entry);
      },
    };
  };

  test("no signature is made when the transition cannot be written", async () => {
    let signatures = 0;
    const counting = {
      ...key,
      kind: key.kind,
      address: key.address,
      onchain: key.onchain,
      sign: (digest: `0x${string}`) => {
        signatures++;
        return key.sign(digest);
      },
      close: async () => undefined,
    };
    await expect(signerOn(failingAt(1), witnessOnly, counting).sign(transfer(1n))).rejects.toThrow(
      "disk full",
    );
    expect(signatures).toBe(0);
    expect((await store.read(LANE))?.pending).toEqual([]);
  });

  test("a crash after the transition is written leaves one digest, which the same request completes", async () => {
    await expect(signerOn(failingAt(2)).sign(transfer(1n))).rejects.toThrow("disk full");
    const reserved = (await store.read(LANE))?.pending[0];
    await expect(signerOn(store).sign(transfer(2n))).rejects.toThrow(LaneBusyError);
    const signed = await signerOn(store).sign(transfer(1n));
    expect(signed.digest).toBe(reserved?.digest);
    expect(await recoverAddress({ hash: signed.digest, signature: signed.signature })).toBe(
      key.address,
    );
  });

  test("whoever lost the lane while it was proving cannot sign", async () => {
    let release: () => void = () => undefined;
    const suspended = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: Prover = {
      ...witnessOnly,
      prove: async (...args) => {
        await suspended;
        return witnessOnly.prove(...args);
      },
    };
    // As after the process was stopped for so long that another one took the lock for abandoned.
    const unlocked: LaneStore<SignedGateCall> = { ...store, exclusive: (_, work) => work() };
    const late = signerOn(unlocked, slow).sign(transfer(1n));
    const first = await signerOn(unlocked).sign(transfer(2n));
    release();
    await expect(late).rejects.toThrow(LaneConflictError);
    expect((await store.read(LANE))?.pending[0]?.digest).toBe(first.digest);
  });

  test("a failed proof reserves nothing", async () => {
    const broken: Prover = {
      ...witnessOnly,
      prove: async () => {
        throw new Error("out of memory");
      },
    };
    await expect(signerOn(store, broken).sign(transfer(1n))).rejects.toThrow("out of memory");
    expect((await store.read(LANE))?.pending).toEqual([]);
  });
});

describe("doubt denies", () => {
  test.each<[string, (s: GateSnapshot) => void]>([
    [
      "paused",
      (s) => {
        s.paused = true;
      },
    ],
    [
      "another agent key",
      (s) => {
        s.agent.id = `0x${"00".repeat(31)}01`;
      },
    ],
    [
      "a revoked agent key",
      (s) => {
        s.agent.kind = 0;
      },
    ],
    [
      "another policy",
      (s) => {
        s.lane.policy += 1n;
      },
    ],
    [
      "a dead lane",
      (s) => {
        s.epoch = 2;
      },
    ],
    [
      "a lane ahead of the block",
      (s) => {
        s.lane.lastTime = s.time + 1n;
      },
    ],
  ])("the gate is not as set up: %s", async (_, change) => {
    change(snapshot);
    await expect(signerOn(store).sign(transfer(1n))).rejects.toThrow(GateNotReadyError);
  });

  test.each<[string, (s: GateSnapshot) => void]>([
    [
      "another state",
      (s) => {
        s.lane.state += 1n;
      },
    ],
    [
      "an action nobody here signed",
      (s) => {
        s.lane.seq = 1n;
      },
    ],
    [
      "another epoch",
      (s) => {
        s.epoch = 2;
        s.lane.epoch = 2;
      },
    ],
  ])("the record is not what stands on-chain: %s", async (_, change) => {
    change(snapshot);
    await expect(signerOn(store).sign(transfer(1n))).rejects.toThrow(StateMismatchError);
  });

  test("a lane that a rotation left out is told so", async () => {
    snapshot.epoch = 2;
    await expect(signerOn(store).standing()).rejects.toThrow(
      "the rotation to epoch 2 did not name the lane",
    );
  });

  test("a pending transition that landed with another state is no match", async () => {
    const signer = signerOn(store);
    const signed = await signer.sign(transfer(1n));
    land(signed);
    snapshot.lane.state += 1n;
    await expect(signer.sign(transfer(1n))).rejects.toThrow(StateMismatchError);
  });

  test("a lane without a record", async () => {
    await rm(folder, { recursive: true });
    await expect(signerOn(store).sign(transfer(1n))).rejects.toThrow(UnknownLaneError);
  });

  test("a chain that cannot be read", async () => {
    const signer = createSigner({
      ...LANE,
      committed,
      secret,
      key,
      prover: witnessOnly,
      reader: {
        snapshot: async () => {
          throw new Error("timeout");
        },
      },
      store,
    });
    await expect(signer.sign(transfer(1n))).rejects.toThrow("timeout");
  });
});

test("checking signs and reserves nothing", async () => {
  const verdict = await signerOn(store).check(transfer(1_000n));
  expect(verdict).toMatchObject({ allowed: true, circuit: "gate", amount: 1_000n });
  expect((await store.read(LANE))?.pending).toEqual([]);
});
