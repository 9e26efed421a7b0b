import type { Address, Hex } from "viem";
import type { GateCall, SignedGateCall } from "../signer/gateCall.ts";
import type { LaneId } from "../state/laneStore.ts";

/**
 * Where a request stands.
 *
 * queued → signed → submitted → landed → final; a request that was only to be signed ends as `signed`.
 * It ends as `denied` (no rule allows it), `failed` (it was reported and will not be tried again) or
 * `expired` (what was signed can no longer land).
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
  /** A stable word, see `src/server/rpcErrors.ts`. */
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
