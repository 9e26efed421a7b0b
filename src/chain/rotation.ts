import type { Address, Hex } from "viem";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { genesisSalt } from "../state/salt.ts";
import { type InitialFill, initialLevels, type State, stateCommitment } from "../state/state.ts";

/** What a rotation sets on one lane, as the gate takes it. */
export interface LaneRotation {
  lane: number;
  /** Keep the state commitment; `state` is 0 then. */
  keepState: boolean;
  /** Policy commitment, field element. */
  policy: bigint;
  /** State commitment, field element. */
  state: bigint;
}

/** A new epoch, as the gate takes it; lanes that it does not name are dead. */
export interface Rotation {
  /** The epoch it begins: the gate's current one + 1. */
  epoch: number;
  /** unix seconds: executable from then on, for 7 days */
  eta: bigint;
  agent: { kind: number; id: Hex };
  /** The zero address = none. */
  riskFeed: Address;
  /** seconds; 0 without a feed */
  riskMaxAge: number;
  /** seconds, at most 300 */
  maxDelay: number;
  lanes: readonly LaneRotation[];
}

export interface LaneGenesisParameters {
  chainId: number;
  gate: Address;
  lane: number;
  /** The epoch that the rotation starts. */
  epoch: number;
  /** unix seconds, the rotation's */
  eta: bigint;
  /** Commits to the lane's own policy, with its own salt. */
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes. */
  secret: Uint8Array;
  fill: InitialFill;
}

/**
 * The first state of a lane in an epoch, and what the rotation says of the lane.
 *
 * @throws {InvalidSecretError} if the secret does not have 32 bytes
 */
export function laneGenesis(parameters: LaneGenesisParameters): {
  state: State;
  rotation: LaneRotation;
} {
  const { chainId, gate, lane, epoch, eta, committed, secret, fill } = parameters;
  const state: State = {
    levels: initialLevels(committed.policy, eta, fill),
    salt: genesisSalt(secret, { chainId, gate, lane, epoch, eta }),
  };
  return {
    state,
    rotation: {
      lane,
      keepState: false,
      policy: committed.commitment,
      state: stateCommitment(state),
    },
  };
}
