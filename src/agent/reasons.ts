/** Codes of JSON-RPC 2.0 and EIP-1474. */
export const rpcCodes = {
  invalidRequest: -32_600,
  methodNotFound: -32_601,
  invalidParams: -32_602,
  internal: -32_603,
  notFound: -32_001,
  unavailable: -32_002,
  rejected: -32_003,
  notSupported: -32_004,
  limitExceeded: -32_005,
} as const;

/** Every word that a refusal, a failed request or an audit entry gives as its reason; they stay the same. */
export const reasons = {
  /** No rule of the policy allows the action. */
  denied: rpcCodes.rejected,
  /** The gate refused the signed call before it was sent. */
  refused: rpcCodes.rejected,
  /** The call itself would revert now; nothing was signed. */
  "call-reverts": rpcCodes.rejected,
  /** The transaction was mined and reverted. */
  reverted: rpcCodes.rejected,
  /** It stood on an action of the lane that failed. */
  "predecessor-failed": rpcCodes.rejected,
  /** What was signed can no longer land. */
  expired: rpcCodes.rejected,
  /** The submitter's nonce was used by a transaction that the journal does not know. */
  "nonce-used": rpcCodes.rejected,
  /** The gate is paused, its agent key revoked, or the lane is not part of its epoch. */
  "gate-not-ready": rpcCodes.rejected,
  /** The inputs do not satisfy the circuit, although the policy allows the action. */
  "no-witness": rpcCodes.rejected,
  /** An option or the action itself is out of bounds. */
  "invalid-request": rpcCodes.invalidParams,
  /** The idempotency key was used for something else. */
  "idempotency-conflict": rpcCodes.invalidParams,
  /** Operators have paused the gate in this service. */
  paused: rpcCodes.unavailable,
  /** It waited in the queue for longer than it may. */
  "queue-timeout": rpcCodes.unavailable,
  /** Too many requests wait for the gate already. */
  "queue-full": rpcCodes.limitExceeded,
  /** As much as one caller may have was signed for him to submit, and has neither landed nor died. */
  "sign-limit": rpcCodes.limitExceeded,
  /** The service is shutting down. */
  closing: rpcCodes.unavailable,
  /** Not ended: the caller stopped waiting. */
  "still-waiting": rpcCodes.unavailable,
  "journal-unavailable": rpcCodes.unavailable,
  "node-unavailable": rpcCodes.unavailable,
  /** No gate of that address is served for the caller. */
  "unknown-gate": rpcCodes.notFound,
  "unknown-lane": rpcCodes.notFound,
  /** The lane cannot work now; what is wrong stands in its report. */
  "lane-blocked": rpcCodes.unavailable,
  /** No policy covers raw messages and typed data yet. */
  "messages-not-covered": rpcCodes.notSupported,
  "method-not-supported": rpcCodes.notSupported,
  "operator-only": rpcCodes.notSupported,
  /** The caller's token does not name the method. */
  "not-permitted": rpcCodes.notSupported,
  /** The caller's token has had its calls of this minute. */
  "rate-limited": rpcCodes.limitExceeded,
  internal: rpcCodes.internal,
} as const satisfies Record<string, number>;
export type Reason = keyof typeof reasons;

/** The JSON-RPC code of a reason; of a word that this release does not know, a rejection. */
export function codeOf(reason: string): number {
  return (reasons as Record<string, number>)[reason] ?? rpcCodes.rejected;
}
