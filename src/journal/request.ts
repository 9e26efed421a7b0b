import type { Address, Hex } from "viem";
import type { GateCall, SignedGateCall } from "../signer/gateCall.ts";
import type { LaneId } from "../state/laneStore.ts";

/**
 * Where a request stands.
 *
 * queued → signed → submitted → landed → final; one that was only to be signed is not submitted, and lands if
 * somebody else submits it. A reorganisation takes it back from `landed`; what died before it was ever sent is
 * `queued` again. It ends as `denied` (no rule allows it), `failed` (it was reported and will not be tried again;
 * `landed` all the same if the chain executes it before it dies) or `expired` (what was signed can no longer land).
 */
export const requestStatuses = [
  "queued",
  "signed",
  "submitted",
  "landed",
  "final",
  "denied",
  "failed",
  "expired",
] as const;
export type RequestStatus = (typeof requestStatuses)[number];

/** Why a request ended, for machines and for people; without limits. */
export interface RequestFailure {
  /** A stable word, see `src/agent/reasons.ts`. */
  reason: string;
  message: string;
}

/** What somebody asked the service for; durable before anything is done about it. */
export interface RequestRecord extends LaneId {
  /** A UUID; also the signer's `id`, so that a request is signed at most once. */
  id: string;
  /** Who asked: a token's name. */
  principal: string;
  /** The client's own key: the same key of the same principal is the same request. */
  idempotencyKey?: string | undefined;
  /** Whether the service submits it or only signs it. */
  kind: "sign" | "send";
  call: GateCall;
  submitter: Address;
  /** seconds; the gate's maxDelay unless given */
  validFor?: bigint | undefined;
  status: RequestStatus;
  signed?: SignedGateCall | undefined;
  /** Hashes of the outer transactions that carried it, the newest last. */
  transactions: readonly Hex[];
  failure?: RequestFailure | undefined;
  /** Reported as failed while what was signed can land: should it, then that is what is told. */
  mayLand?: true | undefined;
  /** unix milliseconds */
  createdAt: number;
  updatedAt: number;
}

/** A request as it comes in. */
export type NewRequest = Pick<
  RequestRecord,
  | "chainId"
  | "gate"
  | "lane"
  | "principal"
  | "idempotencyKey"
  | "kind"
  | "call"
  | "submitter"
  | "validFor"
>;
