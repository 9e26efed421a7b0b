import type { Address } from "viem";
import type { GateCall, GateProof } from "../action/gateCall.ts";
import type { State } from "../state/state.ts";

/**
 * What shows that a digest may be signed: the proven call that the digest is of. A key that lives with others, who
 * decide for themselves, shows it to them. Secret: it opens the lane's state.
 */
export interface SigningEvidence {
  readonly chainId: number;
  readonly gate: Address;
  readonly epoch: number;
  /** The sequence number that the action takes. */
  readonly seq: bigint;
  readonly call: GateCall;
  readonly proof: GateProof;
  /** Opens the state that the action finds. */
  readonly stateOld: State;
}
