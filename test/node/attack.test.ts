/**
 * An attacker who holds one node's share and identity, and all of the coordinator's: key, policy, state secret, prover.
 * It asks the honest nodes 2 and 3 for the one share that it lacks.
 */
import { type Hex, keccak256 } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { circuits } from "../../src/action/circuits.ts";
import { challenge, gatedActionDigest } from "../../src/action/digest.ts";
import { executeAction } from "../../src/chain/executeAction.ts";
import type { SigningEvidence } from "../../src/keys/evidence.ts";
import { commitPolicy } from "../../src/policy/commitment.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { actionSalt } from "../../src/state/salt.ts";
import { bindTransition, circuitInput } from "../../src/witness/witness.ts";
import { transferPolicy } from "../chain/support/world.ts";
import { type Answer, ask, type Shown, shownFor } from "./support/attacker.ts";
import { createNodeWorld, type NodeWorld, type RunningNode, SECRET } from "./support/nodeWorld.ts";

let world: NodeWorld;
let nodes: [RunningNode, RunningNode];
beforeAll(async () => {
  world = await createNodeWorld();
  nodes = [await world.startNode(2), await world.startNode(3)];
});
afterAll(() => world.close());

/** What both honest nodes say. */
async function askBoth(shown: Shown): Promise<Answer[]> {
  return [await ask(world, nodes[0], shown), await ask(world, nodes[1], shown)];
}

async function expectRefused(shown: Shown, reason: string): Promise<void> {
  for (const answer of await askBoth(shown)) {
    expect(answer.share).toBeUndefined();
    expect(answer.reason).toBe(reason);
  }
}

/** The digest and everything it covers, computed as the gate does, for whatever the evidence says. */
function digestOf(evidence: SigningEvidence): Shown {
  const { chainId, gate, epoch, seq, call, proof, stateOld } = evidence;
  const action = { chainId, gate, ...call };
  const { lane, time, deadline, submitter } = proof;
  // A policy that allows everything that it can, as if it were the lane's.
  const policy = transferPolicy(world.token);
  const open = commitPolicy({
    ...policy,
    rules: policy.rules.map((rule) => ({
      ...rule,
      chainId,
      targetLo: "0x0000000000000000000000000000000000000000",
      targetHi: "0xffffffffffffffffffffffffffffffffffffffff",
      limitAgent: 2n ** 127n,
      limitQuorum: 2n ** 127n,
    })),
    budgets: policy.budgets.map((budget) => ({ ...budget, capacity: 2n ** 140n })),
  });
  const feeds = {
    priceFeed: proof.priceFeed,
    priceAnswer: 0n,
    priceUpdatedAt: 0n,
    riskAnswer: 40n,
  };
  const verdict = evaluate(open.policy, {
    action,
    time,
    feeds,
    levels: stateOld.levels,
    tier: "gate",
  });
  if (!verdict.allowed) throw new Error("the attacker's own policy denies");
  const transition = {
    circuit: "gate" as const,
    action,
    time,
    feeds,
    committed: { ...open, commitment: world.committed.commitment },
    ruleIndex: verdict.ruleIndex,
    stateOld,
    stateNew: {
      levels: verdict.levels,
      salt: actionSalt(SECRET, { lane, epoch, seq, time, action }),
    },
  };
  const { context, contextHash, contextCommitment } = bindTransition(transition);
  const digest = gatedActionDigest(chainId, gate, {
    circuit: circuits.gate.id,
    contextHash,
    lane,
    epoch,
    seq,
    dataHash: keccak256(call.data),
    deadline,
    submitter,
    contextCommitment,
  });
  const stateNew = context.stateNew;
  return { digest, evidence: { ...evidence, proof: { ...proof, stateNew, contextCommitment } } };
}

