import { fileURLToPath } from "node:url";
import { encodeFunctionData, erc20Abi, type Hex } from "viem";
import { signerOf } from "../../../src/cli/bench/benchGroup.ts";
import { type NodeSpawn, openGroupDesk } from "../../../src/cli/bench/groupDesk.ts";
import type { NodeFault } from "../../../src/errors/node.ts";
import type { SigningEvidence } from "../../../src/keys/evidence.ts";
import { groupKeyId } from "../../../src/keys/frost/group.ts";
import type { NonceCommitment } from "../../../src/keys/frost/nonces.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import { createGroupKey } from "../../../src/node/groupKey.ts";
import { encodeEvidence } from "../../../src/node/messages.ts";
import { paths } from "../../../src/node/paths.ts";
import { createNodeClient } from "../../../src/node/transport/nodeClient.ts";
import { createKernelProver } from "../../../src/prover/kernel/kernelProver.ts";
import type { SignerOptions } from "../../../src/signer/signer.ts";
import { openWitness } from "./groupWitness.ts";

const preload = fileURLToPath(new URL("nodePreload.ts", import.meta.url));

/** How a node's process is started so that it dies at a mark, or only does not outlive the test. */
export const spawnOf = (crashAt?: string): NodeSpawn => ({
  execArgv: ["--import", preload],
  ...(crashAt !== undefined && { env: { ZKMANDATE_TEST_CRASH_AT: crashAt } }),
});

/** What a key is shown, and a digest of it. */
export interface Shown {
  digest: Hex;
  evidence: SigningEvidence;
}

/**
 * A 2-of-3 group in processes of their own, a real prover, a gate with real verifiers, and a witness between coordinators
 * and nodes.
 */
export async function openGroupWorld() {
  const desk = await openGroupDesk({ threshold: 2, nodes: 3 });
  const witness = await openWitness(desk);
  const prover = createKernelProver();
  const keys: AgentKey[] = [];
  const { group, coordinator, gate } = desk;

  /** The group's key, over some of the nodes. */
  function keyOver(participants: readonly number[]) {
    const faults: NodeFault[] = [];
    const nodes = participants.map((id) => witness.nodes[id - 1] as (typeof witness.nodes)[0]);
    const key = createGroupKey({
      ...{ group, nodes, identity: coordinator },
      // A dead node is known at once; one that is alive may be slow on a busy machine.
      ...{ commitMs: 30_000, signMs: 60_000 },
      onFault: (fault) => faults.push(fault),
    });
    keys.push(key);
    return { key, faults };
  }

  return {
    desk,
    witness,
    keyOver,
    /** A signer whose record is made from the chain. */
    signerWith: (key: AgentKey, options?: Pick<SignerOptions, "maxInFlight">) =>
      signerOf(desk, key, prover, options),
    /** Proves an action for the state that stands on the chain, and signs nothing. */
    async shownFor(amount: bigint): Promise<Shown> {
      let shown: Shown | undefined;
      const key: AgentKey = {
        ...{ kind: "schnorr", address: gate, onchain: { kind: 2, id: groupKeyId(group) } },
        async sign(digest, evidence) {
          if (evidence) shown = { digest, evidence };
          throw new Error("kept");
        },
        close: async () => undefined,
      };
      const signer = await signerOf(desk, key, prover);
      await signer.sign(desk.transfer(amount)).catch(() => undefined);
      if (!shown) throw new Error("the signer showed nothing");
      return shown;
    },
    /** The same with another amount in its calldata, and with a proof of nothing. */
    spoiled(
      { digest, evidence }: Shown,
      to: Hex,
      amount: bigint,
    ): [denied: Shown, badProof: Shown] {
      const data = encodeFunctionData({
        abi: erc20Abi,
        functionName: "transfer",
        args: [to, amount],
      });
      const { call, proof } = evidence;
      return [
        { digest, evidence: { ...evidence, call: { ...call, data } } },
        { digest, evidence: { ...evidence, proof: { ...proof, points: Array(8).fill(0n) } } },
      ];
    },
    /** Asks one node for its share beside another's. */
    async ask(
      participant: number,
      beside: number,
      { digest, evidence }: Shown,
    ): Promise<{ share?: Hex; reason?: string }> {
      const clients = [participant, beside]
        .toSorted((a, b) => a - b)
        .map((id) => ({
          id,
          client: createNodeClient(witness.nodes[id - 1] as (typeof witness.nodes)[0], coordinator),
        }));
      try {
        const commitments: NonceCommitment[] = [];
        for (const { client } of clients) {
          commitments.push((await client.send(paths.commit, {}, 10_000)) as NonceCommitment);
        }
        const { epoch } = group;
        const request = { key: groupKeyId(group), epoch, digest, commitments };
        const asked = clients.find(({ id }) => id === participant)?.client;
        const body = { request, evidence: encodeEvidence(evidence) };
        return (await asked?.send(paths.sign, body, 20_000)) as { share?: Hex; reason?: string };
      } finally {
        for (const { client } of clients) client.close();
      }
    },
    async close() {
      await Promise.all(keys.map((key) => key.close()));
      await witness.close();
      await prover.close();
      await desk.close();
    },
  };
}
export type GroupWorld = Awaited<ReturnType<typeof openGroupWorld>>;
