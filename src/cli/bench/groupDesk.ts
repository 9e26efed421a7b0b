import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  type Address,
  bytesToHex,
  encodeFunctionData,
  erc20Abi,
  numberToHex,
  parseEther,
  publicActions,
  zeroAddress,
} from "viem";
import { deployContract } from "../../chain/deployContract.ts";
import { deployGate } from "../../chain/deployGate.ts";
import { deployTimelock } from "../../chain/deployTimelock.ts";
import { deployVerifiers } from "../../chain/deployVerifiers.ts";
import { laneGenesis } from "../../chain/rotation.ts";
import { splitKey } from "../../keys/frost/dealer.ts";
import { type FrostGroup, groupKeyId } from "../../keys/frost/group.ts";
import { NodeIdentity } from "../../keys/frost/identity.ts";
import { createSealIdentity, type SealIdentity, writeSealed } from "../../keys/sealed.ts";
import type { GroupNode } from "../../node/groupKey.ts";
import type { CommittedPolicy } from "../../policy/commitment.ts";
import type { SigningRequest } from "../../signer/signingRequest.ts";
import type { LaneId } from "../../state/laneStore.ts";
import { demoTokenAbi } from "../demo/abi/demoToken.ts";
import { demoTokenBytecode } from "../demo/bytecode/demoToken.ts";
import { freePorts } from "../demo/freePorts.ts";
import type { Mandate } from "../mandates.ts";
import { groupText, NODE_FILE, nodeFiles } from "../nodeFolder.ts";
import { type BenchChain, type BenchWallet, CHAIN_ID, openBenchChain } from "./benchChain.ts";
import { benchPolicy } from "./benchPolicy.ts";

