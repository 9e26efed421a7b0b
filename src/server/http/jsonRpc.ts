/** JSON-RPC 2.0 (https://www.jsonrpc.org/specification), strictly read. */

/** A call's id as it is given back: a string, a number that survives the way, or null. */
export type RpcId = string | number | null;

export interface RpcCall {
  id: RpcId;
  method: string;
  params: readonly unknown[] | Readonly<Record<string, unknown>>;
}

export interface RpcErrorBody {
  code: number;
  message: string;
  data?: unknown;
}

export type RpcResponse =
  | { jsonrpc: "2.0"; id: RpcId; result: unknown }
  | { jsonrpc: "2.0"; id: RpcId; error: RpcErrorBody };

/** A call as it came, or what is wrong with it. */
export type ReadCall = { call: RpcCall; response?: undefined } | { response: RpcResponse };

export const parseErrorCode = -32_700;
const invalidRequestCode = -32_600;
const MAX_METHOD_LENGTH = 100;
const MAX_ID_LENGTH = 256;

export const errorResponse = (id: RpcId, error: RpcErrorBody): RpcResponse => ({
  jsonrpc: "2.0",
  id,
  error,
});

export const invalidRequest = (message: string, id: RpcId = null): RpcResponse =>
  errorResponse(id, { code: invalidRequestCode, message });

/**
 * Reads a body: bytes that must be UTF-8 and JSON.
 *
 * @throws {SyntaxError | TypeError} if they are not; the message quotes the body and must not be passed on
 */
export function parseJson(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
}

/**
 * Reads one call.
 *
 * A call without an id is refused: it would be a notification, whose failure nobody would hear of.
 */
export function readCall(value: unknown): ReadCall {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { response: invalidRequest("A call is an object") };
  }
  const { jsonrpc, id, method, params = [] } = value as Record<string, unknown>;
  if (!isId(id)) {
    return {
      response: invalidRequest(
        id === undefined
          ? "An id is needed: notifications are not served"
          : "The id is not a string, an exact number or null",
      ),
    };
  }
  const refused = (message: string) => ({ response: invalidRequest(message, id) });
  if (jsonrpc !== "2.0") return refused('jsonrpc is not "2.0"');
  if (typeof method !== "string" || method === "" || method.length > MAX_METHOD_LENGTH) {
    return refused("The method is not a name");
  }
  if (typeof params !== "object" || params === null) {
    return refused("The params are neither an array nor an object");
  }
  return { call: { id, method, params: params as RpcCall["params"] } };
}

function isId(id: unknown): id is RpcId {
  if (typeof id === "number") return Math.abs(id) <= Number.MAX_SAFE_INTEGER;
  return id === null || (typeof id === "string" && id.length <= MAX_ID_LENGTH);
}

/** A response's text; bigints, of which results have none by contract, would be decimal strings. */
export function toBody(response: RpcResponse | readonly RpcResponse[]): string {
  return JSON.stringify(response, (_, value) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
