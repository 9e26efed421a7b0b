import type { AgentObserver } from "../../agent/observer.ts";
import { problemOf } from "../../agent/problem.ts";
import type { CallOutcome } from "../http/rpcHandler.ts";
import type { Logger } from "./logger.ts";

/** Calls that change something: an operator wants to see them at `info`. */
const acts = /^eth_(send|sign)Transaction$|^zkmandate_(pause|resume|reload)$/;

/** The same trouble within so many milliseconds of the last time is one that lasts. */
const REPEATED_WITHIN = 60_000;

/** Writes what happens into the log: who, which request, how it ended. Never what was asked for. */
export function logObserver(
  log: Logger,
  now: () => number = () => performance.now(),
): {
  observer: AgentObserver;
  onCall(outcome: CallOutcome): void;
} {
  const troubles = new Map<string, { problem: string; at: number }>();
  const owned = new Map<string, boolean>();

  /** Says once what lasts: a lane in trouble is tried again each second. */
  const onProblem: AgentObserver["onProblem"] = ({ where, error, gate, lane }) => {
    const name = [where, gate, lane].join();
    const problem = problemOf(error);
    const entry = { where, gate, lane, err: error };
    const last = troubles.get(name);
    const lasts = last?.problem === problem && now() - last.at < REPEATED_WITHIN;
    if (lasts) log.debug(entry, "the same trouble");
    else log.warn(entry, "trouble; it is tried again");
    troubles.set(name, { problem, at: now() });
  };

  const onLane: AgentObserver["onLane"] = (report) => {
    const { chainId, gate, lane, state, isOwned, epoch, seq, problem } = report;
    const entry = { chain: chainId, gate, lane, epoch, seq };
    const name = [chainId, gate, lane].join();
    if (owned.get(name) !== isOwned && (isOwned || owned.has(name))) {
      log.info(entry, isOwned ? "lane taken" : "lane lost");
    }
    owned.set(name, isOwned);
    log.debug({ ...entry, standing: state, isOwned }, "lane");
    if (problem !== undefined) return;
    for (const where of ["lease", "signing", "following"]) {
      const wasInTrouble = troubles.delete([where, gate, lane].join());
      if (wasInTrouble) log.info({ ...entry, where }, "trouble is over");
    }
  };

  return {
    onCall({ principal, method, outcome, milliseconds, request, incident }) {
      const entry = { principal, method, outcome, ms: Math.round(milliseconds), request };
      if (incident) {
        log.error({ ...entry, incident: incident.id, err: incident.error }, "call failed");
      } else if (acts.test(method) || outcome === "not-permitted") log.info(entry, "call");
      else log.debug(entry, "call");
    },
    observer: {
      onStage: (stage, milliseconds, { id }) =>
        log.trace({ request: id, stage, ms: Math.round(milliseconds) }, "stage"),
      onStatus: ({ id, principal, gate, lane, status, failure, transactions }, from) =>
        log.info(
          {
            ...{ request: id, principal, gate, lane, status, from },
            reason: failure?.reason,
            transaction: transactions.at(-1),
          },
          "request",
        ),
      onLane,
      onProblem,
    },
  };
}
