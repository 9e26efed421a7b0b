import { type Address, keccak256 } from "viem";
import { circuits } from "../action/circuits.ts";
import type { Action } from "../action/context.ts";
import { challenge, gatedActionDigest } from "../action/digest.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import type { Allowed } from "../policy/evaluate.ts";
import { actionSalt } from "../state/salt.ts";
import type { State } from "../state/state.ts";
import { bindTransition, circuitInput, type Transition } from "../witness/witness.ts";
import type { SignedGateCall } from "./gateCall.ts";
import type { GateSnapshot } from "./gateReader.ts";

export interface GateTransitionParameters {
  action: Action;
  lane: number;
  epoch: number;
  /** The sequence number that the action takes. */
  seq: bigint;
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes. */
  secret: Uint8Array;
  /** The state that the action finds. */
  stateOld: State;
  /** The policy's decision on that state. */
  verdict: Allowed;
  /** Gives the time and the feeds' rounds. */
  snapshot: GateSnapshot;
  /** unix seconds */
  deadline: bigint;
  submitter: Address;
}

/** An allowed transition, ready to be proven and signed. */
export interface GateTransition {
  stateNew: State;
  /** The gate call without its proof's points and its signature. */
  unproven: SignedGateCall;
  input: ReturnType<typeof circuitInput>;
}

/** Lays out what an allowed action does to a lane, for the gate, the circuit and the key. */
export function gateTransition(parameters: GateTransitionParameters): GateTransition {
  const { action, lane, epoch, seq, committed, secret, stateOld, verdict } = parameters;
  const { snapshot, deadline, submitter } = parameters;
  const { chainId, gate, target, value, data } = action;
  const { time } = snapshot;
  const stateNew: State = {
    levels: verdict.levels,
    salt: actionSalt(secret, { lane, epoch, seq, time, action }),
  };
  const transition: Transition = {
    circuit: verdict.circuit,
    action,
    time,
    feeds: verdict.feeds,
    committed,
    ruleIndex: verdict.ruleIndex,
    stateOld,
    stateNew,
  };
  const binding = bindTransition(transition);
  const { contextHash, contextCommitment } = binding;
  const circuit = circuits[verdict.circuit].id;
  const digest = gatedActionDigest(chainId, gate, {
    circuit,
    contextHash,
    lane,
    epoch,
    seq,
    dataHash: keccak256(data),
    deadline,
    submitter,
    contextCommitment,
  });
  const { priceFeed } = verdict.feeds;
  return {
    stateNew,
    unproven: {
      call: { target, value, data },
      proof: {
        circuit,
        lane,
        time,
        deadline,
        submitter,
        priceFeed,
        priceRound: snapshot.prices.find(({ feed }) => feed === priceFeed)?.round ?? 0n,
        riskRound: snapshot.risk?.round ?? 0n,
        stateNew: binding.context.stateNew,
        contextCommitment,
        points: [],
      },
      signature: "0x",
      digest,
      epoch,
      seq,
    },
    input: circuitInput(transition, binding, challenge(digest)),
  };
}
