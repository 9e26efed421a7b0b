import type { Address, Hex } from "viem";

/** A price feed's round that was current at the snapshot's time. */
export interface PriceRound {
  feed: Address;
  /** Chainlink's uint80 */
  round: bigint;
  answer: bigint;
  /** unix seconds */
  updatedAt: bigint;
}

/** Where a lane stands at a block. */
export interface LanePosition {
  epoch: number;
  /** Sequence number of the lane's next action. */
  seq: bigint;
  /** State commitment, field element. */
  state: bigint;
}

/** All of a gate that a signer needs, read at the latest block and the latest finalized one. */
export interface GateSnapshot {
  /** unix seconds of the latest block: the action's time */
  time: bigint;
  /** unix seconds of the latest finalized block */
  finalizedTime: bigint;
  /** The lane at that same finalized block; absent where the gate is not in a finalized block yet. */
  finalized?: LanePosition | undefined;
  epoch: number;
  paused: boolean;
  /** seconds */
  maxDelay: bigint;
  agent: { kind: number; id: Hex };
  /** The lane at the latest block. */
  lane: LanePosition & {
    /** Policy commitment, field element. */
    policy: bigint;
    /** unix seconds of the lane's last action */
    lastTime: bigint;
  };
  /** Absent where the gate has no risk feed. */
  risk?: { round: bigint; answer: bigint } | undefined;
  /** Of the feeds asked for, those that could be read and are in bounds. */
  prices: PriceRound[];
}

export interface SnapshotInput {
  lane: number;
  /** Feeds whose current round is wanted. */
  priceFeeds: readonly Address[];
}

/** How a signer sees the chain; `chain/` implements it. */
export interface GateReader {
  /**
   * @throws if the chain or the gate's risk feed cannot be read: doubt denies
   */
  snapshot(input: SnapshotInput): Promise<GateSnapshot>;
  /**
   * Nearly a snapshot, in one round trip: the parts of the latest block are read side by side and may be of
   * neighbouring blocks, and what is final is the last snapshot's, which is true for ever. Good enough to act
   * on, since the gate checks everything again; not to refuse on.
   *
   * @returns undefined if that cannot be known: take a snapshot
   * @throws as `snapshot` does
   */
  glance?(input: SnapshotInput): Promise<GateSnapshot | undefined>;
}
