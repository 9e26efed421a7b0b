import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeAction } from "../../src/chain/executeAction.ts";
import { EvidenceMissingError, QuorumMissingError } from "../../src/errors/node.ts";
import { NodeIdentity } from "../../src/keys/frost/identity.ts";
import type { AgentKey } from "../../src/keys/keys.ts";
import { paths } from "../../src/node/paths.ts";
import type { SigningNode } from "../../src/node/signingNode.ts";
import { createNodeClient } from "../../src/node/transport/nodeClient.ts";
import type { SignedGateCall } from "../../src/signer/gateCall.ts";
import type { SigningRequest } from "../../src/signer/signingRequest.ts";
import { transferPolicy } from "../chain/support/world.ts";
import { createNodeWorld, type NodeWorld, type RunningNode } from "./support/nodeWorld.ts";

let world: NodeWorld;
let honest: RunningNode[];
beforeAll(async () => {
  world = await createNodeWorld();
  honest = [await world.startNode(2), await world.startNode(3)];
});
afterAll(() => world.close());

/** Signs with a key and has the gate execute it. */
async function act(key: AgentKey, request: SigningRequest): Promise<SignedGateCall> {
  const signer = await world.signerWith(key);
  const signed = await signer.sign(request);
  await executeAction(world.submitter, { gate: world.gate, signed });
  return signed;
}

/** Node 1 as it is told, beside the honest others. */
async function withFirst(corrupt: (node: SigningNode) => SigningNode) {
  return [await world.startNode(1, { corrupt }), ...honest];
}

const kindsOf = (faults: readonly { participant: number; kind: string }[]) =>
  faults.map(({ participant, kind }) => `${participant} ${kind}`);

describe("a group of nodes", () => {
  it("signs actions that the gate executes, one after the other", async () => {
    const { key, faults } = world.keyOver([await world.startNode(1), ...honest]);
    const { deployer, balance, transfer } = world;
    const before = await balance(deployer.account.address);
    const signer = await world.signerWith(key);
    for (const amount of [900n, 40n, 700n]) {
      const signed = await signer.sign(transfer(amount));
      expect(signed.signature).toHaveLength(2 + 2 * 52);
      await executeAction(world.submitter, { gate: world.gate, signed });
    }
    expect(await balance(deployer.account.address)).toBe(before + 1_640n);
    expect(faults).toEqual([]);
  });

  it("signs the next action while the one before it is in flight", async () => {
    const { key, faults } = world.keyOver([await world.startNode(1), ...honest]);
    const { transfer, gate, submitter } = world;
    const signer = await world.signerWith(key, { maxInFlight: 2 });
    const signed = [await signer.sign(transfer(30n)), await signer.sign(transfer(31n))];
    for (const each of signed) await executeAction(submitter, { gate, signed: each });
    expect(faults).toEqual([]);
  });

  it("signs nothing that is not shown to be an action", async () => {
    const { key } = world.keyOver(honest);
    await expect(key.sign(`0x${"11".repeat(32)}`)).rejects.toThrow(EvidenceMissingError);
  });
});

describe("a node that does not do its part is worked around", () => {
  it("a node that is down", async () => {
    const nodes = await withFirst((node) => node);
    await nodes[0]?.server.close();
    const { key, faults } = world.keyOver(nodes);
    await act(key, world.transfer(21n));
    expect(kindsOf(faults)).toEqual(["1 absent"]);
  });

  it("a node that goes down between the rounds", async () => {
    const nodes = await withFirst((node) => ({
      ...node,
      sign: () => nodes[0]?.server.close().then(() => ({})) as never,
    }));
    const { key, faults } = world.keyOver(nodes);
    await act(key, world.transfer(22n));
    expect(kindsOf(faults)).toEqual(["1 absent"]);
  });

  it("a node that stalls, and it is asked last from then on", async () => {
    const nodes = await withFirst((node) => ({ ...node, sign: () => new Promise(() => {}) }));
    const { key, faults } = world.keyOver(nodes, { signMs: 8_000 });
    await act(key, world.transfer(23n));
    expect(kindsOf(faults)).toEqual(["1 absent"]);
    await act(key, world.transfer(24n));
    expect(faults).toHaveLength(1);
  });

  it("a node that was started again and has forgotten its nonces", async () => {
    const nodes = await withFirst((node) => node);
    const [first] = nodes as [RunningNode];
    const { key, faults } = world.keyOver(nodes);
    await act(key, world.transfer(25n));
    await first.server.close();
    await world.startNode(1, { port: first.port });
    await act(key, world.transfer(26n));
    expect(faults.filter(({ kind }) => kind === "cheated")).toEqual([]);
  });

  it("a node with another policy refuses, and says no more than that", async () => {
    const policy = transferPolicy(world.token);
    const stricter = { ...policy, rules: policy.rules.slice(0, 1) };
    const first = await world.startNode(1, { mandate: world.mandateOf(stricter) });
    const { key, faults } = world.keyOver([first, ...honest]);
    await act(key, world.transfer(27n));
    expect(faults).toEqual([{ participant: 1, kind: "refused", reason: "unknown-policy" }]);
  });
});