const PASSPHRASE = "only for the bench";
/** This module is TypeScript in the sources and JavaScript when built; so is the command line's. */
const main = fileURLToPath(
  new URL(`../main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url),
);

/** A process of the command line for a node. */
export interface NodeProcess {
  process: ChildProcess;
  /** What it wrote to stderr. */
  log(): string;
  /** Null if a signal ended it. */
  exited: Promise<number | null>;
  stop(): Promise<void>;
}

/** What a node's process gets besides. */
export interface NodeSpawn {
  execArgv?: readonly string[] | undefined;
  env?: Readonly<Record<string, string>> | undefined;
}

/** Where one node keeps what is its own. */
export interface GroupMember extends GroupNode {
  folder: string;
  seal: SealIdentity;
}

/** A gate whose agent is a group, on a chain of this process, and the folders of the group's nodes. */
export interface GroupDesk extends LaneId {
  chain: BenchChain;
  group: FrostGroup;
  members: readonly GroupMember[];
  /** The desk's own key. */
  coordinator: NodeIdentity;
  folder: string;
  committed: CommittedPolicy;
  secret: Uint8Array;
  token: Address;
  /** Sends as the account that the gate lets submit. */
  submitter: BenchWallet;
  /** Starts `zkmandate node serve` and waits until it listens. */
  serve(participant: number, options?: NodeSpawn): Promise<NodeProcess>;
  /** Runs another of the node's commands. */
  run(participant: number, args: readonly string[], options?: NodeSpawn): NodeProcess;
  /** A transfer that the policy allows up to 10^18. */
  transfer(amount: bigint): SigningRequest;
  /** Ends all processes. */
  close(): Promise<void>;
}

export interface GroupDeskOptions {
  threshold: number;
  nodes: number;
  /** Whether the nodes get shares of one key; else they have to make it, and the gate is nobody's. True by default. */
  dealt?: boolean | undefined;
}

/** Sets up everything up to the nodes' processes, as their operators find it. */
export async function openGroupDesk(options: GroupDeskOptions): Promise<GroupDesk> {
  const toClose: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of toClose.splice(0).reverse()) await each();
  };
  try {
    return await open(options, toClose, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { threshold, nodes: count, dealt = true }: GroupDeskOptions,
  toClose: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<GroupDesk> {
  const chain = await openBenchChain();
  toClose.push(chain.close);
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-group-"));
  toClose.push(() => rm(folder, { recursive: true }));
  const participants = Array.from({ length: count }, (_, i) => i + 1);
  const { group, shares } = splitKey(randomBytes(32), { threshold, participants });
  const coordinator = new NodeIdentity();
  const { submitter, token, gate, committed, secret } = await deploy(chain, group);

  const ports = await freePorts(count);
  const passphraseFile = join(folder, "passphrase");
  await writeFile(passphraseFile, PASSPHRASE, { mode: 0o600 });
  const mandate: Mandate = {
    version: 1,
    lane: 0,
    policy: committed.policy,
    labels: { rules: [], budgets: [], addresses: {} },
    stateSecret: bytesToHex(secret),
  };
  const identities = participants.map(() => new NodeIdentity());
  const members = await Promise.all(
    participants.map(async (participant, i): Promise<GroupMember> => {
      const own = join(folder, `node-${participant}`);
      const files = nodeFiles(own);
      await mkdir(files.mandates, { recursive: true, mode: 0o700 });
      // What opening costs is the passphrase's, and not what is measured.
      const seal = await createSealIdentity(files.seal, PASSPHRASE, { workFactor: 10 });
      const { publicKey } = identities[i] as NodeIdentity;
      await writeSealed(files.node, (identities[i] as NodeIdentity).reveal(), seal);
      if (dealt) {
        await writeFile(files.group, groupText(group));
        await writeSealed(files.share, shares[i]?.reveal(), seal);
      }
      const name = `${numberToHex(committed.commitment, { size: 32 })}.age`;
      await writeSealed(join(files.mandates, name), mandate, seal);
      const port = ports[i] as number;
      return { participant, host: "127.0.0.1", port, publicKey, folder: own, seal };
    }),
  );
  for (const { participant, folder: own } of members) {
    const lines = [
      "version: 1",
      `participant: ${participant}`,
      `threshold: ${threshold}`,
      `chain: { id: ${CHAIN_ID}, rpcUrl: ${chain.rpcUrl} }`,
      `gates: ["${gate}"]`,
      "nodes:",
      ...members.map(({ participant: id, port, publicKey }) => {
        return `  ${id}: { host: 127.0.0.1, port: ${port}, key: "${publicKey}" }`;
      }),
      `coordinators: ["${coordinator.publicKey}"]`,
      `passphraseFile: ${passphraseFile}`,
    ];
    await writeFile(join(own, NODE_FILE), lines.join("\n"));
  }

  function run(participant: number, args: readonly string[], spawned: NodeSpawn = {}): NodeProcess {
    const { folder: own } = members.find(
      (member) => member.participant === participant,
    ) as GroupMember;
    const { execArgv = [], env } = spawned;
    const child = spawn(process.execPath, [...execArgv, main, "-w", own, "node", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...env },
    });
    const exited = once(child, "exit").then(([code]) => code as number | null);
    let log = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
    });
    const stop = async () => {
      child.kill("SIGTERM");
      await exited;
    };
    toClose.push(stop);
    return { process: child, log: () => log, exited, stop };
  }

  return {
    chain,
    group,
    members,
    coordinator,
    folder,
    ...{ chainId: CHAIN_ID, gate, lane: 0 },
    ...{ committed, secret, token, submitter },
    run,
    async serve(participant, spawned) {
      const node = run(participant, ["serve"], spawned);
      const lines = createInterface({ input: node.process.stderr as NodeJS.ReadableStream });
      const listening = new Promise<boolean>((resolve) => {
        lines.on("line", (line) => line.includes('"listening"') && resolve(true));
      });
      const listens = await Promise.race([listening, node.exited.then(() => false)]);
      if (!listens) throw new Error(`node ${participant} ended before it listened: ${node.log()}`);
      return node;
    },
    transfer: (amount) => ({
      target: token,
      value: 0n,
      data: encodeFunctionData({
        abi: erc20Abi,
        functionName: "transfer",
        args: [submitter.account.address, amount],
      }),
      submitter: submitter.account.address,
    }),
    close,
  };
}

/** A token, and a gate that holds it and has the group as its agent. */
async function deploy({ control, walletOf }: BenchChain, group: FrostGroup) {
  const submitter = walletOf(randomBytes(32));
  const { address: own } = submitter.account;
  await control.setBalance({ address: own, value: parseEther("1000") });
  const client = submitter.extend(publicActions);
  const { address: token } = await deployContract(client, {
    name: "DemoToken",
    abi: demoTokenAbi,
    bytecode: demoTokenBytecode.creation,
    args: ["USD Coin", "USDC"],
  });
  const committed = benchPolicy({ circuit: "gate", chainId: CHAIN_ID, token });
  const secret = Uint8Array.from(randomBytes(32));
  const { timelock } = await deployTimelock(client, {
    minDelay: 3_600n,
    proposers: [own],
    executors: [own],
  });
  const { gate } = await deployGate(client, {
    timelock,
    verifiers: await deployVerifiers(client),
    guardian: own,
    submitters: [own],
    agent: { kind: 2, id: groupKeyId(group) },
    riskFeed: zeroAddress,
    riskMaxAge: 0,
    maxDelay: 300,
    genesis: (moment) => [
      laneGenesis({ ...moment, lane: 0, committed, secret, fill: "empty" }).rotation,
    ],
  });
  await submitter.writeContract({
    address: token,
    abi: demoTokenAbi,
    functionName: "mint",
    args: [gate, 10n ** 24n],
  });
  return { submitter, token, gate, committed, secret };
}
