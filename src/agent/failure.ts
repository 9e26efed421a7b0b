import { BaseError as ViemError } from "viem";
import { InvalidContextError } from "../errors/action.ts";
import { LaneBlockedError, LaneBoundError } from "../errors/agent.ts";
import { BaseError } from "../errors/base.ts";
import { CallRefusedError } from "../errors/chain.ts";
import { WitnessError } from "../errors/prover.ts";
import {
  DeniedError,
  GateNotReadyError,
  InvalidRequestError,
  LaneBusyError,
  LaneConflictError,
  LaneLockedError,
  StateMismatchError,
  UnknownLaneError,
} from "../errors/signer.ts";
import type { RequestFailure } from "../journal/request.ts";
import type { Reason } from "./reasons.ts";

interface Failure extends RequestFailure {
  reason: Reason;
}

/**
 * An error as a reason and a sentence that any caller may read: no limits, no state, no URLs.
 *
 * @example
 * failureOf(new DeniedError({ verdict, explanation })).reason; // "denied"
 */
export function failureOf(error: unknown): Failure {
  const because = (reason: Reason, message: string): Failure => ({ reason, message });
  if (error instanceof DeniedError) return because("denied", error.shortMessage);
  if (error instanceof InvalidRequestError || error instanceof InvalidContextError) {
    return because("invalid-request", [error.shortMessage, ...error.details].join("; "));
  }
  if (error instanceof GateNotReadyError) return because("gate-not-ready", error.shortMessage);
  if (error instanceof WitnessError) {
    return because("no-witness", "The circuit does not accept what the policy allows");
  }
  if (error instanceof CallRefusedError) {
    return because("refused", [error.shortMessage, ...error.details].join("; "));
  }
  if (error instanceof UnknownLaneError) return because("unknown-lane", error.shortMessage);
  if (
    error instanceof StateMismatchError ||
    error instanceof LaneBusyError ||
    error instanceof LaneConflictError ||
    error instanceof LaneLockedError
  ) {
    return because("lane-blocked", error.shortMessage);
  }
  if (error instanceof LaneBlockedError || error instanceof LaneBoundError) {
    return because("lane-blocked", "The lane cannot be served now; its status says why");
  }
  if (isJournalError(error))
    return because(
      "journal-unavailable",
      "The journal is not available: ask again, with the same idempotency key",
    );
  if (error instanceof ViemError) return because("node-unavailable", "The node does not answer");
  return because("internal", "Something went wrong inside the service");
}

/** Journals name it so, whichever database they are made of. */
function isJournalError(error: unknown): boolean {
  return error instanceof BaseError && error.name === "JournalUnavailableError";
}
