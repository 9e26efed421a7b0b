import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import type { SigningEvidence } from "../../src/keys/evidence.ts";
import { splitKey } from "../../src/keys/frost/dealer.ts";
import type { AgentKey } from "../../src/keys/keys.ts";
import { encodePreceding, type PrecedingTransition } from "../../src/node/messages.ts";
import { paths } from "../../src/node/paths.ts";
import { SignedHistory } from "../../src/node/signedHistory.ts";
import { createNodeClient } from "../../src/node/transport/nodeClient.ts";
import { stateCommitment } from "../../src/state/state.ts";
import { range, signWith } from "../keys/frost/support.ts";
import { ask, shownFor } from "./support/attacker.ts";
import { createNodeWorld, type NodeWorld, type RunningNode } from "./support/nodeWorld.ts";

let world: NodeWorld;
let nodes: [RunningNode, RunningNode, RunningNode];
beforeAll(async () => {
  world = await createNodeWorld();
  nodes = [await world.startNode(1), await world.startNode(2), await world.startNode(3)];
});
afterAll(() => world.close());

const kindsOf = (faults: readonly { participant: number; kind: string }[]) =>
  faults.map(({ participant, kind }) => `${participant} ${kind}`);

/** Tells a node, as a coordinator, of a transition. */
async function show(node: RunningNode, shown: unknown): Promise<{ digest?: Hex; reason?: string }> {
  const client = createNodeClient(node, world.coordinator);
  try {
    return (await client.send(paths.preceding, shown, 20_000)) as { digest?: Hex; reason?: string };
  } finally {
    client.close();
  }
}

/** A key that notes what it signs, as the coordinator does. */
function noting(key: AgentKey) {
  const noted: PrecedingTransition[] = [];
  const digests: Hex[] = [];
  const noter: AgentKey = {
    ...{ kind: key.kind, address: key.address, onchain: key.onchain },
    async sign(digest, evidence) {
      const signature = await key.sign(digest, evidence);
      noted.push(precedingOf(evidence as SigningEvidence, signature));
      digests.push(digest);
      return signature;
    },
    close: () => key.close(),
  };
  return { noter, noted, digests };
}

function precedingOf(evidence: SigningEvidence, signature: Hex): PrecedingTransition {
  const history = new SignedHistory();
  history.add(evidence, signature);
  const { seq, proof } = evidence;
  return history.before({
    ...evidence,
    seq: seq + 1n,
    stateOld: proof.stateNew,
  }) as PrecedingTransition;
}

