import { randomUUID } from "node:crypto";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import type { Authenticator } from "../auth/authenticator.ts";
import { namesMethod, type TokenRecord } from "../auth/token.ts";
import type { Readiness } from "../health/readiness.ts";
import type { Logger } from "../logs/logger.ts";
import { errorResponse, invalidRequest, parseErrorCode, toBody } from "./jsonRpc.ts";
import type { RpcHandler } from "./rpcHandler.ts";

/** A certificate chain and its key, PEM. */
export interface TlsMaterial {
  cert: string | Buffer;
  key: string | Buffer;
}

export interface AppOptions {
  authenticator: Pick<Authenticator, "authenticate">;
  handler: RpcHandler;
  readiness: () => Promise<Readiness>;
  /** All metrics as Prometheus reads them. */
  metrics: () => Promise<string>;
  log: Logger;
  /** Names under which the service may be called, without port. */
  hosts: readonly string[];
  /** bytes of a body at most */
  bodyBytes: number;
  /** seconds that a call is waited for */
  requestSeconds: number;
  connections: number;
  tls?: TlsMaterial | undefined;
  /** Aborted when the service ends: nobody is waited for any more. */
  closing: AbortSignal;
}

/** The method that stands for reading `/metrics` in a token's list. */
export const METRICS_METHOD = "metrics";

/** The answer to bytes that are no HTTP. */
const NOT_HTTP = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/** milliseconds in which a request must have come in whole */
const RECEIVE_TIMEOUT_MS = 30_000;

declare module "fastify" {
  interface FastifyRequest {
    /** Who calls; there once a route beyond the health checks is reached. */
    token?: TokenRecord;
  }
}

/**
 * The HTTP side of the service: `POST /` (and `/<chain id>`) for JSON-RPC, `/metrics` for tokens that may,
 * `/healthz` and `/readyz` for everyone. Whoever has no valid token gets an empty 401 for all the rest.
 *
 * Fastify's own log is off, since it would write what comes in; one line for each request is written here.
 */
export function createApp(options: AppOptions): FastifyInstance {
  const { authenticator, handler, readiness, log, bodyBytes, requestSeconds, closing } = options;
  const app = Fastify({
    logger: false,
    bodyLimit: bodyBytes,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 20 },
    serverFactory: (listener) => createServer(listener, options),
    clientErrorHandler: (_error, socket) => {
      if (socket.writable) socket.write(NOT_HTTP);
      socket.destroySoon();
    },
    frameworkErrors: (_error, _request, reply) => void empty(reply, 400),
  });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );

  app.addHook("onRequest", async (request, reply) => {
    reply.header("cache-control", "no-store");
    if (!isAllowedHost(request.headers.host, options.hosts)) return empty(reply, 421);
    if (request.url === "/healthz") return;
    const token = await authenticator.authenticate(request.headers.authorization);
    if (token) request.token = token;
    else if (request.url !== "/readyz") {
      return empty(reply.header("www-authenticate", "Bearer"), 401);
    }
  });

  app.addHook("onResponse", async (request, reply) => {
    const { id, method, token } = request;
    const route = request.routeOptions.url ?? "none";
    const entry = { http: id, method, route, principal: token?.name };
    log.debug({ ...entry, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "request");
  });

  app.get("/healthz", async () => ({ status: "ok" }));

  app.get("/readyz", async ({ token }, reply) => {
    const { ready, checks } = await readiness();
    reply.code(ready ? 200 : 503);
    return { status: ready ? "ready" : "not ready", ...(token?.operator && { checks }) };
  });

  app.get("/metrics", async ({ token }, reply) => {
    if (!token || !mayReadMetrics(token)) return empty(reply, 403);
    return reply.type("text/plain; version=0.0.4; charset=utf-8").send(await options.metrics());
  });

  for (const url of ["/", "/:chainId(^[1-9]\\d{0,14}$)"]) {
    app.post<{ Params: { chainId?: string } }>(url, async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const { chainId } = request.params;
      const response = await handler(request.body as Buffer, {
        // The hook has answered whoever has no token.
        token: request.token as TokenRecord,
        ...(chainId !== undefined && { chainId: Number(chainId) }),
        idempotencyKey: request.headers["idempotency-key"] as string | undefined,
        traceparent: request.headers.traceparent as string | undefined,
        signal: AbortSignal.any([
          gone.signal,
          closing,
          AbortSignal.timeout(requestSeconds * 1_000),
        ]),
      });
      return reply.type("application/json; charset=utf-8").send(toBody(response));
    });
  }

  app.setNotFoundHandler((_request, reply) => empty(reply, 404));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ http: request.id, err: error }, "a request failed");
    const response =
      error.code === "FST_ERR_CTP_BODY_TOO_LARGE"
        ? invalidRequest(`The body is larger than ${bodyBytes} bytes`)
        : error.code === "FST_ERR_CTP_INVALID_MEDIA_TYPE"
          ? invalidRequest("The content type is not application/json")
          : status < 500
            ? errorResponse(null, { code: parseErrorCode, message: "The body is not JSON" })
            : errorResponse(null, { code: -32_603, message: "Something went wrong" });
    return reply.code(status).type("application/json; charset=utf-8").send(toBody(response));
  });
  return app;
}

function createServer(listener: RequestListener, { tls, connections }: AppOptions) {
  const server = tls
    ? createHttpsServer({ ...tls, minVersion: "TLSv1.2" }, listener)
    : createHttpServer(listener);
  server.requestTimeout = RECEIVE_TIMEOUT_MS;
  server.headersTimeout = RECEIVE_TIMEOUT_MS;
  server.maxConnections = connections;
  return server;
}

function empty(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).send();
}

/**
 * Whether a token may read the metrics, which are of all gates and hint at what their policies restrict: it names
 * them in so many letters, or is an operator's of all gates. Being allowed every method is not enough.
 */
function mayReadMetrics({ methods, operator, gates }: TokenRecord): boolean {
  const runsAll = operator && gates === "*" && namesMethod(methods, METRICS_METHOD);
  return runsAll || methods.includes(METRICS_METHOD);
}

/** Whether a Host header names one of the hosts, on whatever port. */
function isAllowedHost(header: string | undefined, hosts: readonly string[]): boolean {
  const name = header?.toLowerCase().replace(/:\d{1,5}$/, "");
  return name !== undefined && hosts.some((host) => host.toLowerCase() === name);
}
