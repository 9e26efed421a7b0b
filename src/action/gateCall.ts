import type { Address, Hex } from "viem";

/** The call that a gate executes (docs/PROTOCOL.md §8). */
export interface GateCall {
  target: Address;
  /** wei */
  value: bigint;
  data: Hex;
}

/** A proof as a gate reads it, with what it claims about the moment. */
export interface GateProof {
  /** Circuit id. */
  circuit: number;
  lane: number;
  /** unix seconds */
  time: bigint;
  /** unix seconds */
  deadline: bigint;
  submitter: Address;
  priceFeed: Address;
  priceRound: bigint;
  riskRound: bigint;
  stateNew: bigint;
  contextCommitment: bigint;
  /** `[A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y]` */
  points: readonly bigint[];
}