describe("an attacker with a node's share and the coordinator gets no share outside the policy", () => {
  it("for an amount above the limit, however the digest is made", async () => {
    const { evidence } = await shownFor(world, world.transfer(10n));
    const call = { ...evidence.call, data: world.transfer(1_000_000n).data };
    await expectRefused(digestOf({ ...evidence, call }), "denied");
  });

  it("for a target or value that no rule names", async () => {
    const { evidence } = await shownFor(world, world.transfer(10n));
    const { data } = evidence.call;
    const stolen = { target: world.gate, value: 0n, data };
    await expectRefused(digestOf({ ...evidence, call: stolen }), "denied");
  });

  it("for a digest that is not the action's: whatever it is, the nodes would sign blindly", async () => {
    const { evidence } = await shownFor(world, world.transfer(11n));
    await expectRefused({ digest: `0x${"ab".repeat(32)}`, evidence }, "wrong-digest");
  });

  it.each<[string, (evidence: SigningEvidence) => Partial<SigningEvidence["proof"]>]>([
    ["another submitter", () => ({ submitter: world.deployer.account.address })],
    ["another round of the risk feed", ({ proof }) => ({ riskRound: proof.riskRound + 1n })],
    ["another state after it", ({ proof }) => ({ stateNew: proof.stateNew + 1n })],
    ["another commitment", ({ proof }) => ({ contextCommitment: proof.contextCommitment + 1n })],
    ["another circuit", () => ({ circuit: circuits.wide.id })],
    ["a later time", ({ proof }) => ({ time: proof.time + 100n, deadline: proof.deadline + 100n })],
    ["an earlier time", ({ proof }) => ({ time: proof.time - 400n })],
    ["a longer life", ({ proof }) => ({ deadline: proof.deadline + 1n })],
    ["another lane", () => ({ lane: 1 })],
  ])("when the evidence claims %s", async (_, change) => {
    const { digest, evidence } = await shownFor(world, world.transfer(12n));
    const changed = { ...evidence, proof: { ...evidence.proof, ...change(evidence) } };
    for (const answer of await askBoth({ digest, evidence: changed })) {
      expect(answer.share).toBeUndefined();
      expect(answer.reason).toMatch(/^wrong-/);
    }
  });

  it.each<[string, (evidence: SigningEvidence) => Partial<SigningEvidence>, string]>([
    ["budgets that are emptier than the lane's", emptied, "wrong-state"],
    ["a sequence number after the lane's", ({ seq }) => ({ seq: seq + 1n }), "wrong-sequence"],
    ["another epoch", () => ({ epoch: 2 }), "wrong-epoch"],
    ["another gate", () => ({ gate: world.token }), "unknown-gate"],
    ["another chain", () => ({ chainId: 1 }), "unknown-gate"],
  ])("when the evidence claims %s", async (_, change, reason) => {
    const { evidence } = await shownFor(world, world.transfer(13n));
    await expectRefused(digestOf({ ...evidence, ...change(evidence) }), reason);
  });

  it("with the proof of another action, or none", async () => {
    const other = await shownFor(world, world.transfer(14n));
    const { digest, evidence } = await shownFor(world, world.transfer(15n));
    for (const points of [other.evidence.proof.points, Array<bigint>(8).fill(0n)]) {
      const proof = { ...evidence.proof, points };
      await expectRefused({ digest, evidence: { ...evidence, proof } }, "invalid-proof");
    }
  });

  it("with a true proof under a policy of its own", async () => {
    const mine = { ...world.committed.policy, salt: 99n };
    const committed = commitPolicy(mine);
    const { evidence } = await shownFor(world, world.transfer(16n));
    const { call, proof, stateOld, seq, epoch } = evidence;
    const action = { ...world.lane, ...call };
    const verdict = evaluate(mine, {
      action,
      time: proof.time,
      feeds: { priceFeed: proof.priceFeed, priceAnswer: 0n, priceUpdatedAt: 0n, riskAnswer: 40n },
      levels: stateOld.levels,
      tier: "gate",
    });
    if (!verdict.allowed) throw new Error("denied");
    const { time, deadline, submitter, lane } = proof;
    const transition = {
      circuit: verdict.circuit,
      action,
      time,
      feeds: verdict.feeds,
      committed,
      ruleIndex: verdict.ruleIndex,
      stateOld,
      stateNew: {
        levels: verdict.levels,
        salt: actionSalt(SECRET, { lane, epoch, seq, time, action }),
      },
    };
    const binding = bindTransition(transition);
    const { contextHash, contextCommitment } = binding;
    const digest = gatedActionDigest(evidence.chainId, evidence.gate, {
      circuit: proof.circuit,
      contextHash,
      lane,
      epoch,
      seq,
      dataHash: keccak256(call.data),
      deadline,
      submitter,
      contextCommitment,
    });
    const input = circuitInput(transition, binding, challenge(digest));
    const { points } = await world.prover.prove(verdict.circuit, input);
    await expectRefused(
      { digest, evidence: { ...evidence, proof: { ...proof, contextCommitment, points } } },
      "wrong-digest",
    );
  });

  it("and none while the gate is paused", async () => {
    const shown = await shownFor(world, world.transfer(17n));
    const snapshot = await world.local.control.snapshot();
    await world.pause();
    await expectRefused(shown, "paused");
    await world.local.control.revert({ id: snapshot });
  });
});

