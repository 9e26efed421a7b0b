import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyAuditLog } from "../../src/audit/hashChain.ts";
import { SealIdentity } from "../../src/keys/sealed.ts";
import { hasPostgres, type PostgresServer, startPostgres } from "../support/postgres.ts";
import type { TestDatabase } from "./support/contract.ts";
import { postgresDatabases, sqliteDatabases } from "./support/databases.ts";
import { hash, lane } from "./support/records.ts";

const script = fileURLToPath(new URL("./support/writer.ts", import.meta.url));

interface Round {
  request: string;
  version: number;
  nonce: number;
  hash: string;
}

let removeSqlite: () => Promise<void>;
let server: PostgresServer | undefined;
const create: Record<string, () => Promise<{ database: TestDatabase; target: object }>> = {};

beforeAll(async () => {
  const sqlite = await sqliteDatabases();
  removeSqlite = sqlite.remove;
  create.SQLite = async () => {
    const database = await sqlite.create();
    return { database, target: { path: database.path } };
  };
  if (!hasPostgres()) return;
  server = await startPostgres();
  const { connectionString } = server;
  const postgres = postgresDatabases(server);
  create.PostgreSQL = async () => {
    const database = await postgres.create();
    return { database, target: { connectionString, schema: database.schema } };
  };
});
afterAll(() => Promise.all([removeSqlite(), server?.remove()]));

/** Lets a writer write some rounds, kills it in the middle of another, and gives back those that it reported. */
async function killAfter(target: object, rounds: number): Promise<Round[]> {
  const child: ChildProcess = spawn(process.execPath, [script, JSON.stringify(target)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const reported: Round[] = [];
  if (!child.stdout) throw new Error("no stdout");
  for await (const line of createInterface({ input: child.stdout })) {
    reported.push(JSON.parse(line));
    if (reported.length === rounds) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return reported;
}

describe.each(["SQLite", "PostgreSQL"])("a journal in %s", (kind) => {
  const isMissing = kind === "PostgreSQL" && !hasPostgres();
  const why = isMissing ? " (needs npm's server for the platform)" : "";
  it.skipIf(isMissing)(`keeps what it said it wrote when its process is killed${why}`, async () => {
    const { database, target } = await (
      create[kind] as () => ReturnType<(typeof create)[string]>
    )();
    const identity = await SealIdentity.generate();
    let entries = 0;
    for (const rounds of [1, 3, 7]) {
      const reported = await killAfter({ ...target, identity: identity.reveal() }, rounds);
      const journal = await database.open(identity);
      for (const round of reported) {
        expect(await journal.requests.get(round.request)).toMatchObject({ status: "submitted" });
        const { nonce } = round;
        const carried = await journal.requests.byTransaction(hash(nonce));
        expect(carried).toMatchObject({ id: round.request });
        expect(await journal.transactions.ofRequest(round.request)).toMatchObject({ nonce });
      }
      const last = reported.at(-1) as Round;
      const record = await journal.lanes.read(lane);
      expect(record?.version).toBeGreaterThanOrEqual(last.version);

      // The chain is whole, holds every reported entry, and ends where the process was killed.
      const hashes: string[] = [];
      for await (const entry of journal.audit.read()) hashes.push(entry.hash);
      expect(hashes).toEqual(expect.arrayContaining(reported.map((round) => round.hash)));
      const result = await verifyAuditLog(journal.audit.read());
      expect(result.isIntact).toBe(true);
      expect(hashes.length).toBeGreaterThanOrEqual(entries + reported.length);
      entries = hashes.length;
      await journal.close();
    }
  });
});
