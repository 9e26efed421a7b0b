import type { BudgetLevel } from "../policy/policy.ts";
import { busyUntil } from "./busyUntil.ts";
import type { SignedGateCall } from "./gateCall.ts";
import type { GateSnapshot } from "./gateReader.ts";
import { predictedState, type Settlement } from "./settle.ts";

/**
 * Where a signed transition stands.
 *
 * - `inFlight`: not executed at the latest block; it can land.
 * - `landed`: executed at the latest block, which is not final: a reorganisation makes it `inFlight` again.
 * - `final`: executed in a finalized block.
 * - `dead`: it can never land any more; its sequence number may carry another transition.
 * - `unknown`: of another epoch, or from before what the record remembers (128 final transitions; none after
 *   recovery): only the chain's events or the outer transaction's receipt tell.
 */
export type TransitionStatus = "inFlight" | "landed" | "final" | "dead" | "unknown";

/** How a lane stands, by its record and one look at the chain. */
export interface LaneStanding {
  epoch: number;
  /** Sequence number of the next action at the last finalized block, as far as the record knows. */
  finalSeq: bigint;
  /** Sequence number of the next action at the latest block. */
  latestSeq: bigint;
  /** Sequence number of the next transition to be signed. */
  nextSeq: bigint;
  /** unix seconds of the latest block */
  time: bigint;
  /** unix seconds of the latest finalized block */
  finalizedTime: bigint;
  /** Of consecutive sequence numbers from `finalSeq`. */
  landed: readonly SignedGateCall[];
  /** Of consecutive sequence numbers from `latestSeq`; one without a signature (`0x`) was only reserved. */
  inFlight: readonly SignedGateCall[];
  /** Dead since the record was last written; `statusOf` knows of earlier ones too. */
  dead: readonly SignedGateCall[];
  /**
   * unix seconds: nothing new is signed until a finalized block is past it, or until one that is in flight has
   * landed; absent when the lane is free
   */
  busyUntil?: bigint | undefined;
  /** The budgets after everything that is landed or in flight. Secret. */
  levels: readonly BudgetLevel[];
  /** Where a signed call of this lane stands, by its epoch, sequence number and digest. */
  statusOf(signed: Pick<SignedGateCall, "epoch" | "seq" | "digest">): TransitionStatus;
}

/**
 * Tells how a lane stands.
 *
 * @param maxInFlight how many transitions the signer lets be in flight
 */
export function standingOf(
  settlement: Settlement<SignedGateCall>,
  { time, finalizedTime }: Pick<GateSnapshot, "time" | "finalizedTime">,
  maxInFlight: number,
): LaneStanding {
  const { record, landed, inFlight, dead } = settlement;
  const { epoch, seq: finalSeq, pending, quietUntil } = record;
  const callsOf = (transitions: typeof landed) => transitions.map(({ released }) => released);
  return {
    epoch,
    finalSeq,
    latestSeq: finalSeq + BigInt(landed.length),
    nextSeq: finalSeq + BigInt(pending.length),
    time,
    finalizedTime,
    landed: callsOf(landed),
    inFlight: callsOf(inFlight),
    dead: callsOf(dead),
    busyUntil: busyUntil(settlement, { time, finalizedTime }, maxInFlight),
    levels: predictedState(record).levels,
    statusOf(signed) {
      if (signed.epoch !== epoch) return "unknown";
      const place = Number(signed.seq - finalSeq);
      if (place < 0) {
        const executed = record.final.at(place);
        if (!executed) return "unknown";
        return executed.digest === signed.digest ? "final" : "dead";
      }
      if (pending[place]?.digest === signed.digest) {
        return place < landed.length ? "landed" : "inFlight";
      }
      // A record that was started anew has forgotten what may still land.
      return finalizedTime > quietUntil ? "dead" : "unknown";
    },
  };
}

/** A signer's stages, in their order: how long each took is told to `SignerOptions.onStage`. */
export const signingStages = ["read", "evaluate", "prove", "reserve", "sign", "record"] as const;
export type SigningStage = (typeof signingStages)[number];
