import type { Hex } from "viem";
import type { GateCall, GateProof } from "../action/gateCall.ts";

export type { GateCall, GateProof };

/** Everything that `execute` of a gate takes: a call that the gate will accept from `submitter`. */
export interface SignedGateCall {
  call: GateCall;
  proof: GateProof;
  /** Over the digest; 65 bytes of an ECDSA key, 52 of a Schnorr group. */
  signature: Hex;
  digest: Hex;
  epoch: number;
  seq: bigint;
}
