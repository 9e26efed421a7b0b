import { setImmediate as nextTurn } from "node:timers/promises";
import { LaneElsewhereError } from "../errors/agent.ts";
import { RequestConflictError } from "../errors/journal.ts";
import { GateNotReadyError, StateMismatchError, UnknownLaneError } from "../errors/signer.ts";
import type { RequestRecord } from "../journal/request.ts";
import type { Prover } from "../prover/prover.ts";
import type { SigningStage } from "../signer/standing.ts";
import type { LaneId } from "../state/laneStore.ts";
import type { LaneReport } from "./agent.ts";
import { type CrashMark, crashPoint } from "./crashMarks.ts";
import { followLane } from "./followLane.ts";
import { guardedKey } from "./guardedKey.ts";
import { createLease } from "./lease.ts";
import { type OpenLane, openLane } from "./openLane.ts";
import type { AgentLane } from "./options.ts";
import { problemOf } from "./problem.ts";
import { endUnwanted, signNext } from "./signNext.ts";
import { createWakeup } from "./wakeup.ts";
import type { WorkingLane } from "./workingLane.ts";

/** Longest wait before a lane in trouble is tried again, and between looks at an idle one, in milliseconds. */
const LONGEST_WAIT = 15_000;
/** How often the queue is looked at for requests that another process has taken, in milliseconds. */
const QUEUE_INTERVAL = 250;
/** When the chain is looked at after a request that is not sent: its caller is answered first, in milliseconds. */
const AFTER_ANSWER = 5;

const stageMarks: Partial<Record<SigningStage, CrashMark>> = {
  prove: "proven",
  reserve: "reserved",
  record: "signature-recorded",
};

type Loop = "signing" | "following";

/** Works on one lane as long as its lease is this process's. */
export interface LaneWorker {
  readonly id: LaneId;
  start(): void;
  /** Finishes the step under way and gives the lane back. */
  stop(): Promise<void>;
  /** A request is about to be added. */
  prepare(): void;
  /** A request was added. */
  added(): void;
  /** Something is to be signed, or to be ended. */
  wake(): void;
  /** Something happened on the chain. */
  look(): void;
  /** Open requests, as far as this process knows. */
  load(): number;
  /** @param queued requests that wait to be signed */
  report(queued: number): LaneReport;
  /** Looks for the lane's mandate again, between two requests. */
  reload(): Promise<void>;
  /** The lane with its signer, whichever process owns it: for questions. */
  opened(): Promise<OpenLane>;
}

export type LaneWorkerOptions = Pick<
  WorkingLane,
  "gate" | "journal" | "ledger" | "pauses" | "submitter" | "tuning" | "observer"
> & { lane: AgentLane; owner: string; prover: Prover };

