import { randomUUID } from "node:crypto";
import type { GateRpc } from "../../agent/gateRpc.ts";
import { codeOf, type Reason, rpcCodes } from "../../agent/reasons.ts";
import { RpcError } from "../../errors/agent.ts";
import type { RateLimit } from "../auth/rateLimit.ts";
import { namesMethod, type TokenRecord } from "../auth/token.ts";
import type { Tracing } from "../telemetry/tracingPort.ts";
import {
  errorResponse,
  invalidRequest,
  parseErrorCode,
  parseJson,
  type RpcCall,
  type RpcErrorBody,
  type RpcResponse,
  readCall,
} from "./jsonRpc.ts";

/** Who calls, and how. */
export interface RpcCaller {
  token: TokenRecord;
  /** Which chain the endpoint is of, where several are served. */
  chainId?: number | undefined;
  /** The `Idempotency-Key` header. */
  idempotencyKey?: string | undefined;
  /** The `traceparent` header. */
  traceparent?: string | undefined;
  /** Stops waiting; what was recorded goes on. */
  signal: AbortSignal;
}

/** How a call ended, for logs and metrics; nothing in it is secret. */
export interface CallOutcome {
  /** The caller's token. */
  principal: string;
  /** "other" for one that is not offered: its name is whatever somebody sent. */
  method: string;
  /** "ok", or the reason's word. */
  outcome: string;
  milliseconds: number;
  /** The journal's id of the request, where there is one. */
  request?: string | undefined;
  /** For an error that nobody expected: what was thrown, and the number that the caller was given. */
  incident?: { id: string; error: unknown } | undefined;
}

export interface RpcHandlerOptions {
  rpc: GateRpc;
  rateLimit: RateLimit;
  /** Calls of a token in a minute, unless it has its own. */
  callsPerMinute: number;
  /** Calls in a batch at most. */
  batch: number;
  onCall: (outcome: CallOutcome) => void;
  tracing: Pick<Tracing, "call">;
}

/** Answers a body: one response, or several for a batch. */
export type RpcHandler = (
  body: Uint8Array,
  caller: RpcCaller,
) => Promise<RpcResponse | readonly RpcResponse[]>;

const idempotencyKeyPattern = /^[\x21-\x7e]{1,200}$/;

/**
 * Puts JSON-RPC on top of a gate's methods: bodies, batches, what a token may call and how often.
 *
 * Never throws: whatever comes is answered with a response or an error of JSON-RPC.
 */
export function createRpcHandler(options: RpcHandlerOptions): RpcHandler {
  const { rateLimit, callsPerMinute, batch } = options;

  return async (body, caller) => {
    const { token, idempotencyKey } = caller;
    let parsed: unknown;
    try {
      parsed = parseJson(body);
    } catch {
      return errorResponse(null, { code: parseErrorCode, message: "The body is not JSON" });
    }
    const calls = Array.isArray(parsed) ? parsed : [parsed];
    if (calls.length === 0) return invalidRequest("The batch is empty");
    if (calls.length > batch) return invalidRequest(`A batch holds at most ${batch} calls`);
    if (idempotencyKey !== undefined && !idempotencyKeyPattern.test(idempotencyKey)) {
      return invalidRequest("The Idempotency-Key is not 1 to 200 visible ASCII characters");
    }
    const allowed = rateLimit.take(
      token.name,
      calls.length,
      token.callsPerMinute ?? callsPerMinute,
    );
    const responses = calls.map((value, i) => {
      const { call, response } = { call: undefined, ...readCall(value) };
      if (!call) return response;
      // Each call of a batch is a request of its own.
      const key = Array.isArray(parsed)
        ? idempotencyKey && `${idempotencyKey}/${i}`
        : idempotencyKey;
      return answer(call, { ...caller, idempotencyKey: key }, { ...options, allowed });
    });
    return Array.isArray(parsed) ? Promise.all(responses) : ((await responses[0]) as RpcResponse);
  };
}

async function answer(
  { id, method, params }: RpcCall,
  { token, chainId, idempotencyKey, traceparent, signal }: RpcCaller,
  { rpc, onCall, allowed, tracing }: RpcHandlerOptions & { allowed: boolean },
): Promise<RpcResponse> {
  const start = performance.now();
  const ended = (outcome: string, more: Partial<CallOutcome> = {}) =>
    onCall({
      principal: token.name,
      method,
      outcome,
      milliseconds: performance.now() - start,
      ...more,
    });
  const refused = (reason: Reason, message: string) => {
    ended(reason, { method: "other" });
    return errorResponse(id, { code: codeOf(reason), message, data: { reason } });
  };
  if (!allowed) {
    return refused("rate-limited", "Too many calls: try again later");
  }
  if (!namesMethod(token.methods, method)) {
    return refused("not-permitted", "The token may not call the method");
  }
  try {
    const context = {
      principal: token.name,
      allowedGates: token.gates,
      isOperator: token.operator,
      chainId,
      idempotencyKey,
      signal,
    };
    const result = await tracing.call({ method, traceparent }, () => rpc(method, params, context));
    ended("ok");
    return { jsonrpc: "2.0", id, result: result ?? null };
  } catch (error) {
    if (!(error instanceof RpcError)) return unexpected(error);
    const { reason, request } = detailsOf(error);
    if (error.code === rpcCodes.internal) return unexpected(error.cause ?? error, request);
    const unknown = error.code === rpcCodes.methodNotFound;
    ended(reason ?? "error", { request, ...(unknown && { method: "other" }) });
    return errorResponse(id, bodyOf(error));
  }

  /** The caller learns a number, and the log what happened. */
  function unexpected(error: unknown, request?: string): RpcResponse {
    const incident = randomUUID();
    ended("internal", { request, incident: { id: incident, error } });
    return errorResponse(id, {
      code: rpcCodes.internal,
      message: "Something went wrong inside the service",
      data: { reason: "internal", incident, ...(request !== undefined && { request }) },
    });
  }
}

function bodyOf({ code, shortMessage, data }: RpcError): RpcErrorBody {
  return { code, message: shortMessage, ...(data !== undefined && { data }) };
}

/** The reason and request of an error of ours; a node's own error has neither. */
function detailsOf({ data }: RpcError): { reason?: string; request?: string } {
  if (typeof data !== "object" || data === null) return {};
  const { reason, request } = data as Record<string, unknown>;
  return {
    ...(typeof reason === "string" && { reason }),
    ...(typeof request === "string" && { request }),
  };
}
