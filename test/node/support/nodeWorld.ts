import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Address, encodeFunctionData, zeroAddress } from "viem";
import { deployContract } from "../../../src/chain/deployContract.ts";
import { deployGate } from "../../../src/chain/deployGate.ts";
import { deployTimelock } from "../../../src/chain/deployTimelock.ts";
import { deployVerifiers } from "../../../src/chain/deployVerifiers.ts";
import { createGateReader } from "../../../src/chain/gateReader.ts";
import { pause } from "../../../src/chain/pause.ts";
import { recoverState } from "../../../src/chain/recoverState.ts";
import { laneGenesis } from "../../../src/chain/rotation.ts";
import { demoFeedAbi } from "../../../src/cli/demo/abi/demoFeed.ts";
import { demoTokenAbi } from "../../../src/cli/demo/abi/demoToken.ts";
import { demoFeedBytecode } from "../../../src/cli/demo/bytecode/demoFeed.ts";
import { demoTokenBytecode } from "../../../src/cli/demo/bytecode/demoToken.ts";
import { createLocalChain } from "../../../src/cli/demo/localChain.ts";
import type { NodeFault } from "../../../src/errors/node.ts";
import { splitKey } from "../../../src/keys/frost/dealer.ts";
import { createFileNonceStore } from "../../../src/keys/frost/fileNonceStore.ts";
import { groupKeyId, type KeyShare } from "../../../src/keys/frost/group.ts";
import { NodeIdentity } from "../../../src/keys/frost/identity.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import { SealIdentity } from "../../../src/keys/sealed.ts";
import { createGroupKey, type GroupNode } from "../../../src/node/groupKey.ts";
import type { NodeMandate } from "../../../src/node/judge.ts";
import { serveNode } from "../../../src/node/serveNode.ts";
import { createFileSignedStore } from "../../../src/node/signedStore.ts";
import {
  createSigningNode,
  type NodeDecision,
  type SigningNode,
} from "../../../src/node/signingNode.ts";
import type { NodeServer } from "../../../src/node/transport/nodeServer.ts";
import { commitPolicy } from "../../../src/policy/commitment.ts";
import type { Policy } from "../../../src/policy/policy.ts";
import { createKernelProver } from "../../../src/prover/kernel/kernelProver.ts";
import { verifyProof } from "../../../src/prover/verify.ts";
import { createFileLaneStore } from "../../../src/signer/fileLaneStore.ts";
import { createSigner, type SignerOptions } from "../../../src/signer/signer.ts";
import { CHAIN_ID, SECRET, transferPolicy } from "../../chain/support/world.ts";

export { CHAIN_ID, SECRET };

/** How a node of the world is not like the others. */
export interface NodeSetup {
  mandate?: NodeMandate;
  port?: number;
  /** What stands between the honest node and the network. */
  corrupt?: (node: SigningNode) => SigningNode;
}

/** A node that listens on this machine. */
export interface RunningNode extends GroupNode {
  server: NodeServer;
  decisions: NodeDecision[];
}

/**
 * A gate whose agent is a group, on a chain of its own, with the circuits' real verifiers, a real prover and nodes that
 * talk over TLS.
 */
