import type { ChildProcess } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type Address,
  createPublicClient,
  encodeFunctionData,
  erc20Abi,
  getAddress,
  type Hex,
  http,
  numberToHex,
} from "viem";
import type { AgentTuning } from "../../../src/agent/options.ts";
import type { ReadClient } from "../../../src/chain/client.ts";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import { openPostgresJournal } from "../../../src/journal/openPostgresJournal.ts";
import { openSqliteJournal } from "../../../src/journal/openSqliteJournal.ts";
import { loadSealIdentity } from "../../../src/keys/sealed.ts";
import type { LaneId } from "../../../src/state/laneStore.ts";
import {
  type Desk,
  localChain,
  passphrase,
  payee,
  type RunningService,
  startDesk,
} from "../../server/support/desk.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { type ChainKeeper, keepChain } from "./chainKeeper.ts";
import { createDeskClient, type DeskClient, type Order } from "./deskClient.ts";
import { type NodeWitness, startNodeWitness } from "./nodeWitness.ts";

const preload = pathToFileURL(fileURLToPath(new URL("./preload.ts", import.meta.url))).href;

/** Budgets that never refill, so that what was charged can be summed up. */
const policy = (token: Address) => `
name: crashes
chain: 31337
assets: { USDC: { address: "${token}", decimals: 6 } }
budgets:
  spent: { capacity: 10 ETH, refill: never }
  pulled: { capacity: 1_000_000 USDC, refill: never }
rules:
  - name: pay
    target: "${payee}"
    call: none
    amount: msg.value
    max: 0.01 ETH
    charge: { spent: amount }
  - name: pull
    target: USDC
    call: transferFrom(address from, address to, uint256 amount)
    free: [from, to]
    amount: amount
    max: 100 USDC
    charge: { pulled: amount }
`;

export const CHAIN_ID = 31_337;
/** wei: payments begin here, each one wei more than the one before, so that none is like another. */
const FIRST_AMOUNT = 1_000_000_000n;
/** wei: past what the policy allows. */
const TOO_MUCH = 10n ** 17n;

export interface CrashWorldOptions {
  journal: "sqlite" | "postgres";
  lanes?: number;
  /** milliseconds between blocks */
  blockInterval?: number;
  tuning?: Partial<AgentTuning>;
  /** Where the SQLite journal is; the workspace unless given. */
  journalFolder?: string;
}

/** What `/readyz` tells operators. */
export interface ReadyAnswer {
  ready: boolean;
  /** The checks that fail. */
  failing: string[];
}

export interface StartOptions {
  /** Dies at this mark. */
  crashAt?: string;
  onSpawn?(child: ChildProcess): void;
}

/** A desk whose service may be killed at any time; chain, database and clients live on. */
export interface CrashWorld {
  desk: Desk;
  keeper: ChainKeeper;
  witness: NodeWitness;
  client: DeskClient;
  /** Reads the chain as it is, beside the witness. */
  chain: ReadClient;
  laneIds: readonly LaneId[];
  /** Signs actions. */
  agent: Address;
  /** Pays for outer transactions. */
  submitter: Address;
  postgres?: PostgresServer | undefined;
  /** The processes that run. */
  running: readonly RunningService[];
  /** Runs a process of the service until it listens. */
  start(options?: StartOptions): Promise<RunningService>;
  /** Waits until the processes that run serve every lane. */
  served(): Promise<void>;
  /** What the process that runs says of itself. */
  readiness(): Promise<ReadyAnswer>;
  /** Waits until the process says so; everything if no check is named. */
  untilReady(...failing: string[]): Promise<void>;
  /** An order like no other. */
  order(kind: "pay" | "denied" | "reverting" | "sign", more?: Partial<Order>): Order;
  /** The journal itself, opened beside the service. */
  openJournal(): Promise<DatabaseJournal>;
  close(): Promise<void>;
}

