import { type CustomTransport, custom, HttpRequestError, TimeoutError } from "viem";
import type { MandateEndpoint } from "./endpoint.ts";

export interface MandateTransportOptions extends MandateEndpoint {
  /** How long an answer is waited for, milliseconds; a transaction waits for its lane. 130,000. */
  timeout?: number | undefined;
  /** How often a call is sent again when no answer came; 3. */
  retryCount?: number | undefined;
}

/** Waits between attempts, milliseconds. */
const RETRY_DELAY_MS = 500;

/**
 * A viem transport to a signer service: wallet clients send from gates as from any account, and read from
 * the service's node.
 *
 * A call that got no answer, or one that its outcome is not known, is sent again under the same idempotency key, so that no transaction is made
 * twice; each `sendTransaction` is a request of its own.
 *
 * @example
 * const transport = mandateTransport({ url: "http://127.0.0.1:8645", token });
 * const account = await toMandateAccount({ url: "http://127.0.0.1:8645", token });
 * const wallet = createWalletClient({ account, chain, transport });
 * const hash = await wallet.sendTransaction({ to, value: parseEther("1") });
 */
export function mandateTransport(options: MandateTransportOptions): CustomTransport {
  const { url, token, timeout = 130_000, retryCount = 3 } = options;
  let id = 0;

  async function post(body: Record<string, unknown>, idempotencyKey: string): Promise<unknown> {
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${token}`,
          "idempotency-key": idempotencyKey,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeout),
      });
    } catch (cause) {
      if ((cause as Error).name === "TimeoutError") throw new TimeoutError({ body, url });
      throw new HttpRequestError({ url, body, cause: cause as Error });
    }
    if (response.ok) return response.json();
    throw new HttpRequestError({ url, body, status: response.status, headers: response.headers });
  }

  return custom(
    {
      async request({ method, params }: { method: string; params?: unknown }) {
        id += 1;
        const body = { jsonrpc: "2.0", id, method, params: params ?? [] };
        const key = crypto.randomUUID();
        for (let attempt = 0; ; attempt += 1) {
          try {
            return answerOf(await post(body, key));
          } catch (error) {
            const noAnswer =
              (error instanceof HttpRequestError && error.status === undefined) || isUnknown(error);
            if (!noAnswer || attempt >= retryCount) throw error;
            await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS * 2 ** attempt));
          }
        }
      },
    },
    // viem's own retries would be requests of their own.
    { retryCount: 0, key: "zkmandate", name: "zkmandate service" },
  );
}

/** The result, or the error as viem expects a node's. */
function answerOf(response: unknown): unknown {
  const { result, error } = response as {
    result?: unknown;
    error?: { code: number; message: string; data?: unknown };
  };
  if (!error) return result;
  throw Object.assign(new Error(error.message), { code: error.code, data: error.data });
}

/** Whether the service itself does not know what became of the call. */
function isUnknown(error: unknown): boolean {
  const { data } = error as { data?: { outcome?: unknown } | null };
  return data?.outcome === "unknown";
}
