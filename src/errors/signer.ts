import type { Hex } from "viem";
import type { Denied } from "../policy/evaluate.ts";
import { BaseError } from "./base.ts";

/**
 * The policy denies the action. Message and details reveal limits: they stay with the desk.
 */
export class DeniedError extends BaseError {
  override readonly name = "DeniedError";
  /** Every rule's findings. */
  readonly verdict: Denied;

  constructor({ verdict, explanation }: { verdict: Denied; explanation: readonly string[] }) {
    super("The policy denies the action", { details: explanation });
    this.verdict = verdict;
  }
}

/** The gate would refuse any action now: paused, revoked, rotated, or not set up for this signer. */
export class GateNotReadyError extends BaseError {
  override readonly name = "GateNotReadyError";

  constructor({ reason, expected, received }: Record<"reason" | "expected" | "received", string>) {
    super(`The gate is not ready: ${reason}`, {
      details: [`expected: ${expected}`, `on-chain: ${received}`],
    });
  }
}

/** The signer's record of the lane is not what stands on-chain. */
export class StateMismatchError extends BaseError {
  override readonly name = "StateMismatchError";

  constructor(input: { lane: number; recorded: string; onchain: string; hint?: string }) {
    super(`Lane ${input.lane}: the recorded state is not the one on-chain`, {
      details: [
        `recorded: ${input.recorded}`,
        `on-chain: ${input.onchain}`,
        input.hint ??
          "the agent key may have been used elsewhere; `zkmandate state recover` rebuilds the record",
      ],
    });
  }
}

/**
 * What the node tells is older than what was known already, or does not belong to one chain: it lags, or several
 * nodes answer in turn. Nothing is wrong with the lane; ask again.
 */
export class StaleChainError extends BaseError {
  override readonly name = "StaleChainError";

  constructor(input: { lane: number; reason: string; expected: string; received: string }) {
    super(`Lane ${input.lane}: the node is behind: ${input.reason}`, {
      details: [
        `expected: ${input.expected}`,
        `received: ${input.received}`,
        "if it stays so, the chain itself went back: `zkmandate state recover` rebuilds the record",
      ],
    });
  }
}

/** Nothing is recorded about the lane. */
export class UnknownLaneError extends BaseError {
  override readonly name = "UnknownLaneError";

  constructor({ lane }: { lane: number }) {
    super(`No state is recorded for lane ${lane}`, {
      details: ["`zkmandate state recover` rebuilds it from the secret and the chain"],
    });
  }
}

/** Unix seconds as ISO 8601. */
const isoTime = (seconds: bigint) => new Date(Number(seconds) * 1_000).toISOString();

/** As many transitions as are allowed may still land; another one must wait. */
export class LaneBusyError extends BaseError {
  override readonly name = "LaneBusyError";
  /** unix seconds: free when a finalized block is past it, or earlier if a transition lands */
  readonly until: bigint;

  constructor(input: { lane: number; until: bigint; finalizedTime: bigint }) {
    super(`Lane ${input.lane} has a transition that can still land`, {
      details: [
        `free at the latest when a finalized block is past: ${isoTime(input.until)}`,
        `latest finalized block: ${isoTime(input.finalizedTime)}`,
      ],
    });
    this.until = input.until;
  }
}

/** The request with this id was executed, in a finalized block. */
export class RequestExecutedError extends BaseError {
  override readonly name = "RequestExecutedError";
  /** Of the transition that executed it. */
  readonly digest: Hex;

  constructor({ lane, digest }: { lane: number; digest: Hex }) {
    super(`Lane ${lane} has executed the request already`, { details: [`digest: ${digest}`] });
    this.digest = digest;
  }
}

/** An option of a signer is out of range. */
export class InvalidSignerOptionError extends BaseError {
  override readonly name = "InvalidSignerOptionError";

  constructor(input: { option: string; expected: string; received: string }) {
    super(`The signer's ${input.option} is out of range`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
    });
  }
}

/** An option of a signing request is out of range. */
export class InvalidRequestError extends BaseError {
  override readonly name = "InvalidRequestError";

  constructor(input: { option: string; expected: string; received: string }) {
    super(`The request's ${input.option} is out of range`, {
      details: [`expected: ${input.expected}`, `received: ${input.received}`],
    });
  }
}

/** Another process or task holds the lane. */
export class LaneLockedError extends BaseError {
  override readonly name = "LaneLockedError";

  constructor({ lane, path, cause }: { lane: number; path: string; cause: unknown }) {
    super(`Lane ${lane} is in use by another process`, { details: [`lock: ${path}.lock`], cause });
  }
}

/** Another process has written the lane's record since this one read it. */
export class LaneConflictError extends BaseError {
  override readonly name = "LaneConflictError";

  constructor(input: { lane: number; expected: number | undefined; received: number | undefined }) {
    const version = (number: number | undefined) => (number === undefined ? "none" : `${number}`);
    super(`Lane ${input.lane} was worked on by another process meanwhile`, {
      details: [
        `expected: version ${version(input.expected)} of its record`,
        `stored: version ${version(input.received)}`,
      ],
    });
  }
}
