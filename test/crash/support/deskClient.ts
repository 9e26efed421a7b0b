import { setTimeout as sleep } from "node:timers/promises";
import type { Hex } from "viem";

/** What one client asks for once; asked again with the same key for as long as nobody has said what became of it. */
export interface Order {
  /** Its idempotency key. */
  key: string;
  method: "eth_sendTransaction" | "eth_signTransaction";
  transaction: { from: Hex; to: Hex; value?: Hex; data?: Hex };
  lane?: number | undefined;
  /** seconds */
  validFor?: number | undefined;
  /** How many times it is asked for at once; 1 unless given. */
  copies?: number;
}

/** What a client was told of an order, over however many processes. */
export interface OrderLog extends Order {
  /** Request ids that it was told; one, or the service has asked twice. */
  requests: Set<string>;
  /** Hashes that it was told. */
  hashes: Set<Hex>;
  /** What it was handed out, signed. */
  signed: SignedAnswer[];
  /** Reasons for which it asked again. */
  heard: Set<string>;
  /** The reason word of its refusal. */
  refused?: string | undefined;
  /** Where it was last seen to stand. */
  status?: string | undefined;
  /** How often it was asked for. */
  attempts: number;
}

/** The answer of `eth_signTransaction`. */
export interface SignedAnswer {
  request: string;
  transaction: { to: Hex; data: Hex };
  digest: Hex;
  lane: number;
  epoch: number;
  seq: Hex;
  deadline: Hex;
}

/** Reasons after which a client asks again: they say nothing of what becomes of the request. */
const passing = new Set([
  "still-waiting",
  "journal-unavailable",
  "node-unavailable",
  "closing",
  "queue-full",
  "lane-blocked",
  "internal",
]);
const ended = new Set(["landed", "final", "denied", "failed", "expired"]);

export interface DeskClient {
  logs: readonly OrderLog[];
  /** Asks until it is told a hash, a signed call or a refusal. */
  place(order: Order): Promise<OrderLog>;
  /** Asks until the order has landed or is reported otherwise. */
  settled(log: OrderLog, statuses?: ReadonlySet<string>): Promise<OrderLog>;
  /** One call; undefined if nobody answers. */
  call(method: string, params?: unknown[]): Promise<RpcAnswer | undefined>;
}

export interface RpcAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the service answers
  result?: any;
  error?: { code: number; message: string; data?: { reason?: string; request?: string } };
}

/**
 * A desk's bot: knows nothing of crashes, only that an answer has not come.
 *
 * @param urls of the processes that run now, asked in turn
 */
export function createDeskClient(options: { urls(): string[]; token: string }): DeskClient {
  const { urls, token } = options;
  const logs: OrderLog[] = [];
  let turn = 0;

  async function post(
    method: string,
    params: unknown[],
    key?: string,
  ): Promise<RpcAnswer | undefined> {
    const known = urls();
    const url = known[turn++ % Math.max(1, known.length)];
    if (url === undefined) return undefined;
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${token}`,
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      });
      return response.ok ? ((await response.json()) as RpcAnswer) : undefined;
    } catch {
      return undefined;
    }
  }

  /** @returns whether it is known now what became of the order */
  function note(log: OrderLog, answer: RpcAnswer | undefined): boolean {
    const { request, reason = "none" } = answer?.error?.data ?? {};
    if (request !== undefined) log.requests.add(request);
    if (answer?.result !== undefined) {
      if (log.method === "eth_sendTransaction") log.hashes.add(answer.result);
      else {
        log.signed.push(answer.result);
        log.requests.add(answer.result.request);
      }
      return true;
    }
    if (!answer?.error) return false;
    if (passing.has(reason)) {
      log.heard.add(reason);
      return false;
    }
    log.refused = reason;
    return true;
  }

  return {
    logs,
    call: (method, params = []) => post(method, params),

    async place(order) {
      const log: OrderLog = {
        ...order,
        requests: new Set(),
        hashes: new Set(),
        signed: [],
        heard: new Set(),
        attempts: 0,
      };
      logs.push(log);
      const { method, transaction, key, lane, validFor, copies = 1 } = order;
      const ask = () => post(method, [transaction, { lane, validFor }], key);
      for (;;) {
        log.attempts += copies;
        const answers = await Promise.all(Array.from({ length: copies }, ask));
        const isAnswered = answers.map((answer) => note(log, answer));
        if (isAnswered.includes(true)) return log;
        await sleep(100);
      }
    },

    async settled(log, statuses = ended) {
      for (;;) {
        const [id] = log.hashes.size > 0 ? log.hashes : log.requests;
        const answer = await post("zkmandate_status", [id]);
        if (answer?.result) {
          log.status = answer.result.status;
          log.requests.add(answer.result.request);
          for (const hash of answer.result.transactions) log.hashes.add(hash);
          if (statuses.has(answer.result.status)) return log;
        } else if (answer?.result === null) {
          throw new Error(`the service knows nothing of ${id}`);
        }
        await sleep(100);
      }
    },
  };
}