export async function createNodeWorld({ nodes: count = 3, threshold = 2 } = {}) {
  const local = await createLocalChain({ chainId: CHAIN_ID });
  const deployer = await local.createSender();
  const guardian = await local.createSender();
  const submitter = await local.createSender();
  const { address: token } = await deployContract(deployer, {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD", "USD"],
  });
  const { address: riskFeed } = await deployContract(deployer, {
    name: "DemoFeed",
    abi: demoFeedAbi,
    bytecode: demoFeedBytecode.creation,
    args: ["volatility", 8, 40n],
  });
  const verifiers = await deployVerifiers(deployer);
  const { timelock } = await deployTimelock(deployer, {
    minDelay: 3_600n,
    proposers: [deployer.account.address],
    executors: [zeroAddress],
  });
  const participants = Array.from({ length: count }, (_, i) => i + 1);
  const dealt = splitKey(secp256k1.utils.randomSecretKey(), { threshold, participants });
  const { group } = dealt;
  const shareOf = (participant: number) =>
    dealt.shares.find((share) => share.participant === participant) as KeyShare;
  const committed = commitPolicy(transferPolicy(token));
  const { gate } = await deployGate(deployer, {
    timelock,
    verifiers,
    guardian: guardian.account.address,
    submitters: [submitter.account.address],
    agent: { kind: 2, id: groupKeyId(group) },
    riskFeed,
    riskMaxAge: 86_400,
    maxDelay: 300,
    genesis: (moment) =>
      [0, 1].map(
        (lane) =>
          laneGenesis({ ...moment, lane, committed, secret: SECRET, fill: "empty" }).rotation,
      ),
  });
  await deployer.writeContract({
    address: token,
    abi: demoTokenAbi,
    functionName: "mint",
    args: [gate, 1_000_000n],
  });

  const folder = await mkdtemp(join(tmpdir(), "zkmandate-nodes-"));
  const seal = await SealIdentity.generate();
  const coordinator = new NodeIdentity();
  const identities = new Map(participants.map((id) => [id, new NodeIdentity()]));
  const identityOf = (participant: number) => identities.get(participant) as NodeIdentity;
  const running = new Map<number, RunningNode>();
  const mandateOf = (policy: Policy): NodeMandate => ({
    committed: commitPolicy(policy),
    secret: SECRET,
  });

  /** What a node keeps; the same after a restart. */
  const partsOf = (participant: number) => ({
    group,
    share: shareOf(participant),
    identity: identityOf(participant),
    nonces: createFileNonceStore(join(folder, `${participant}`, "nonces")),
    signed: createFileSignedStore(join(folder, `${participant}`, "signed"), seal),
  });

  async function startNode(
    participant: number,
    {
      mandate = mandateOf(transferPolicy(token)),
      port = 0,
      corrupt = (node) => node,
    }: NodeSetup = {},
  ): Promise<RunningNode> {
    const decisions: NodeDecision[] = [];
    const identity = identityOf(participant);
    const node = createSigningNode({
      ...partsOf(participant),
      gates: [{ chainId: CHAIN_ID, gate, client: local.control, mandate: async () => mandate }],
      verify: verifyProof,
      onDecision: (decision) => decisions.push(decision),
    });
    const server = await serveNode({
      node: corrupt(node),
      identity,
      coordinators: [coordinator.publicKey],
      host: "127.0.0.1",
      port,
    });
    const { publicKey } = identity;
    const started = {
      participant,
      publicKey,
      host: server.host,
      port: server.port,
      server,
      decisions,
    };
    running.set(participant, started);
    return started;
  }

  const lane = { chainId: CHAIN_ID, gate, lane: 0 };
  let stores = 0;
  const prover = createKernelProver();
  const keys: AgentKey[] = [];

  return {
    local,
    deployer,
    guardian,
    submitter,
    token,
    gate,
    lane,
    group,
    committed,
    coordinator,
    folder,
    prover,
    identityOf,
    partsOf,
    mandateOf,
    startNode,
    reader: createGateReader(local.control, { gate }),
    /** The group's key over nodes, and what it told of them. */
    keyOver(nodes: readonly GroupNode[], options: { commitMs?: number; signMs?: number } = {}) {
      const faults: NodeFault[] = [];
      const key = createGroupKey({
        group,
        nodes,
        identity: coordinator,
        // Nodes, chain and coordinator share a thread here: none of them is slow on its own.
        ...{ commitMs: 30_000, signMs: 60_000 },
        ...options,
        onFault: (fault) => faults.push(fault),
      });
      keys.push(key);
      return { key, faults };
    },
    /** A signer whose record is rebuilt from the chain, as after a loss, but without the quiet time. */
    async signerWith(key: AgentKey, options: Partial<SignerOptions> = {}) {
      const store = createFileLaneStore(join(folder, `lanes-${stores++}`), seal);
      const { record } = await recoverState(local.control, {
        gate,
        lane: 0,
        committed,
        secret: SECRET,
        fromBlock: 0n,
      });
      await store.write({ ...record, quietUntil: 0n });
      return createSigner({
        ...lane,
        committed,
        secret: SECRET,
        key,
        prover,
        reader: createGateReader(local.control, { gate }),
        store,
        ...options,
      });
    },

    /** A request to pay someone from the gate. */
    transfer: (amount: bigint, to: Address = deployer.account.address) => ({
      target: token,
      value: 0n,
      data: encodeFunctionData({ abi: demoTokenAbi, functionName: "transfer", args: [to, amount] }),
      submitter: submitter.account.address,
    }),
    pause: () => pause(guardian, { gate }),
    balance: (owner: Address) =>
      local.control.readContract({
        address: token,
        abi: demoTokenAbi,
        functionName: "balanceOf",
        args: [owner],
      }),
    async close() {
      await Promise.all(keys.map((key) => key.close()));
      await Promise.all([...running.values()].map(({ server }) => server.close()));
      await prover.close();
      await local.close();
      await rm(folder, { recursive: true });
    },
  };
}
export type NodeWorld = Awaited<ReturnType<typeof createNodeWorld>>;
