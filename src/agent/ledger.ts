import type { AuditContent, AuditEvent } from "../audit/auditEntry.ts";
import { RequestEndedError, StillWaitingError } from "../errors/agent.ts";
import { JournalUnavailableError } from "../errors/journal.ts";
import type { Journal } from "../journal/journal.ts";
import type { NewRequest, RequestRecord } from "../journal/request.ts";
import type { ArtifactManifest } from "../prover/manifest.ts";
import { auditContent } from "./auditContent.ts";
import { type CrashMark, crashPoint } from "./crashMarks.ts";
import type { AgentObserver } from "./observer.ts";
import { createQueueClock } from "./queueClock.ts";
import type { Reason } from "./reasons.ts";
import { createWakeup } from "./wakeup.ts";

/** How often a request is looked at that another process works on, in milliseconds. */
const ELSEWHERE_INTERVAL = 500;
/** The same of one whose moves this process makes itself, and hears of at once. */
const OWN_INTERVAL = 5_000;

type Change = Parameters<Journal["requests"]["advance"]>[2];

/** What the audit log is told of a request. */
export interface AuditNote {
  event: AuditEvent;
  policy?: AuditContent["policy"];
  transaction?: AuditContent["transaction"];
  reason?: Reason;
}

/** What goes along with a request's move. */
export interface MoveOptions {
  /** Appended to the audit log together with the move. */
  audit?: AuditNote;
  /** Marked after the move. */
  mark?: CrashMark;
  /** Why a request ended, for whoever waits in this process. */
  cause?: unknown;
}

/** The requests of this process's agent: every move of one is audited and durable at once, and then told. */
export interface Ledger {
  add(request: NewRequest): Promise<{ request: RequestRecord; isNew: boolean }>;
  audit(request: RequestRecord, note: AuditNote): Promise<void>;
  /**
   * @throws {RequestConflictError} if another process has moved it
   * @throws {JournalUnavailableError} if nothing was recorded
   */
  move(request: RequestRecord, change: Change, options?: MoveOptions): Promise<RequestRecord>;
  /**
   * Waits until a request is where the caller wants it, also while the journal does not answer.
   *
   * @param options.isOwn whether this process works on the request's lane
   * @throws {RequestEndedError} if it ended otherwise
   * @throws {StillWaitingError} when `signal` fires
   */
  reached(
    id: string,
    isReached: (request: RequestRecord) => boolean,
    options: { isOwn(): boolean; signal?: AbortSignal | undefined },
  ): Promise<RequestRecord>;
  /** How long a queued request has waited, in seconds, as `QueueClock` has it. */
  waited(request: RequestRecord): number;
  /** Nobody waits any longer. */
  close(): void;
}

export function createLedger(options: {
  journal: Journal;
  manifest: ArtifactManifest;
  observer: AgentObserver;
}): Ledger {
  const { journal, manifest, observer } = options;
  const closing = new AbortController();
  const queueClock = createQueueClock();
  const listeners = new Map<string, Set<(moved: RequestRecord, cause: unknown) => void>>();

  const contentOf = (request: RequestRecord, { event, ...more }: AuditNote) =>
    auditContent(event, request, manifest, more);

  return {
    async audit(request, note) {
      await journal.audit.append(contentOf(request, note));
    },

    async add(request) {
      const added = await journal.requests.add(request);
      crashPoint("request-recorded");
      if (added.isNew) queueClock.recorded(added.request);
      if (added.isNew) observer.onStatus?.(added.request, undefined);
      return added;
    },

    async move(request, change, { audit: note, mark, cause } = {}) {
      const content = note && contentOf({ ...request, ...change }, note);
      const moved = await journal.requests.advance(request.id, request.status, change, content);
      if (mark) crashPoint(mark);
      if (moved.status !== "queued") queueClock.forget(moved);
      if (moved.status !== request.status) observer.onStatus?.(moved, request.status);
      for (const listener of listeners.get(request.id) ?? []) listener(moved, cause);
      return moved;
    },

    async reached(id, isReached, { isOwn, signal }) {
      const wakeup = createWakeup();
      let news: RequestRecord | undefined;
      let cause: unknown;
      const listener = (moved: RequestRecord, why: unknown) => {
        news = moved;
        cause = why ?? cause;
        wakeup.wake();
      };
      const own = listeners.get(id) ?? new Set();
      listeners.set(id, own.add(listener));
      const given = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
      given.addEventListener("abort", wakeup.wake);
      try {
        for (;;) {
          const request = news ?? (await journal.requests.get(id).catch(ifUnavailable));
          news = undefined;
          if (request && isReached(request)) return request;
          if (request?.failure)
            throw new RequestEndedError({ request: id, ...request.failure, cause });
          if (given.aborted) throw new StillWaitingError({ request: id });
          await wakeup.sleep(isOwn() ? OWN_INTERVAL : ELSEWHERE_INTERVAL);
        }
      } finally {
        given.removeEventListener("abort", wakeup.wake);
        own.delete(listener);
        if (own.size === 0) listeners.delete(id);
      }
    },

    waited: queueClock.waited,

    close: () => closing.abort(),
  };
}

/** The request goes on, whether the journal can be asked or not. */
function ifUnavailable(error: unknown): undefined {
  if (!(error instanceof JournalUnavailableError)) throw error;
}