describe("what the attacker may have is what any coordinator may have", () => {
  it("a share of an allowed action, each nonce once, and no second digest for its sequence number", async () => {
    const shown = await shownFor(world, world.transfer(20n));
    const first = await ask(world, nodes[0], shown);
    expect(first.share).toBeDefined();

    const replayed = await ask(world, nodes[0], shown, { commitment: first.commitment });
    expect(replayed).toMatchObject({ share: undefined, reason: "wrong-round-two" });

    const rival = await shownFor(world, world.transfer(21n));
    expect(rival.evidence.seq).toBe(shown.evidence.seq);
    expect(rival.digest).not.toBe(shown.digest);
    expect(await ask(world, nodes[0], rival)).toMatchObject({ reason: "already-signed" });
    // Nor once the node was started again.
    await nodes[0].server.close();
    nodes[0] = await world.startNode(2);
    expect(await ask(world, nodes[0], rival)).toMatchObject({ reason: "already-signed" });

    // The same digest again is no second one.
    expect((await ask(world, nodes[0], shown)).share).toBeDefined();
  });

  it("another digest once the first can land no more", async () => {
    const old = await shownFor(world, world.transfer(22n));
    await world.local.advance(301);
    const { digest, evidence } = await shownFor(world, world.transfer(23n));
    expect(evidence.seq).toBe(old.evidence.seq);
    expect((await ask(world, nodes[0], { digest, evidence })).share).toBeDefined();
    await expectRefused(old, "wrong-time");
  });

  it("nothing for an action that was executed", async () => {
    await world.local.advance(301);
    const { key } = world.keyOver(nodes);
    const shown: { digest?: Hex; evidence?: SigningEvidence } = {};
    const signer = await world.signerWith({
      ...{ kind: key.kind, address: key.address, onchain: key.onchain },
      sign(digest, evidence) {
        Object.assign(shown, { digest, evidence });
        return key.sign(digest, evidence);
      },
      close: () => key.close(),
    });
    const signed = await signer.sign(world.transfer(24n));
    await executeAction(world.submitter, { gate: world.gate, signed });
    await expectRefused(shown as Shown, "wrong-sequence");
  });
});

describe("two coordinators at once", () => {
  it("get one signature for a sequence number, or none", async () => {
    await world.local.advance(301);
    const all = [await world.startNode(1), ...nodes];
    const attempts = await Promise.allSettled(
      [31n, 32n, 33n].map(async (amount, i) => {
        const order = [...all.slice(i), ...all.slice(0, i)];
        const signer = await world.signerWith(world.keyOver(order).key);
        return signer.sign(world.transfer(amount));
      }),
    );
    const signed = attempts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(signed.length).toBeLessThanOrEqual(1);
    for (const each of signed) {
      await executeAction(world.submitter, { gate: world.gate, signed: each });
    }
  });

  it("both get the signature of the same digest", async () => {
    await world.local.advance(301);
    const shown = await shownFor(world, world.transfer(34n));
    const keys = [world.keyOver(nodes).key, world.keyOver(nodes).key];
    const signatures = await Promise.all(keys.map((key) => key.sign(shown.digest, shown.evidence)));
    expect(new Set(signatures).size).toBe(2);
  });
});

function emptied({ stateOld }: SigningEvidence): Partial<SigningEvidence> {
  const levels = stateOld.levels.map(({ last }) => ({ level: 0n, last: last - 1n }));
  return { stateOld: { ...stateOld, levels } };
}
