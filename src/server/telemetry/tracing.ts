import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import type { AgentObserver } from "../../agent/observer.ts";
import type { RequestRecord, RequestStatus } from "../../journal/request.ts";
import type { Tracing } from "./tracingPort.ts";

/** Requests whose span stays open at most; the oldest are ended early beyond that. */
const MAX_OPEN = 10_000;

/** How long a collector may take for a batch. */
const EXPORT_TIMEOUT_MS = 2_000;

/** Where a request has nothing before it any more. */
const lastStatuses: ReadonlySet<RequestStatus> = new Set(["final", "denied", "failed", "expired"]);

/**
 * Spans of each request, sent by OTLP over HTTP: one for the JSON-RPC call, one for the request, which
 * lives on until its transaction is final, and below that decode, evaluate, prove, sign, submit, confirm.
 * Names, ids and reasons go along, never amounts, targets or calldata.
 *
 * This module loads OpenTelemetry; it is imported only where the configuration asks for it.
 *
 * @param otlpUrl such as http://127.0.0.1:4318/v1/traces
 */
export function startTracing(input: { otlpUrl: string; serviceName: string }): Tracing {
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ "service.name": input.serviceName }),
    spanProcessors: [
      new BatchSpanProcessor(
        new OTLPTraceExporter({ url: input.otlpUrl, timeoutMillis: EXPORT_TIMEOUT_MS }),
      ),
    ],
  });
  const tracer = provider.getTracer("zkmandate");
  const calls = new AsyncLocalStorage<{ context: Context; startedAt: number }>();
  const open = new Map<string, { span: Span; context: Context }>();

  function begin(request: RequestRecord) {
    const { context = ROOT_CONTEXT, startedAt = Date.now() } = calls.getStore() ?? {};
    const span = tracer.startSpan(
      "request",
      { startTime: startedAt, attributes: attributesOf(request) },
      context,
    );
    const entry = { span, context: trace.setSpan(context, span) };
    open.set(request.id, entry);
    for (const id of open.keys()) {
      if (open.size <= MAX_OPEN) break;
      end(id);
    }
    return entry;
  }

  function end(id: string): void {
    open.get(id)?.span.end();
    open.delete(id);
  }

  const observer: AgentObserver = {
    onStage(stage, milliseconds, request) {
      const { context } = open.get(request.id) ?? begin(request);
      const now = Date.now();
      tracer.startSpan(stage, { startTime: now - milliseconds }, context).end(now);
    },
    onStatus(request, from) {
      const { span, context } = open.get(request.id) ?? begin(request);
      if (from === undefined) {
        const startTime = calls.getStore()?.startedAt ?? Date.now();
        tracer.startSpan("decode", { startTime }, context).end();
      }
      const { status, kind, failure } = request;
      span.addEvent(status);
      if (failure) {
        span.setAttribute("zkmandate.reason", failure.reason);
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure.reason });
      }
      if (lastStatuses.has(status) || (kind === "sign" && status === "signed")) end(request.id);
    },
  };

  return {
    observer,
    async call({ method, traceparent }, work) {
      const startedAt = Date.now();
      const span = tracer.startSpan(
        method,
        {
          kind: SpanKind.SERVER,
          startTime: startedAt,
          attributes: { "rpc.system": "jsonrpc", "rpc.method": method },
        },
        parentOf(traceparent),
      );
      const context = trace.setSpan(ROOT_CONTEXT, span);
      try {
        return await calls.run({ context, startedAt }, work);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    },
    async close() {
      for (const id of open.keys()) end(id);
      // A collector that is away must not keep the service from ending.
      await provider.shutdown().catch(() => {});
    },
  };
}

function attributesOf({ id, kind, chainId, gate, lane, principal }: RequestRecord): Attributes {
  return {
    "zkmandate.request": id,
    "zkmandate.kind": kind,
    "zkmandate.chain": chainId,
    "zkmandate.gate": gate,
    "zkmandate.lane": lane,
    "zkmandate.principal": principal,
  };
}

/** The caller's span, from a `traceparent` header (https://www.w3.org/TR/trace-context/). */
function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  const parent = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}
