import type { Hex } from "viem";
import type { Journal } from "../journal/journal.ts";
import type { RequestRecord } from "../journal/request.ts";
import type { LaneId } from "../state/laneStore.ts";
import type { Ledger, MoveOptions } from "./ledger.ts";
import type { AgentObserver } from "./observer.ts";
import type { OpenLane } from "./openLane.ts";
import type { AgentGate, AgentTuning } from "./options.ts";
import type { Pauses } from "./pauses.ts";
import type { Reason } from "./reasons.ts";
import type { Submitter } from "./submitter.ts";

/** What working on a lane takes, as long as it is in one epoch. */
export interface WorkingLane {
  id: LaneId;
  gate: AgentGate;
  open: OpenLane;
  journal: Journal;
  ledger: Ledger;
  pauses: Pauses;
  submitter: Submitter;
  tuning: AgentTuning;
  observer: AgentObserver;
  /**
   * Nothing new is signed while something is in flight that will not land, since it would die with it; true
   * until it is known.
   */
  isHeld: boolean;
  /** How often the gate has refused a request's signed call, by id: a node that lags refuses what another takes. */
  refusals: Map<string, number>;
  /** Throws if nothing may be signed or sent for the lane: paused, or not this process's. */
  assertAllowed(): Promise<void>;
}

/**
 * Ends a request with a reason: audited, reported, never tried again.
 *
 * @param lane `open` is missing where no mandate was found
 */
export async function endRequest(
  { ledger, open }: Pick<WorkingLane, "ledger"> & { open?: OpenLane | undefined },
  request: RequestRecord,
  failure: { reason: Reason; message: string },
  { cause, transaction }: { cause?: unknown; transaction?: Hex | undefined } = {},
): Promise<RequestRecord> {
  const isDenial = failure.reason === "denied";
  const isExpiry = failure.reason === "expired";
  const status = isDenial ? "denied" : isExpiry ? "expired" : "failed";
  const options: MoveOptions = {
    audit: {
      event: isDenial ? "denied" : request.signed ? "failed" : "refused",
      reason: failure.reason,
      ...(open && { policy: open.policy }),
      ...(transaction && { transaction }),
    },
    mark: isDenial ? "denial-recorded" : "request-failed",
    cause,
  };
  const mayLand = request.signed && !isExpiry ? true : undefined;
  return ledger.move(request, { status, failure, mayLand }, options);
}