describe("a node that cheats is named and not asked again", () => {
  const wrong = (share: string) => `${share.slice(0, -1)}${share.endsWith("1") ? "2" : "1"}`;
  const cases: [string, (node: SigningNode) => SigningNode][] = [
    [
      "a wrong share",
      (node) => ({
        ...node,
        async sign(body) {
          const answer = (await node.sign(body)) as { share: string };
          return { ...answer, share: wrong(answer.share) } as never;
        },
      }),
    ],
    ["garbage instead of a share", (node) => ({ ...node, sign: async () => [] as never })],
    [
      "garbage instead of a commitment",
      (node) => ({ ...node, commit: () => ({ participant: 1, hiding: "0x02" }) as never }),
    ],
    [
      "another node's name",
      (node) => ({ ...node, commit: () => ({ ...node.commit(), participant: 2 }) }),
    ],
    [
      "a refusal that it did not sign",
      (node) => ({
        ...node,
        async sign(body) {
          const { digest } = (body as { request: { digest: `0x${string}` } }).request;
          const signature = `0x${"00".repeat(64)}` as const;
          return { participant: 1, digest, reason: "denied", signature };
        },
      }),
    ],
  ];
  it.each(cases)("%s", async (_, corrupt) => {
    const { key, faults } = world.keyOver(await withFirst(corrupt));
    await act(key, world.transfer(1n));
    expect(kindsOf(faults)).toEqual(["1 cheated"]);
    await act(key, world.transfer(2n));
    expect(faults).toHaveLength(1);
  });

  it("a share that it gave before, for another action", async () => {
    let old: unknown;
    const nodes = await withFirst((node) => ({
      ...node,
      async sign(body) {
        const fresh = await node.sign(body);
        old ??= fresh;
        return old as never;
      },
    }));
    const { key, faults } = world.keyOver(nodes);
    await act(key, world.transfer(3n));
    expect(faults).toEqual([]);
    await act(key, world.transfer(4n));
    expect(kindsOf(faults)).toEqual(["1 cheated"]);
  });

  it("when too few are left, each is named", async () => {
    const [second] = honest as [RunningNode];
    const nodes = await withFirst((node) => ({ ...node, sign: async () => "?" as never }));
    const { key } = world.keyOver([nodes[0] as RunningNode, second]);
    const signer = await world.signerWith(key);
    const error = await signer.sign(world.transfer(5n)).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(QuorumMissingError);
    expect(kindsOf(error.faults)).toEqual(["1 cheated"]);
  });
});

describe("nodes talk only to those they know", () => {
  it("a stranger gets no answer", async () => {
    const client = createNodeClient(honest[0] as RunningNode, new NodeIdentity());
    await expect(client.send(paths.commit, {}, 5_000)).rejects.toThrow("cannot be talked to");
    client.close();
  });

  it("nothing is sent to a node with another key than the pinned one", async () => {
    const { publicKey } = new NodeIdentity();
    const client = createNodeClient(
      { ...(honest[0] as RunningNode), publicKey },
      world.coordinator,
    );
    await expect(client.send(paths.commit, {}, 5_000)).rejects.toMatchObject({
      details: expect.arrayContaining(["reason: another key than the pinned one"]),
    });
    client.close();
  });

  it.each([
    ["an unknown path", "/v1/other", {}],
    ["more than a commitment takes", paths.commit, { text: "x".repeat(2_000) }],
  ])("%s is not answered", async (_, path, body) => {
    const client = createNodeClient(honest[0] as RunningNode, world.coordinator);
    await expect(client.send(path, body, 5_000)).rejects.toThrow("cannot be talked to");
    client.close();
  });

  it.each([[null], [1], ["text"], [{}], [{ request: {}, evidence: {} }], [[[[]]]]])(
    "what is no request is refused: %j",
    async (body) => {
      const client = createNodeClient(honest[0] as RunningNode, world.coordinator);
      const answer = await client.send(paths.sign, body, 5_000);
      expect(answer).toMatchObject({ participant: 2, reason: "malformed" });
      client.close();
    },
  );
});
