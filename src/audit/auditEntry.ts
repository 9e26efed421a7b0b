import type { Address, Hex } from "viem";

/** What happened, in the order of a request's life; then what operators do. */
export const auditEvents = [
  "denied",
  "refused",
  "signed",
  "submitted",
  "landed",
  "reorganized",
  "failed",
  "paused",
  "resumed",
  "reloaded",
  "started",
  "stopped",
] as const;
export type AuditEvent = (typeof auditEvents)[number];

/** What an entry says; nothing in it is secret, and no limit can be read from it. */
export interface AuditContent {
  event: AuditEvent;
  /** unix milliseconds of the service's clock */
  at: number;
  /** The bearer token's name, or `operator`, `service`. */
  principal: string;
  chainId?: number | undefined;
  gate?: Address | undefined;
  lane?: number | undefined;
  epoch?: number | undefined;
  seq?: string | undefined;
  /** The journal's id of the request. */
  request?: string | undefined;
  /** keccak256 of target, value and calldata: what was asked for. */
  action?: Hex | undefined;
  /** What the agent signed. */
  digest?: Hex | undefined;
  /** Policy commitment that decided, 32 bytes. */
  policy?: Hex | undefined;
  circuit?: string | undefined;
  /** sha256 of the circuit's proving key, as pinned. */
  zkey?: string | undefined;
  transaction?: Hex | undefined;
  /** A stable word for what went wrong (`denied`, `lane-busy`, …), never a limit. */
  reason?: string | undefined;
}

/** One link of the audit log. */
export interface AuditEntry extends AuditContent {
  /** 1 for the first. */
  index: number;
  /** Hash of the entry before; 32 zero bytes for the first. */
  previous: Hex;
  /** sha256 over `previous` and the canonical JSON of the content and index. */
  hash: Hex;
}
