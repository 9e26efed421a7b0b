/**
 * Opt-in soak test of a group: the processes of a 2-of-3 (`zkmandate node serve`) are killed (SIGKILL) at random moments
 * and started again, while a coordinator keeps asking for signatures and an attacker for others. Every signature is
 * executed on a local chain, whose gate verifies it.
 *
 * Prints progress to stderr and one line of JSON to stdout. Fails if two shares of one nonce or of two digests for one
 * sequence number left a node, if a node gave its share for a denied action, a bad proof or a request that it had
 * answered, or if a group of which two are up does not sign.
 *
 * @example
 * node scripts/soak-nodes.ts --kills 100 >> soak.jsonl
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { executeAction } from "../src/chain/executeAction.ts";
import type { NodeProcess } from "../src/cli/bench/groupDesk.ts";
import { NodeTransportError, QuorumMissingError } from "../src/errors/node.ts";
import type { SignedGateCall } from "../src/signer/gateCall.ts";
import { createRandom } from "../test/crash/support/chaos.ts";
import { openGroupWorld, spawnOf } from "../test/node/support/groupWorld.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: `${Date.now() % 1_000_000}` },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const random = createRandom(seed);
const started = performance.now();
const say = (text: string) => process.stderr.write(`${text}\n`);

/** milliseconds between kills, at most */
const LIFE = 3_000;
/** Of kills: another follows before the node is back, and the group has no quorum. */
const OVERLAPS = 0.15;
const PARTICIPANTS = [1, 2, 3];
/** Of the coordinator's actions: asked for after the attacker has tried others. */
const ATTACKED = 0.2;
/** Actions that are signed before the first of them is executed, at most. */
const MAX_IN_FLIGHT = 3;
/** milliseconds in which the group signs once nobody is killed any more */
const END_WITHIN = 60_000;

const world = await openGroupWorld();
const { desk, witness, keyOver, signerWith, shownFor, spoiled, ask } = world;
const running = new Map<number, NodeProcess>();
const start = async (participant: number) => {
  running.set(participant, await desk.serve(participant, spawnOf()));
};
await Promise.all(PARTICIPANTS.map(start));

const wrong: string[] = [];
const figures = { kills: 0, executed: 0, quorumMissing: 0, attacks: 0, replayed: 0, followed: 0 };
const reasons: Record<string, number> = {};
/** What kept a quorum from signing. */
const faulted: Record<string, number> = {};
let killing = true;

/** Kills one node after the other and starts each again. */
async function kill(): Promise<void> {
  const starts: Promise<void>[] = [];
  while (figures.kills < kills) {
    await sleep(random() * LIFE);
    const up = PARTICIPANTS.filter((participant) => running.has(participant));
    const participant = up[Math.floor(random() * up.length)];
    if (participant === undefined) continue;
    const doomed = running.get(participant) as NodeProcess;
    running.delete(participant);
    doomed.process.kill("SIGKILL");
    await doomed.exited;
    figures.kills += 1;
    if (figures.kills % 10 === 0) say(`${figures.kills} kills, ${figures.executed} executed`);
    const started = start(participant);
    if (random() < OVERLAPS) starts.push(started);
    else await started;
  }
  await Promise.all(starts);
  killing = false;
}

/** A thief of the coordinator: what every node has to refuse, whenever it was started. */
async function attack(amount: bigint): Promise<void> {
  const shown = await shownFor(amount);
  const participant = PARTICIPANTS[Math.floor(random() * 3)] as number;
  const beside = (participant % 3) + 1;
  for (const spoilt of spoiled(shown, desk.gate, 2n * 10n ** 18n)) {
    const { share, reason = "signed" } = await ask(participant, beside, spoilt);
    figures.attacks += 1;
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    if (share) wrong.push(`node ${participant} signed what is denied or not proven`);
  }
}

async function coordinate(): Promise<void> {
  const { key, faults } = keyOver(PARTICIPANTS);
  const signer = await signerWith(key, { maxInFlight: MAX_IN_FLIGHT });
  let amount = 0n;
  let ended: number | undefined;
  for (let last = false; !last; ) {
    if (!killing) ended ??= performance.now();
    if (ended !== undefined && performance.now() - ended > END_WITHIN) {
      wrong.push("the group does not sign any more");
      break;
    }
    last = !killing;
    if (random() < ATTACKED) {
      await attack(amount + 1n + 10n ** 9n).catch((error: unknown) => {
        // The attacked node, or the one beside it, was down.
        if (!(error instanceof NodeTransportError)) throw error;
      });
    }
    const inFlight: SignedGateCall[] = [];
    const count = 1 + Math.floor(random() * MAX_IN_FLIGHT);
    while (inFlight.length < count) {
      try {
        inFlight.push(await signer.sign(desk.transfer(amount + 1n)));
        amount += 1n;
      } catch (error) {
        if (!(error instanceof QuorumMissingError)) throw error;
        figures.quorumMissing += 1;
        for (const { kind, reason } of error.faults) {
          const what = `${kind}: ${reason.replace(/\d{5}/, "port")}`;
          faulted[what] = (faulted[what] ?? 0) + 1;
        }
        if (ended !== undefined && performance.now() - ended > END_WITHIN) break;
        await sleep(100);
      }
    }
    for (const signed of inFlight) {
      await executeAction(desk.submitter, { gate: desk.gate, signed });
      figures.executed += 1;
    }
  }
  const cheated = faults.filter(({ kind }) => kind === "cheated");
  if (cheated.length > 0) wrong.push(`honest nodes were called cheaters: ${cheated.length}`);
}

try {
  await Promise.all([kill(), coordinate()]);
  for (const participant of PARTICIPANTS) {
    const shares = await witness.replay(participant);
    figures.replayed += witness.seen.filter((entry) => entry.participant === participant).length;
    if (shares.length > 0) wrong.push(`node ${participant} answered again: ${shares.length}`);
  }
  wrong.push(...witness.violations());
  figures.followed = witness.followed();
} finally {
  await world.close();
}
const shares = witness.seen.filter(({ answer }) => answer?.share !== undefined).length;
const lost = witness.seen.filter(({ answer }) => answer === undefined).length;
const result = {
  date: new Date().toISOString().slice(0, 10),
  ...{ seed, ...figures, shares, requestsLost: lost, refusals: reasons, faulted, wrong },
  seconds: Math.round((performance.now() - started) / 1_000),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exitCode = wrong.length === 0 && figures.kills === kills ? 0 : 1;
