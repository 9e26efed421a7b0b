import type { AgentObserver } from "../agent/observer.ts";
import type { ServeConfig } from "./config/serveConfig.ts";
import type { CallOutcome } from "./http/rpcHandler.ts";
import type { Logger } from "./logs/logger.ts";
import { logObserver } from "./logs/logObserver.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { joinObservers } from "./observers.ts";
import { noTracing, type Tracing } from "./telemetry/tracingPort.ts";

/** Everything that watches the service: its log, its metrics and its spans. */
export interface Observation {
  log: Logger;
  metrics: Metrics;
  tracing: Tracing;
  /** For the agent. */
  observer: AgentObserver;
  /** For the HTTP side. */
  onCall(outcome: CallOutcome): void;
}

/** Starts what the configuration asks for; OpenTelemetry is loaded only then. */
export async function startObservation(
  { metrics: { exposeBudgets }, telemetry }: Pick<ServeConfig, "metrics" | "telemetry">,
  log: Logger,
): Promise<Observation> {
  const metrics = createMetrics({ exposeBudgets });
  const tracing = telemetry
    ? (await import("./telemetry/tracing.ts")).startTracing(telemetry)
    : noTracing;
  const logged = logObserver(log);
  return {
    log,
    metrics,
    tracing,
    observer: joinObservers([metrics.observer, tracing.observer, logged.observer]),
    onCall(outcome) {
      metrics.onCall(outcome);
      logged.onCall(outcome);
    },
  };
}
