import { BaseError } from "./base.ts";

/** Why a node does not sign, in a word that may leave it: no limit, no level, no price. */
export const refusalReasons = [
  /** The request is not one. */
  "malformed",
  /** Not a gate that this node serves. */
  "unknown-gate",
  /** The node could not read its chain. */
  "chain-unavailable",
  "paused",
  /** The gate, or its lane, is in another epoch. */
  "wrong-epoch",
  /** The gate's agent is not this group. */
  "wrong-agent",
  /** The node has no mandate for the lane's policy. */
  "unknown-policy",
  /** Before the lane's last action, older than the gate's maxDelay, or after the node's latest block. */
  "wrong-time",
  "wrong-deadline",
  /** The sequence number was executed, or what precedes it is unknown to the node. */
  "wrong-sequence",
  /** The state shown is not the lane's, nor one that the node has signed. */
  "wrong-state",
  /** A feed's round was not current at the action's time, or cannot be used. */
  "wrong-round",
  /** The node's own copy of the policy denies the action. */
  "denied",
  /** The digest is not the action's. */
  "wrong-digest",
  "invalid-proof",
  /** What is said to precede the action was not signed by the group. */
  "wrong-signature",
  /** The node has signed another digest for the sequence number, which can still land. */
  "already-signed",
  /** The request is for other shares, other signers, or a nonce that is not the node's. */
  "wrong-round-two",
  /** Something went wrong at the node. */
  "failed",
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** A node does not sign. What led to it stays with the node. */
export class NodeRefusalError extends BaseError {
  override readonly name = "NodeRefusalError";
  readonly reason: RefusalReason;

  constructor({ reason, cause }: { reason: RefusalReason; cause?: unknown }) {
    super(`The node does not sign: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** What a node of a group did instead of its part, as the coordinator saw it. */
export interface NodeFault {
  participant: number;
  /**
   * - `cheated`: it sent what no honest node sends; it is not asked again
   * - `refused`: it says that it does not sign
   * - `absent`: it did not answer in time, or not as itself
   */
  kind: "cheated" | "refused" | "absent";
  reason: string;
}

/** Fewer nodes than the threshold did their part. */
export class QuorumMissingError extends BaseError {
  override readonly name = "QuorumMissingError";
  readonly faults: readonly NodeFault[];

  constructor({ threshold, faults }: { threshold: number; faults: readonly NodeFault[] }) {
    super("The group does not sign: too few of its nodes did their part", {
      details: [
        `needed: ${threshold}`,
        ...faults.map(({ participant, kind, reason }) => `node ${participant} ${kind}: ${reason}`),
      ],
    });
    this.faults = faults;
  }
}

/** A group's nodes decide for themselves, and sign nothing that is not shown to be an action of a gate. */
export class EvidenceMissingError extends BaseError {
  override readonly name = "EvidenceMissingError";

  constructor() {
    super("A group signs gated actions only, not messages or transactions");
  }
}

/** A message between nodes cannot be delivered, or its answer not be used. */
export class NodeTransportError extends BaseError {
  override readonly name = "NodeTransportError";
  readonly reason: string;

  constructor(input: { address: string; reason: string; cause?: unknown }) {
    super("The node cannot be talked to", {
      details: [`address: ${input.address}`, `reason: ${input.reason}`],
      cause: input.cause,
    });
    this.reason = input.reason;
  }
}

/** What a node has signed cannot be recorded: another process works with the same folder. */
export class SignedRecordConflictError extends BaseError {
  override readonly name = "SignedRecordConflictError";

  constructor({ path }: { path: string }) {
    super("Another process has written the node's record", { details: [`file: ${path}`] });
  }
}
