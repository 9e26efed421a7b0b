import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseJournal } from "../../../src/journal/databaseJournal.ts";
import { CHAIN_ID, type CrashWorld } from "./crashWorld.ts";

const ends = new Set(["final", "denied", "failed", "expired"]);

/** Waits until every order has come to its end, and every nonce that was taken is used for good. */
export async function atRest(
  { client, submitter }: CrashWorld,
  journal: DatabaseJournal,
): Promise<void> {
  await Promise.all(client.logs.map((log) => client.settled(log, ends)));
  while ((await journal.transactions.open(CHAIN_ID, submitter)).length > 0) await sleep(100);
}
