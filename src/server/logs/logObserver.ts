import type { AgentObserver } from "../../agent/observer.ts";
import type { CallOutcome } from "../http/rpcHandler.ts";
import type { Logger } from "./logger.ts";

/** Calls that change something: an operator wants to see them at `info`. */
const acts = /^eth_(send|sign)Transaction$|^zkmandate_(pause|resume|reload)$/;

/** Writes what happens into the log: who, which request, how it ended. Never what was asked for. */
export function logObserver(log: Logger): {
  observer: AgentObserver;
  onCall(outcome: CallOutcome): void;
} {
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
      onLane: ({ gate, lane, state, isOwned, epoch, seq }) =>
        log.debug({ gate, lane, standing: state, isOwned, epoch, seq }, "lane"),
      onProblem: ({ where, error, gate, lane }) =>
        log.warn({ where, gate, lane, err: error }, "trouble; it is tried again"),
    },
  };
}
