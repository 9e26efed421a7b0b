import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Account,
  type Address,
  createClient,
  custom,
  type EIP1193RequestFn,
  type Hex,
  numberToHex,
} from "viem";
import type { AgentRequest } from "../../../src/agent/agent.ts";
import { createAgent } from "../../../src/agent/createAgent.ts";
import type { AgentObserver } from "../../../src/agent/observer.ts";
import type { AgentGate, AgentTuning } from "../../../src/agent/options.ts";
import type { ReadClient } from "../../../src/chain/client.ts";
import type { Journal } from "../../../src/journal/journal.ts";
import { openSqliteJournal } from "../../../src/journal/openSqliteJournal.ts";
import type { RequestRecord, RequestStatus } from "../../../src/journal/request.ts";
import type { AgentKey } from "../../../src/keys/keys.ts";
import { SealIdentity } from "../../../src/keys/sealed.ts";
import type { Prover } from "../../../src/prover/prover.ts";
import { CHAIN_ID, createWorld, openProver, SECRET } from "../../chain/support/world.ts";

/** Quick enough for tests; a lease is long enough for a machine that is busy. */
export const quick: Partial<AgentTuning> = { pollingInterval: 25, leaseTtl: 1_500 };

/** Blocks after which one is final. */
export const FINALITY = 8n;

/** What a node answers with, instead of passing a call on. */
export type Interceptor = (
  method: string,
  params: readonly unknown[],
  pass: () => Promise<unknown>,
) => Promise<unknown>;

/** Waits until something is so; the test's own time limit ends it. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

/** A viem account as a key; these tests are not about where keys live. */
export function accountKey(account: Account): AgentKey {
  const { address } = account;
  return {
    kind: "ecdsa",
    address,
    onchain: { kind: 1, id: `0x${address.slice(2).toLowerCase().padStart(64, "0")}` },
    sign: async (hash) => {
      if (account.type !== "local" || !account.sign) throw new Error("not a local account");
      return account.sign({ hash });
    },
    close: async () => undefined,
  };
}

/** A gate on a local chain, a journal on the disk, and agents over them. */
export async function createAgentWorld({ laneCount = 1 } = {}) {
  const world = await createWorld({ laneCount });
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-agent-"));
  const identity = await SealIdentity.generate();
  const journals: Journal[] = [];
  const closing: (() => Promise<void>)[] = [];
  /** As another process would; closed with the world, after the agents. */
  async function openJournal(name = "journal.db"): Promise<Journal> {
    const opened = await openSqliteJournal({ path: join(folder, name), identity });
    journals.push(opened);
    return opened;
  }
  const journal = await openJournal();

  let intercept: Interceptor = (_method, _params, pass) => pass();
  /** The local chain calls every block final; here the last ones are not. */
  async function pass(method: string, params: readonly unknown[]): Promise<unknown> {
    const isAboutFinal = params.includes("finalized");
    const latest = isAboutFinal ? await world.local.control.getBlockNumber() : 0n;
    const final = numberToHex(latest > FINALITY ? latest - FINALITY : 0n);
    const asked = params.map((param) => (param === "finalized" ? final : param));
    return world.local.control.request({ method, params: asked } as never);
  }
  /** The chain as the agent sees it: through whatever lies in between. */
  const request = (async ({ method, params = [] }: { method: string; params?: unknown[] }) =>
    intercept(method, params, () => pass(method, params))) as EIP1193RequestFn;
  const client: ReadClient = createClient({
    chain: world.local.chain,
    transport: custom({ request }, { retryCount: 0 }),
    pollingInterval: 20,
    cacheTime: 0,
  });

  const gate: AgentGate = {
    name: "desk",
    chainId: CHAIN_ID,
    gate: world.gate,
    fromBlock: 0n,
    client,
    submitterKey: accountKey(world.submitter.account),
    lanes: world.lanes.map(({ lane, committed }) => ({
      lane,
      key: world.key,
      mandate: async (commitment) =>
        commitment === committed.commitment ? { committed, secret: SECRET } : undefined,
      record: async (epoch) => {
        const record = await world.store.read({ chainId: CHAIN_ID, gate: world.gate, lane });
        return record?.epoch === epoch ? record : undefined;
      },
    })),
  };

  return {
    ...world,
    client,
    journal,
    openJournal,
    gateAtWork: gate,
    /** Puts something between the agent and the chain. */
    intercept(next: Interceptor | undefined) {
      intercept = next ?? ((_method, _params, pass) => pass());
    },
    /** An agent that is closed with the world. */
    async start(
      input: {
        options?: Partial<AgentTuning>;
        observer?: AgentObserver;
        journal?: Journal;
        prover?: Prover;
        gates?: readonly AgentGate[];
      } = {},
    ) {
      const agent = await createAgent({
        gates: input.gates ?? [gate],
        journal: input.journal ?? journal,
        prover: input.prover ?? openProver,
        owner: randomUUID(),
        options: { ...quick, ...input.options },
        ...(input.observer && { observer: input.observer }),
      });
      closing.push(() => agent.close());
      return agent;
    },
    /** To pay someone from the gate. */
    pay(amount: bigint, more: Partial<AgentRequest> = {}): AgentRequest {
      const { submitter: _, ...call } = world.transfer(amount);
      return { chainId: CHAIN_ID, gate: world.gate, call, principal: "desk", ...more };
    },
    /** Waits until a request is somewhere. */
    async reached(id: string, ...statuses: RequestStatus[]): Promise<RequestRecord> {
      for (;;) {
        const request = await journal.requests.get(id);
        if (request && statuses.includes(request.status)) return request;
        await sleep(20);
      }
    },
    async auditEvents(id: string): Promise<string[]> {
      const events: string[] = [];
      for await (const entry of journal.audit.read())
        if (entry.request === id) events.push(entry.event);
      return events;
    },
    nonceOf: (address: Address): Promise<Hex> =>
      world.local.control.request({
        method: "eth_getTransactionCount",
        params: [address, "latest"],
      }),
    receipt: (hash: Hex | undefined) =>
      world.local.control.getTransactionReceipt({ hash: hash as Hex }),
    async close() {
      await Promise.all(closing.map((close) => close()));
      await Promise.all(journals.map((opened) => opened.close()));
      await world.close();
      await rm(folder, { recursive: true });
    },
  };
}
export type AgentWorld = Awaited<ReturnType<typeof createAgentWorld>>;