export function createLaneWorker(options: LaneWorkerOptions): LaneWorker {
  const { gate, lane, journal, pauses, tuning, observer, owner, prover } = options;
  const id: LaneId = { chainId: gate.chainId, gate: gate.gate, lane: lane.lane };
  const signing = createWakeup();
  const following = createWakeup();
  let isStopping = false;
  let loops: Promise<unknown> = Promise.resolve();
  /** Signing and opening take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  let open: OpenLane | undefined;
  let mustOpen = true;
  let working: WorkingLane | undefined;
  let request: RequestRecord | undefined;
  const problems: Record<"lease" | Loop, string | undefined> = {
    lease: undefined,
    signing: undefined,
    following: undefined,
  };
  let inFlight = 0;
  let seq: bigint | undefined;
  let busyUntil: bigint | undefined;
  let openRequests = 0;
  let added = 0;

  const lease = createLease(journal.ownership, {
    lane: id,
    owner,
    ttlMs: tuning.leaseTtl,
    onChange() {
      mustOpen = true;
      if (working) working.isHeld = true;
      wakeBoth();
      tell();
    },
    onClaim: (error) => settle("lease", error),
  });

  const report = (queued: number): LaneReport => {
    const isOwned = lease.isHeld();
    const problem = isOwned ? (problems.following ?? problems.signing) : problems.lease;
    const healthy = isOwned ? (pauses.isPaused(id) ? "paused" : "serving") : "elsewhere";
    return {
      ...id,
      isOwned,
      state: problem === undefined ? healthy : "blocked",
      ...(problem !== undefined && { problem }),
      epoch: open?.epoch,
      seq: seq?.toString(),
      inFlight,
      queued,
      ...(isOwned && busyUntil !== undefined && { busyUntil: `${busyUntil}` }),
      policy: open?.policy,
    };
  };

  function tell(): void {
    observer.onLane?.(report(added));
  }

  function wakeBoth(): void {
    signing.wake();
    following.wake();
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work, work);
    turn = mine;
    return mine;
  }

  async function assertAllowed(): Promise<void> {
    if (!lease.isHeld()) throw new LaneElsewhereError({ lane: id.lane });
    await Promise.all([pauses.assertRunning(id), lane.assertBound?.(journal.name)]);
    if (!lease.isHeld()) throw new LaneElsewhereError({ lane: id.lane });
  }

  /** To be called in turn. */
  async function openAgain(): Promise<OpenLane> {
    const next = await openLane({
      gate,
      lane,
      journal,
      prover,
      key: guardedKey(lane.key, assertAllowed),
      maxInFlight: tuning.maxInFlight,
      isOwned: lease.isHeld(),
      servedEpoch: working?.open.epoch,
      onStage(stage, milliseconds) {
        const mark = stageMarks[stage];
        if (mark) crashPoint(mark);
        if (request) observer.onStage?.(stage, milliseconds, request);
      },
    });
    open?.close();
    open = next;
    if (working) Object.assign(working, { open, isHeld: true });
    return next;
  }

  /** @returns milliseconds until the next look */
  async function follow(): Promise<number> {
    if (mustOpen || !working) {
      await inTurn(async () => {
        const opened = await openAgain();
        const { ledger, submitter } = options;
        working ??= {
          ...{ id, gate, journal, ledger, pauses, submitter, tuning, observer, assertAllowed },
          open: opened,
          isHeld: true,
          refusals: new Map(),
        };
        mustOpen = false;
      });
    }
    const looked = await followLane(working as WorkingLane);
    const { landed } = looked;
    ({ inFlight, seq, openRequests, busyUntil } = looked);
    added = 0;
    if (openRequests === 0) return LONGEST_WAIT;
    return openRequests > landed ? tuning.pollingInterval : 4 * tuning.pollingInterval;
  }

  /** @returns milliseconds until the next look, 0 for at once */
  async function sign(): Promise<number> {
    const [oldest] = await journal.requests.list({ lane: id, statuses: ["queued"], limit: 1 });
    if (!oldest) return QUEUE_INTERVAL;
    const { ledger } = options;
    if (await endUnwanted({ ledger, pauses, tuning, open }, oldest)) return 0;
    if (!working || mustOpen || problems.following !== undefined) return QUEUE_INTERVAL;
    const ready = working;
    request = oldest;
    const outcome = await inTurn(() => signNext(ready, oldest)).finally(() => {
      request = undefined;
    });
    if (oldest.kind === "send") following.wake();
    else setTimeout(following.wake, AFTER_ANSWER).unref();
    return outcome === "moved" ? 0 : tuning.pollingInterval;
  }

  /** Repeats a step until the lane is given back; trouble is told, and tried again ever more slowly. */
  async function loop(name: Loop, step: () => Promise<number>): Promise<void> {
    const wakeup = name === "signing" ? signing : following;
    for (let failures = 0; !isStopping; ) {
      let wait = tuning.leaseTtl / 3;
      if (lease.isHeld()) {
        try {
          wait = await step();
          failures = 0;
          settle(name, undefined);
        } catch (error) {
          // Another process or loop was faster, or has the lane now: no trouble, the next look shows.
          const isRace =
            error instanceof RequestConflictError || error instanceof LaneElsewhereError;
          if (!isRace) settle(name, error);
          if (isOutdated(error)) mustOpen = true;
          wait = Math.min(tuning.pollingInterval * 2 ** failures, LONGEST_WAIT);
          failures = Math.min(failures + 1, 20);
        }
      }
      if (isStopping) break;
      await (wait > 0 ? wakeup.sleep(wait) : nextTurn());
    }
  }

  function settle(name: keyof typeof problems, error: unknown): void {
    const problem = error === undefined ? undefined : problemOf(error);
    if (error !== undefined) observer.onProblem?.({ where: name, error, ...id });
    if (problems[name] === problem) return;
    problems[name] = problem;
    tell();
    if (name === "following") signing.wake();
    else if (mustOpen) following.wake();
  }

  return {
    id,
    start() {
      lease.start();
      loops = Promise.all([loop("following", follow), loop("signing", sign)]);
    },
    async stop() {
      isStopping = true;
      wakeBoth();
      await loops;
      await inTurn(async () => open?.close());
      await lease.stop();
    },
    prepare() {
      // Whatever is at work here would make what is read now outdated, or read it itself.
      if (lease.isHeld() && !request) open?.signer.prepare();
    },
    added() {
      added += 1;
      signing.wake();
    },
    wake: () => signing.wake(),
    look: () => following.wake(),
    load: () => openRequests + added,
    report,
    async reload() {
      await inTurn(openAgain);
      wakeBoth();
    },
    opened: () => (open ? Promise.resolve(open) : inTurn(async () => open ?? openAgain())),
  };
}

/** Whether the lane may be in another epoch than its signer knows. */
export function isOutdated(error: unknown): boolean {
  return (
    error instanceof GateNotReadyError ||
    error instanceof StateMismatchError ||
    error instanceof UnknownLaneError
  );
}
