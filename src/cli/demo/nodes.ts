import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, bytesToHex, numberToHex } from "viem";
import type { NodeFault } from "../../errors/node.ts";
import { type FrostGroup, parseFrostGroup } from "../../keys/frost/group.ts";
import { NodeIdentity } from "../../keys/frost/identity.ts";
import type { SignatureShare } from "../../keys/frost/rounds.ts";
import { parseShareRequest, ShareSigner } from "../../keys/frost/signing.ts";
import type { AgentKey } from "../../keys/keys.ts";
import { createSealIdentity, type SealIdentity, writeSealed } from "../../keys/sealed.ts";
import { createGroupKey, type GroupNode } from "../../node/groupKey.ts";
import { serveNode } from "../../node/serveNode.ts";
import type { Mandate } from "../mandates.ts";
import { NODE_FILE, nodeFiles, readShare } from "../nodeFolder.ts";
import type { Epoch } from "./desk.ts";
import { freePorts } from "./freePorts.ts";

const THRESHOLD = 2;
const PARTICIPANTS = [1, 2, 3] as const;
export type Participant = (typeof PARTICIPANTS)[number];

/** The folders live for a minute and their passphrase is random: it need not be hard to guess at. */
const WORK_FACTOR = 10;

/** Three nodes that share a key; each has a folder and processes of its own, as operators run them. */
export interface DemoNodes {
  members: readonly Member[];
  /** `node dkg` on all of them at once: makes a key of which two nodes are needed. */
  generateKey(): Promise<FrostGroup>;
  /** Gives every node its copy of the lanes' mandates. */
  entrust(epoch: Pick<Epoch, "mandate" | "secret">): Promise<void>;
  /** `node serve` */
  serve(...participants: Participant[]): Promise<void>;
  /** Ends what serves for a node. */
  stop(participant: Participant): Promise<void>;
  /**
   * Puts somebody in the place of a node who has its host: its identity and its share, with which he helps to sign
   * whatever he is asked to.
   *
   * @param alter what he makes of the share of a signature
   */
  corrupt(
    participant: Participant,
    alter?: (share: SignatureShare) => SignatureShare,
  ): Promise<void>;
  /** The group's key at the desk, and what it tells of the nodes. */
  openKey(): { key: AgentKey; faults: NodeFault[] };
  close(): Promise<void>;
}

/** A node's folder and how it is reached. */
export interface Member extends GroupNode {
  folder: string;
  identity: NodeIdentity;
  seal: SealIdentity;
}

