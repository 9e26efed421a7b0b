import type { Hex } from "viem";
import type { SigningEvidence } from "../keys/evidence.ts";
import { stateCommitment } from "../state/state.ts";
import type { PrecedingTransition } from "./messages.ts";

/** As many as a signer has in flight at most. */
const MAX_KEPT = 256;

/** What a coordinator had signed lately, for nodes that had no part in it. In memory: the chain has the rest. */
export class SignedHistory {
  readonly #signed: PrecedingTransition[] = [];

  add({ call, proof, stateOld, ...rest }: SigningEvidence, signature: Hex): void {
    const { points: _, ...withoutPoints } = proof;
    const { target, value, data } = call;
    this.#signed.push({
      ...rest,
      call: { target, value, data },
      proof: withoutPoints,
      stateOld: stateCommitment(stateOld),
      signature,
    });
    if (this.#signed.length > MAX_KEPT) this.#signed.shift();
  }

  /** The transition that leads to the state that another one finds. */
  before({
    chainId,
    gate,
    epoch,
    seq,
    proof: { lane },
    stateOld,
  }: Pick<SigningEvidence, "chainId" | "gate" | "epoch" | "seq"> & {
    proof: { lane: number };
    stateOld: bigint;
  }): PrecedingTransition | undefined {
    return this.#signed.findLast(
      (signed) =>
        signed.chainId === chainId &&
        signed.gate === gate &&
        signed.epoch === epoch &&
        signed.seq === seq - 1n &&
        signed.proof.lane === lane &&
        signed.proof.stateNew === stateOld,
    );
  }
}
