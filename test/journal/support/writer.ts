/**
 * Writes of everything, round by round, and says on stdout what it wrote, until it is killed.
 *
 * argv: JSON of `{ identity, path }` or `{ identity, connectionString, schema }`
 */
import { writeSync } from "node:fs";
import { openPostgresJournal } from "../../../src/journal/openPostgresJournal.ts";
import { openSqliteJournal } from "../../../src/journal/openSqliteJournal.ts";
import { SealIdentity } from "../../../src/keys/sealed.ts";
import { attempt, lane, laneRecord, newRequest, outerTransaction } from "./records.ts";

const target = JSON.parse(process.argv[2] ?? "");
const identity = await SealIdentity.from(target.identity);
const journal =
  target.path === undefined
    ? await openPostgresJournal({ ...target, identity })
    : await openSqliteJournal({ path: target.path, identity });

for (let round = 0; ; round++) {
  const { version } = (await journal.lanes.read(lane)) ?? {};
  const { request } = await journal.requests.add(newRequest());
  const record = await journal.lanes.write({ ...laneRecord(), version, seq: BigInt(round) });
  const reserved = await journal.transactions.reserve({
    ...outerTransaction(request.id),
    atLeast: 0,
  });
  await journal.transactions.save({
    ...reserved,
    attempts: [attempt(reserved.nonce)],
    status: "sent",
  });
  const advanced = await journal.requests.advance(request.id, "queued", { status: "submitted" });
  const entry = await journal.audit.append({ event: "submitted", at: round, principal: "desk" });
  const { nonce } = reserved;
  const done = { request: advanced.id, version: record.version, nonce, hash: entry.hash };
  // Synchronous: the line is out when the next round begins.
  writeSync(1, `${JSON.stringify(done)}\n`);
}
