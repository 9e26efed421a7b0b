import type { AgentObserver } from "../../agent/observer.ts";

/** Where spans are made, if they are. */
export interface Tracing {
  /** Told of requests and their stages. */
  observer: AgentObserver;
  /** Runs a JSON-RPC call within a span of its own. */
  call<T>(call: TracedCall, work: () => Promise<T>): Promise<T>;
  /** Sends what is left. */
  close(): Promise<void>;
}

export interface TracedCall {
  method: string;
  /** The caller's span, as its header names it. */
  traceparent?: string | undefined;
}

/** No spans: what the service has without `telemetry` in its configuration. */
export const noTracing: Tracing = {
  observer: {},
  call: (_call, work) => work(),
  close: async () => {},
};