describe("what a node takes for signed by its group", () => {
  /** A transition that nodes 1 and 2 have signed; what was in flight before it is dead. */
  async function signedByOthers(amount: bigint) {
    await world.local.advance(301);
    const { noter, noted, digests } = noting(world.keyOver(nodes.slice(0, 2)).key);
    const signer = await world.signerWith(noter);
    const signed = await signer.sign(world.transfer(amount));
    const [shown] = noted as [PrecedingTransition];
    const [digest] = digests as [Hex];
    return { signed, shown, digest };
  }

  let shown: PrecedingTransition;
  let digest: Hex;
  beforeAll(async () => {
    ({ shown, digest } = await signedByOthers(10n));
  });

  type Change = (preceding: PrecedingTransition) => Partial<PrecedingTransition>;
  const claim =
    (claims: Partial<PrecedingTransition["proof"]>): Change =>
    ({ proof }) => ({
      proof: { ...proof, ...claims },
    });
  it.each<[string, Change, string]>([
    ["no signature of anyone", () => ({ signature: `0x${"11".repeat(52)}` }), "wrong-signature"],
    ["another state after it", claim({ stateNew: 5n }), "wrong-signature"],
    ["another commitment", claim({ contextCommitment: 5n }), "wrong-signature"],
    ["another circuit", claim({ circuit: 2 }), "wrong-signature"],
    ["a circuit that is none", claim({ circuit: 77 }), "wrong-digest"],
    ["another call", ({ call }) => ({ call: { ...call, value: 1n } }), "wrong-signature"],
    [
      "a call that no gate takes",
      ({ call }) => ({ call: { ...call, data: "0x11" } }),
      "wrong-digest",
    ],
    [
      "a longer life",
      ({ proof }) => claim({ deadline: proof.deadline + 1n })(shown),
      "wrong-signature",
    ],
    ["another time", ({ proof }) => claim({ time: proof.time + 1n })(shown), "wrong-signature"],
    ["another round of the risk feed", claim({ riskRound: 99n }), "wrong-round"],
    ["another submitter", claim({ submitter: `0x${"11".repeat(20)}` }), "wrong-signature"],
    ["another state before it", () => ({ stateOld: 5n }), "wrong-state"],
    ["the next sequence number", ({ seq }) => ({ seq: seq + 1n }), "wrong-sequence"],
    ["another epoch", () => ({ epoch: 2 }), "wrong-epoch"],
    ["another lane", claim({ lane: 1 }), "wrong-state"],
    ["a lane that is not there", claim({ lane: 2 }), "wrong-epoch"],
    ["another gate", () => ({ gate: `0x${"11".repeat(20)}` }), "unknown-gate"],
    ["another chain", () => ({ chainId: 1 }), "unknown-gate"],
  ])("is not one with %s", async (_, change, reason) => {
    const changed = { ...shown, ...change(shown) };
    expect(await show(nodes[2], encodePreceding(changed))).toMatchObject({ reason });
  });

  it("is not one of another lane, even beside that lane's state", async () => {
    const { lane } = await world.reader.snapshot({ lane: 1, priceFeeds: [] });
    expect(lane.seq).toBe(shown.seq);
    const proof = { ...shown.proof, lane: 1 };
    const moved = encodePreceding({ ...shown, proof, stateOld: lane.state });
    expect(await show(nodes[2], moved)).toMatchObject({ reason: "wrong-signature" });
  });

  it("is not one with another group's signature", async () => {
    const dealt = splitKey(new Uint8Array(32).fill(3), { threshold: 2, participants: range(3) });
    const members = new Map(
      dealt.shares.map((share) => [share.participant, { group: dealt.group, share }]),
    );
    const signature = await signWith(dealt.group, members, [1, 2], digest);
    const forged = encodePreceding({ ...shown, signature });
    expect(await show(nodes[2], forged)).toMatchObject({ reason: "wrong-signature" });
  });

  it.each([[null], [1], [{}], [[]]])("is not %j", async (body) => {
    expect(await show(nodes[2], body)).toMatchObject({ reason: "malformed" });
  });

  it("is a transition with the group's signature, once and again", async () => {
    expect(await show(nodes[2], encodePreceding(shown))).toEqual({ digest });
    expect(await show(nodes[2], encodePreceding(shown))).toEqual({ digest });
    // One that has signed it knows it.
    expect(await show(nodes[1], encodePreceding(shown))).toEqual({ digest });
  });

  it("binds it: it signs no other digest for the sequence number, started again or not", async () => {
    const rival = await shownFor(world, world.transfer(11n));
    expect(rival.evidence.seq).toBe(shown.seq);
    expect(await ask(world, nodes[2], rival)).toMatchObject({ reason: "already-signed" });
    await nodes[2].server.close();
    nodes[2] = await world.startNode(3);
    expect(await ask(world, nodes[2], rival)).toMatchObject({ reason: "already-signed" });
  });

  it("is not one in whose place it has signed another", async () => {
    const { shown: theirs } = await signedByOthers(12n);
    const rival = await shownFor(world, world.transfer(13n));
    expect((await ask(world, nodes[2], rival)).share).toBeDefined();
    expect(await show(nodes[2], encodePreceding(theirs))).toMatchObject({
      reason: "already-signed",
    });
  });

  it("is not one that has landed, or that can land no more", async () => {
    const { shown: dead } = await signedByOthers(14n);
    const { shown: landed, signed } = await signedByOthers(15n);
    expect(await show(nodes[2], encodePreceding(dead))).toMatchObject({
      reason: "wrong-deadline",
    });
    await executeAction(world.submitter, { gate: world.gate, signed });
    expect(await show(nodes[2], encodePreceding(landed))).toMatchObject({
      reason: "wrong-sequence",
    });
  });

  it("in order only: the second is taken after the first", async () => {
    const { noter, noted } = noting(world.keyOver(nodes.slice(0, 2)).key);
    await world.local.advance(301);
    const signer = await world.signerWith(noter, { maxInFlight: 2 });
    await signer.sign(world.transfer(16n));
    await signer.sign(world.transfer(17n));
    const [first, second] = noted.map(encodePreceding);
    expect(noted[1]?.stateOld).toBe(noted[0]?.proof.stateNew);
    expect(await show(nodes[2], second)).toMatchObject({ reason: "wrong-sequence" });
    expect((await show(nodes[2], first)).digest).toBeDefined();
    expect((await show(nodes[2], second)).digest).toBeDefined();
  });

  it("has the commitment of the state that the evidence opens", async () => {
    const { evidence } = await shownFor(world, world.transfer(16n));
    expect(precedingOf(evidence, "0x").stateOld).toBe(stateCommitment(evidence.stateOld));
  });
});

describe("a node that had no part in what is in flight", () => {
  it("signs what follows, whoever of the others is gone", async () => {
    await world.local.advance(301);
    const { key, faults } = world.keyOver(nodes);
    const signer = await world.signerWith(key, { maxInFlight: 4 });
    const { transfer, gate, submitter } = world;
    // Nodes 1 and 2; then 2 and 3, which has missed two; then 1 and 3, of which 1 has missed one.
    const signed = [await signer.sign(transfer(1n)), await signer.sign(transfer(2n))];
    await nodes[0].server.close();
    signed.push(await signer.sign(transfer(3n)));
    nodes[0] = await world.startNode(1, { port: nodes[0].port });
    await nodes[1].server.close();
    signed.push(await signer.sign(transfer(4n)));
    nodes[1] = await world.startNode(2);
    for (const each of signed) await executeAction(submitter, { gate, signed: each });
    expect(kindsOf(faults)).toEqual(["1 absent", "2 absent"]);
  });

  it("does not when its coordinator has nothing to show", async () => {
    let key = world.keyOver(nodes.slice(0, 2)).key;
    const switched: AgentKey = {
      ...{ kind: key.kind, address: key.address, onchain: key.onchain },
      sign: (digest, evidence) => key.sign(digest, evidence),
      close: () => key.close(),
    };
    const signer = await world.signerWith(switched, { maxInFlight: 2 });
    await signer.sign(world.transfer(1n));
    // As after a restart, which forgets.
    key = world.keyOver(nodes.slice(1)).key;
    await expect(signer.sign(world.transfer(2n))).rejects.toMatchObject({
      faults: [{ participant: 3, kind: "refused", reason: "wrong-sequence" }],
    });
  });
});