/** Makes the nodes' folders. Nothing runs yet, and there is no key. */
export async function openNodes(parameters: {
  chainId: number;
  rpcUrl: string;
  gate: Address;
  /** The desk's, by which the nodes know it; a fresh one by default. */
  coordinator?: NodeIdentity;
}): Promise<DemoNodes> {
  const { coordinator = new NodeIdentity() } = parameters;
  const root = await mkdtemp(join(tmpdir(), "zkmandate-nodes-"));
  const passphrase = randomBytes(16).toString("hex");
  await writeFile(join(root, "passphrase"), `${passphrase}\n`, { mode: 0o600 });
  const ports = await freePorts(PARTICIPANTS.length);
  const members = await Promise.all(
    PARTICIPANTS.map(async (participant, i): Promise<Member> => {
      const folder = join(root, `node-${participant}`);
      const files = nodeFiles(folder);
      await mkdir(files.mandates, { recursive: true });
      const seal = await createSealIdentity(files.seal, passphrase, { workFactor: WORK_FACTOR });
      const identity = new NodeIdentity();
      await writeSealed(files.node, identity.reveal(), seal);
      const { publicKey } = identity;
      const port = ports[i] as number;
      return { participant, folder, identity, seal, host: "127.0.0.1", port, publicKey };
    }),
  );
  for (const { folder, participant } of members) {
    await writeFile(
      join(folder, NODE_FILE),
      nodeConfig({ ...parameters, participant, members, coordinator: coordinator.publicKey }),
    );
  }
  const member = (participant: Participant) => members[participant - 1] as Member;
  const serving = new Map<Participant, () => Promise<void>>();
  const keys: AgentKey[] = [];
  let group: FrostGroup | undefined;
  const madeGroup = () => {
    if (!group) throw new Error("the nodes have no key yet");
    return group;
  };
  const stop = async (participant: Participant) => {
    await serving.get(participant)?.();
    serving.delete(participant);
  };

  return {
    members,
    async generateKey() {
      const session = bytesToHex(randomBytes(32));
      await Promise.all(
        members.map(({ folder }) => start(folder, "dkg", "--session", session).ended),
      );
      const files = members.map(({ folder }) => readFile(nodeFiles(folder).group, "utf8"));
      const [first, ...others] = await Promise.all(files);
      if (others.some((other) => other !== first)) throw new Error("the nodes differ in the key");
      group = parseFrostGroup(JSON.parse(first as string));
      return group;
    },
    async entrust({ mandate, secret }) {
      for (const [lane, { commitment, policy }] of mandate.lanes.entries()) {
        const { labels } = mandate;
        const copy: Mandate = { version: 1, lane, policy, labels, stateSecret: bytesToHex(secret) };
        for (const { folder, seal } of members) {
          const name = `${numberToHex(commitment, { size: 32 })}.age`;
          await writeSealed(join(nodeFiles(folder).mandates, name), copy, seal);
        }
      }
    },
    async serve(...participants) {
      await Promise.all(
        participants.map(async (participant) => {
          const { child, listening, ended } = start(member(participant).folder, "serve");
          serving.set(participant, () => {
            child.kill("SIGTERM");
            return ended;
          });
          await listening;
        }),
      );
    },
    stop,
    async corrupt(participant, alter = (share) => share) {
      await stop(participant);
      const { folder, seal, identity, host, port } = member(participant);
      const { group, share } = await readShare(folder, seal);
      const signer = new ShareSigner({ group, share, store: { markUsed: async () => {} } });
      const server = await serveNode({
        node: {
          participant,
          group,
          commit: () => signer.commit(),
          sign: async (body) => {
            const { request } = body as { request: unknown };
            return alter(await signer.sign(parseShareRequest(request)));
          },
          follow: () => Promise.reject(new Error("it signs whatever it is asked to")),
          close: () => signer.close(),
        },
        identity,
        coordinators: [coordinator.publicKey],
        host,
        port,
      });
      serving.set(participant, () => server.close());
    },
    openKey() {
      const faults: NodeFault[] = [];
      const key = createGroupKey({
        group: madeGroup(),
        nodes: members,
        identity: coordinator,
        // Three nodes, the chain and the prover share one machine here.
        commitMs: 20_000,
        signMs: 60_000,
        onFault: (fault) => faults.push(fault),
      });
      keys.push(key);
      return { key, faults };
    },
    async close() {
      await Promise.all(keys.map((key) => key.close()));
      await Promise.all([...serving.keys()].map(stop));
      await rm(root, { recursive: true, force: true });
    },
  };
}

function nodeConfig(input: {
  participant: number;
  members: readonly Member[];
  chainId: number;
  rpcUrl: string;
  gate: Address;
  coordinator: string;
}): string {
  const { participant, members, chainId, rpcUrl, gate, coordinator } = input;
  const nodes = members.map(({ host, port, publicKey, ...other }) => [
    other.participant,
    { host, port, key: publicKey },
  ]);
  // YAML takes JSON.
  return JSON.stringify({
    version: 1,
    participant,
    threshold: THRESHOLD,
    chain: { id: chainId, rpcUrl },
    gates: [gate],
    nodes: Object.fromEntries(nodes),
    coordinators: [coordinator],
    passphraseFile: "../passphrase",
  });
}

/** This module is TypeScript in the sources and JavaScript when built; so is the process's. */
const processModule = new URL(
  `./nodeProcess${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/** A process that has started. */
interface Running {
  child: ChildProcess;
  /** Resolves once it says that it listens. */
  listening: Promise<void>;
  /** Resolves once it has ended well, and rejects with what it wrote if it has not. */
  ended: Promise<void>;
}

function start(folder: string, ...command: readonly string[]): Running {
  const args = ["--workspace", folder, "node", ...command];
  const child = fork(processModule, args, {
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let log = "";
  const listening = Promise.withResolvers<void>();
  child.stderr?.on("data", (chunk: Buffer) => {
    log += chunk;
    if (log.includes('"msg":"listening"')) listening.resolve();
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`a node ended with ${code}: ${log}`));
    });
  });
  ended.then(
    () => listening.reject(new Error("a node ended before it listened")),
    (error) => listening.reject(error),
  );
  listening.promise.catch(() => undefined);
  return { child, listening: listening.promise, ended };
}