export async function startCrashWorld(options: CrashWorldOptions): Promise<CrashWorld> {
  const { lanes = 3, blockInterval = 100 } = options;
  const tuning = { pollingInterval: 100, leaseTtl: 1_500, ...options.tuning };
  const postgres = options.journal === "postgres" ? await startPostgres() : undefined;
  const desk = await startDesk({ lanes, policy });
  const { folder, node } = desk;
  const witness = await startNodeWitness(node);
  const keeper = await keepChain(node, blockInterval);
  await desk.useNode(witness.rpcUrl);
  const sqlitePath = join(options.journalFolder ?? folder, "journal.sqlite");
  await writeFile(
    join(folder, "crash.yaml"),
    [
      "version: 1",
      "listen: { port: 0 }",
      postgres
        ? "journal: { postgres: { urlEnv: TEST_DATABASE } }"
        : `journal: { sqlite: "${sqlitePath}" }`,
      `gates: [{ workspace: ., name: desk, lanes: [${Array.from({ length: lanes }, (_, i) => i)}] }]`,
      "fees: { stuckSeconds: 5 }",
      "rate: { callsPerMinute: 1000000 }",
      "queue: { maxSeconds: 86400, maxQueued: 10000, maxSignedPerToken: 10000 }",
    ].join("\n"),
  );
  const token = await desk.token("bot", "--operator");
  const identity = await loadSealIdentity(join(folder, "secrets", "service.age"), passphrase);
  const running: RunningService[] = [];
  const client = createDeskClient({ urls: () => running.map(({ url }) => url), token });
  let orders = 0;

  async function readiness(): Promise<ReadyAnswer> {
    const [service] = running;
    const response = await fetch(`${service?.url}/readyz`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { checks } = (await response.json()) as { checks: { name: string; ok: boolean }[] };
    const failing = checks.filter(({ ok }) => !ok).map(({ name }) => name);
    return { ready: response.status === 200, failing };
  }

  return {
    desk,
    readiness,
    async untilReady(...names) {
      for (;;) {
        const { ready, failing } = await readiness();
        if (names.length === 0 ? ready : names.every((name) => failing.includes(name))) return;
        await sleep(100);
      }
    },
    keeper,
    witness,
    laneIds: Array.from({ length: lanes }, (_, lane) => ({
      chainId: CHAIN_ID,
      gate: desk.gate,
      lane,
    })),
    agent: await addressOf(folder, "agent"),
    submitter: await addressOf(folder, "submitter"),
    postgres,
    running,
    client,
    chain: createPublicClient({
      chain: localChain(node),
      transport: http(node.rpcUrl),
      cacheTime: 0,
    }),

    async start({ crashAt, onSpawn } = {}) {
      const service = await desk.serve({
        config: "crash.yaml",
        nodeOptions: ["--import", preload],
        env: {
          // Half of a start is compiling.
          NODE_COMPILE_CACHE: join(folder, "compiled"),
          ZKMANDATE_TEST_TUNING: JSON.stringify(tuning),
          ...(crashAt !== undefined && { ZKMANDATE_TEST_CRASH_AT: crashAt }),
          ...(postgres && { TEST_DATABASE: postgres.connectionString }),
        },
        ...(onSpawn && { onSpawn }),
      });
      running.push(service);
      void service.exited.then(() => running.splice(running.indexOf(service), 1));
      return service;
    },

    async served() {
      for (;;) {
        const states: { lane: number; state: string }[] =
          (await client.call("zkmandate_status"))?.result ?? [];
        if (states.filter(({ state }) => state === "serving").length === lanes) return;
        await sleep(50);
      }
    },

    order(kind, more = {}) {
      orders += 1;
      const amount = FIRST_AMOUNT + BigInt(orders) + (kind === "denied" ? TOO_MUCH : 0n);
      const from = desk.gate as Hex;
      const transaction =
        kind === "reverting"
          ? { from, to: desk.usdc as Hex, data: pullFrom(payee, desk.gate, BigInt(orders)) }
          : { from, to: payee as Hex, value: numberToHex(amount) };
      const method = kind === "sign" ? "eth_signTransaction" : "eth_sendTransaction";
      return { key: `order-${orders}`, method, transaction, ...more };
    },

    openJournal: () =>
      postgres
        ? openPostgresJournal({ connectionString: postgres.connectionString, identity })
        : openSqliteJournal({ path: sqlitePath, identity }),

    async close() {
      await Promise.all([...running].map((service) => service.stop("SIGKILL")));
      await keeper.close();
      await witness.close();
      await desk.close();
      await postgres?.remove();
    },
  };
}

/** A call that reverts: nobody has allowed the gate to take anything. */
function pullFrom(from: Address, to: Address, amount: bigint): Hex {
  return encodeFunctionData({
    abi: erc20Abi,
    functionName: "transferFrom",
    args: [from, to, amount],
  });
}

async function addressOf(folder: string, account: string): Promise<Address> {
  const keystore = JSON.parse(await readFile(join(folder, "secrets", `${account}.json`), "utf8"));
  return getAddress(`0x${keystore.address.replace(/^0x/, "")}`);
}
