import { BaseError } from "./base.ts";

/** What a JSON-RPC error says to machines: a stable word, and what it is about. */
export interface RpcErrorData {
  /** See `src/agent/reasons.ts`. */
  reason: string;
  /** The journal's id of the request, where there is one. */
  request?: string | undefined;
  /** The request may be recorded, or not: ask again with the same idempotency key. */
  outcome?: "unknown" | undefined;
  /** For operators only: why the policy denies. */
  explanation?: readonly string[] | undefined;
}

/** A JSON-RPC call is answered with an error. Message and data are for whoever called. */
export class RpcError extends BaseError {
  override readonly name = "RpcError";
  /** JSON-RPC 2.0 and EIP-1474. */
  readonly code: number;
  /** `RpcErrorData`, or what the node said about a read. */
  readonly data: unknown;

  constructor(input: {
    code: number;
    message: string;
    data?: unknown;
    cause?: unknown;
  }) {
    super(input.message, { cause: input.cause });
    this.code = input.code;
    this.data = input.data;
  }
}

/** A request was not taken: nothing is recorded of it. */
export class RequestRefusedError extends BaseError {
  override readonly name = "RequestRefusedError";
  /** See `src/agent/reasons.ts`. */
  readonly reason: string;

  constructor(input: {
    reason: string;
    message: string;
    details?: readonly string[];
    cause?: unknown;
  }) {
    super(input.message, { cause: input.cause, details: input.details ?? [] });
    this.reason = input.reason;
  }
}

/** A recorded request ended without what it was for. */
export class RequestEndedError extends BaseError {
  override readonly name = "RequestEndedError";
  /** See `src/agent/reasons.ts`. */
  readonly reason: string;
  /** The journal's id of the request. */
  readonly request: string;

  /** @param input.cause of a denial, holds the explanation */
  constructor(input: { request: string; reason: string; message: string; cause?: unknown }) {
    super(input.message, { cause: input.cause });
    this.reason = input.reason;
    this.request = input.request;
  }
}

/** Whoever asked stopped waiting; the request goes on and can be asked for by its id. */
export class StillWaitingError extends BaseError {
  override readonly name = "StillWaitingError";
  readonly request: string;

  constructor({ request }: { request: string }) {
    super("The request is recorded and goes on", { details: [`request: ${request}`] });
    this.request = request;
  }
}

/** The journal went away while a request was handed in: it may be recorded, and then it goes on. */
export class OutcomeUnknownError extends BaseError {
  override readonly name = "OutcomeUnknownError";

  /** @param input.hasKey whether the request came with an idempotency key */
  constructor({ hasKey, cause }: { hasKey: boolean; cause: unknown }) {
    const advice = hasKey
      ? "ask again with the same idempotency key"
      : "without an idempotency key it cannot be asked for again: look on-chain before you repeat it";
    super(
      `The journal does not answer, and whether it has recorded the request is not known: ${advice}`,
      {
        cause,
      },
    );
  }
}

/** A lane cannot be served as it stands; it is tried again. */
export class LaneBlockedError extends BaseError {
  override readonly name = "LaneBlockedError";

  constructor({ reason, cause }: { reason: string; cause?: unknown }) {
    super(`The lane cannot be served: ${reason}`, { cause });
  }
}

/** Another journal remembers what was signed for the lane, or none does: nothing may be signed from this one. */
export class LaneBoundError extends BaseError {
  override readonly name = "LaneBoundError";

  /** @param input.bound the journal that the lane is bound to; undefined if none */
  constructor(input: { lane: number; journal: string; bound: string | undefined; mark: string }) {
    super(
      input.bound === undefined
        ? `Lane ${input.lane} is bound to no journal: the service has not taken it, or gave it back`
        : `Lane ${input.lane} is signed for with another journal`,
      {
        details: [
          `this journal: ${input.journal}`,
          `journal of the lane: ${input.bound ?? "none"}`,
          `mark: ${input.mark}`,
          "if this journal is to go on with the lane, stop every other service for it, then: zkmandate service adopt",
        ],
      },
    );
  }
}

/** Another process works on the lane now: nothing may be signed for it here. */
export class LaneElsewhereError extends BaseError {
  override readonly name = "LaneElsewhereError";

  constructor({ lane }: { lane: number }) {
    super(`Lane ${lane} is not this process's any more`);
  }
}
