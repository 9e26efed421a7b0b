/**
 * Opt-in soak test of the service: real processes of `zkmandate serve` are killed (SIGKILL) at random moments,
 * while clients keep asking, the chain is reorganised and its node is as unreliable as nodes are. Every kill is
 * followed by a start; on PostgreSQL several processes share the database, and the others take over.
 *
 * Prints progress to stderr and one line of JSON to stdout. Fails if anything does not hold that
 * `test/crash/support/verify.ts` checks, or if an order does not come to an end.
 *
 * @example
 * node scripts/soak-service.ts --kills 200 --journal sqlite >> soak.jsonl
 * node scripts/soak-service.ts --kills 200 --journal postgres --processes 2 >> soak.jsonl
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createArchive } from "../test/crash/support/archive.ts";
import { atRest } from "../test/crash/support/atRest.ts";
import { createRandom, unreliableNode } from "../test/crash/support/chaos.ts";
import { startCrashWorld } from "../test/crash/support/crashWorld.ts";
import { verifyWorld } from "../test/crash/support/verify.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    journal: { type: "string", default: "sqlite" },
    lanes: { type: "string", default: "4" },
    clients: { type: "string", default: "12" },
    processes: { type: "string" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
  },
});
const journalKind = values.journal === "postgres" ? "postgres" : "sqlite";
const kills = Number(values.kills);
const seed = Number(values.seed);
const processes = Number(values.processes ?? (journalKind === "postgres" ? 2 : 1));

/** Of kills: before the process listens. */
const KILLED_EARLY = 0.15;
/** milliseconds from when a process listens until it is killed, at most */
const LIFE = 8_000;
/** milliseconds that starting takes about */
const STARTING = 1_500;
/** seconds that a signed action can land: some die in the next crash, others outlive it */
const VALID_FOR = [60, 300] as const;
/** milliseconds between blocks, each a second of the chain's */
const BLOCK_INTERVAL = 250;
const REORGANIZE_EVERY = 20_000;
/** milliseconds between copies of the journal, which forgets what is dead */
const COLLECT_EVERY = 1_000;
/** milliseconds in which everything comes to its end after the last kill, or something is stuck */
const END_WITHIN = 600_000;

const random = createRandom(seed);
const started = performance.now();
const say = (text: string) => process.stderr.write(`${text}\n`);
const world = await startCrashWorld({
  journal: journalKind,
  lanes: Number(values.lanes),
  blockInterval: BLOCK_INTERVAL,
  tuning: { leaseTtl: 900, pollingInterval: 100 },
});
const { client, keeper, witness } = world;
const journal = await world.openJournal();
const archive = createArchive(world.laneIds);
witness.intercept(unreliableNode(world, random));
let killed = 0;
let killedEarly = 0;
let reorganized = 0;
let isEnding = false;

/** One client: the next order when the last one was answered, asked for twice at once now and then. */
async function keepAsking(): Promise<void> {
  while (!isEnding) {
    const luck = random();
    const kind = luck < 0.9 ? "pay" : luck < 0.95 ? "denied" : luck < 0.985 ? "reverting" : "sign";
    const lane = random() < 0.5 ? Math.floor(random() * world.laneIds.length) : undefined;
    await client.place(
      world.order(kind, {
        lane,
        validFor: VALID_FOR[random() < 0.5 ? 0 : 1],
        copies: random() < 0.1 ? 2 : 1,
      }),
    );
  }
}

/** One place in the fleet: a process is started and killed, again and again. */
async function keepKilling(): Promise<void> {
  while (killed < kills) {
    const isEarly = random() < KILLED_EARLY;
    const moment = random();
    let isKilled = false;
    const service = await world
      .start({
        onSpawn(child) {
          if (!isEarly) return;
          setTimeout(() => {
            isKilled = child.kill("SIGKILL");
          }, moment * STARTING).unref();
        },
      })
      .catch((error: unknown) => {
        if (!isKilled) throw error;
        return undefined;
      });
    if (service) await Promise.race([sleep(moment * LIFE), service.exited]);
    if (service && service.process.exitCode !== null) {
      throw new Error(`the service ended by itself:\n${service.lines.slice(-20).join("\n")}`);
    }
    await service?.stop("SIGKILL");
    killed += 1;
    if (!service) killedEarly += 1;
    if (killed % 10 === 0) {
      const counts = JSON.stringify(await journal.requests.count());
      say(`${killed} kills, ${client.logs.length} orders, ${counts}`);
    }
  }
}

async function keepReorganizing(): Promise<void> {
  while (!isEnding) {
    await sleep(REORGANIZE_EVERY, undefined, { ref: false });
    if (isEnding) return;
    await keeper.reorganize();
    reorganized += 1;
  }
}

async function keepCollecting(): Promise<void> {
  while (!isEnding) {
    await archive.collect(journal);
    await sleep(COLLECT_EVERY, undefined, { ref: false });
  }
}

const clients = Array.from({ length: Number(values.clients) }, () => keepAsking());
void keepReorganizing();
const collecting = keepCollecting();
await Promise.all(Array.from({ length: processes }, keepKilling));
isEnding = true;
await collecting;
witness.intercept();
say("the last one was killed; everything comes to its end");
const last = await Promise.all(Array.from({ length: processes }, () => world.start()));
const stuck = setTimeout(async () => {
  const open = (await journal.requests.list({})).filter(
    ({ status }) => !["final", "denied", "failed", "expired"].includes(status),
  );
  for (const { id, kind, lane, status } of open)
    say(`stuck: ${kind} ${id}, lane ${lane}, ${status}`);
  for (const { lines } of last) say(lines.slice(-30).join("\n"));
  process.exit(1);
}, END_WITHIN);
await Promise.all(clients);
await atRest(world, journal);
clearTimeout(stuck);
const codes = await Promise.all(last.map((service) => service.stop()));

const { violations, ...figures } = await verifyWorld(world, journal, archive);
if (codes.some((code) => code !== 0)) violations.push(`ended with ${codes}`);
await journal.close();
await world.close();
for (const violation of violations) say(violation);
const result = {
  date: new Date().toISOString().slice(0, 10),
  journal: journalKind,
  ...{ seed, processes, lanes: world.laneIds.length, kills: killed, killedEarly, reorganized },
  ...figures,
  asked: client.logs.reduce((sum, { attempts }) => sum + attempts, 0),
  seconds: Math.round((performance.now() - started) / 1_000),
  violations: violations.length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(violations.length === 0 ? 0 : 1);
