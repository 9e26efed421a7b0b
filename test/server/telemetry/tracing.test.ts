import { describe, expect, it } from "vitest";
import { startTracing } from "../../../src/server/telemetry/tracing.ts";
import { secretLimit, transaction } from "../support/memoryAgent.ts";
import { listenLocally, startService } from "../support/service.ts";

interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  status: { code: number };
}

/** A collector that keeps what it is sent. */
async function startCollector() {
  const spans: SentSpan[] = [];
  const bodies: string[] = [];
  const url = await listenLocally(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    bodies.push(body);
    for (const resource of JSON.parse(body).resourceSpans) {
      for (const scope of resource.scopeSpans) spans.push(...scope.spans);
    }
    response.setHeader("content-type", "application/json").end("{}");
  });
  return { url: `${url}/v1/traces`, spans, bodies };
}

describe("tracing", () => {
  it("sends a request's way as spans below the caller's, and no amounts", async () => {
    const { url, spans, bodies } = await startCollector();
    const tracing = startTracing({ otlpUrl: url, serviceName: "desk" });
    const { call } = await startService({ tracing });
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const parent = "b7ad6b7169203331";
    await call("eth_sendTransaction", [transaction(27_182_818n)], {
      headers: { traceparent: `00-${traceId}-${parent}-01` },
    });
    await call("eth_sendTransaction", [transaction(secretLimit + 1n)]);
    await tracing.close();

    const ours = spans.filter((span) => span.traceId === traceId);
    const named = (name: string) => ours.find((span) => span.name === name) as SentSpan;
    expect(ours.map(({ name }) => name).sort()).toEqual([
      "decode",
      "eth_sendTransaction",
      "prove",
      "request",
    ]);
    expect(named("eth_sendTransaction").parentSpanId).toBe(parent);
    expect(named("request").parentSpanId).toBe(named("eth_sendTransaction").spanId);
    for (const stage of ["decode", "prove"]) {
      expect(named(stage).parentSpanId).toBe(named("request").spanId);
    }
    expect(named("request").attributes).toContainEqual({
      key: "zkmandate.principal",
      value: { stringValue: "bot" },
    });
    const denied = spans.filter(
      ({ name, traceId: id }) => name.startsWith("eth_") && id !== traceId,
    );
    expect(denied).toMatchObject([{ status: { code: 2 } }]);
    expect(bodies.join()).toContain('"service.name"');
    for (const secret of [27_182_818n, secretLimit, secretLimit + 1n]) {
      expect(bodies.join()).not.toContain(`${secret}`);
      expect(bodies.join()).not.toContain(secret.toString(16));
    }
  });

  it("ignores a caller's span that is none", async () => {
    const { url, spans } = await startCollector();
    const tracing = startTracing({ otlpUrl: url, serviceName: "desk" });
    const { call } = await startService({ tracing });
    for (const traceparent of ["x", `00-${"0".repeat(32)}-${"0".repeat(16)}-01`]) {
      await call("eth_chainId", [], { headers: { traceparent } });
    }
    await tracing.close();
    expect(spans.map(({ parentSpanId }) => parentSpanId || undefined)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("costs nobody an answer when the collector is away", async () => {
    const tracing = startTracing({ otlpUrl: "http://127.0.0.1:9/v1/traces", serviceName: "desk" });
    const { call } = await startService({ tracing });
    expect((await call("eth_chainId")).json.result).toBe("0x7a69");
    await tracing.close();
  });
});
