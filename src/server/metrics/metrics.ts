import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { AgentObserver } from "../../agent/observer.ts";
import type { CallOutcome } from "../http/rpcHandler.ts";

/** Bounds of histograms, seconds: from a cached read to a transaction that is hard to get mined. */
const buckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** Every metric of the service, in a registry of its own. */
export interface Metrics {
  registry: Registry;
  /** Counts what the agent does. */
  observer: AgentObserver;
  onCall(outcome: CallOutcome): void;
  gauges: Gauges;
}

/** What stands somewhere; set when somebody reads the metrics. */
export type Gauges = ReturnType<typeof createGauges>;

/**
 * Makes the metrics. None of them tells a limit but `zkmandate_budget_headroom_ratio`, which is there only
 * if the operator wants it; denials by restriction hint at which restrictions a policy uses.
 *
 * @param exposeBudgets whether budgets' headroom is a metric
 */
export function createMetrics({ exposeBudgets }: { exposeBudgets: boolean }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const calls = new Counter({
    name: "zkmandate_calls_total",
    help: "JSON-RPC calls, by method and by how they ended (ok, or the reason's word).",
    labelNames: ["method", "outcome"] as const,
    registers,
  });
  const callSeconds = new Histogram({
    name: "zkmandate_call_seconds",
    help: "Time from a call's arrival to its answer.",
    labelNames: ["method"] as const,
    buckets,
    registers,
  });
  const stageSeconds = new Histogram({
    name: "zkmandate_stage_seconds",
    help: "Time that a request spent in each stage, from reading the chain to its confirmation.",
    labelNames: ["gate", "stage"] as const,
    buckets,
    registers,
  });
  const transitions = new Counter({
    name: "zkmandate_request_transitions_total",
    help: "Requests that came to stand at a status, with the reason of those that failed.",
    labelNames: ["gate", "status", "reason"] as const,
    registers,
  });
  const denials = new Counter({
    name: "zkmandate_denials_total",
    help: "Denied requests, by each restriction that failed in the rules that came closest.",
    labelNames: ["gate", "restriction"] as const,
    registers,
  });
  const problems = new Counter({
    name: "zkmandate_problems_total",
    help: "Troubles that the service met and tries to get over, by where.",
    labelNames: ["where"] as const,
    registers,
  });

  return {
    registry,
    gauges: createGauges(registers, exposeBudgets),
    onCall({ method, outcome, milliseconds }) {
      calls.inc({ method, outcome });
      callSeconds.observe({ method }, milliseconds / 1_000);
    },
    observer: {
      onStage: (stage, milliseconds, { gate }) =>
        stageSeconds.observe({ gate, stage }, milliseconds / 1_000),
      onStatus: ({ gate, status, failure }) =>
        transitions.inc({ gate, status, reason: failure?.reason ?? "" }),
      onDenied({ gate }, restrictions) {
        for (const restriction of new Set(restrictions)) denials.inc({ gate, restriction });
      },
      onProblem: ({ where }) => problems.inc({ where }),
    },
  };
}

function createGauges(registers: Registry[], exposeBudgets: boolean) {
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  return {
    requests: gauge("zkmandate_requests", "Requests in the journal, by status.", ["status"]),
    laneState: gauge("zkmandate_lane_state", "1 for the state that a lane is in.", [
      "gate",
      "lane",
      "state",
    ]),
    laneOwned: gauge("zkmandate_lane_owned", "Whether this process works on the lane.", [
      "gate",
      "lane",
    ]),
    laneInFlight: gauge("zkmandate_lane_in_flight", "Signed actions that have not landed.", [
      "gate",
      "lane",
    ]),
    laneQueued: gauge("zkmandate_lane_queued", "Requests that wait for the lane.", [
      "gate",
      "lane",
    ]),
    laneSeq: gauge("zkmandate_lane_seq", "The lane's sequence number.", ["gate", "lane"]),
    submitterOpen: gauge(
      "zkmandate_submitter_open_transactions",
      "Outer transactions that are not mined.",
      ["chain", "submitter"],
    ),
    submitterNonce: gauge(
      "zkmandate_submitter_open_nonce",
      "The lowest nonce whose transaction is not mined.",
      ["chain", "submitter"],
    ),
    submitterOldest: gauge(
      "zkmandate_submitter_oldest_seconds",
      "Age of the oldest outer transaction that is not mined.",
      ["chain", "submitter"],
    ),
    submitterStuck: gauge(
      "zkmandate_submitter_stuck_transactions",
      "Outer transactions whose newest version has waited longer than fees.stuckSeconds.",
      ["chain", "submitter"],
    ),
    ready: gauge("zkmandate_ready", "Whether a part of the service is there.", ["check"]),
    scrapeFailed: gauge(
      "zkmandate_scrape_failed",
      "Whether a source of the figures could not be read.",
      ["source"],
    ),
    budgetHeadroom: exposeBudgets
      ? gauge("zkmandate_budget_headroom_ratio", "How much of a budget is left, 0 to 1.", [
          "gate",
          "lane",
          "budget",
        ])
      : undefined,
  };
}
