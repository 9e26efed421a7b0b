import { fingerprint } from "../../src/action/context.ts";
import { packLevel } from "../../src/state/state.ts";
import type { CircuitInput, Transition } from "../../src/witness/witness.ts";
import { lightHash } from "./lightHash.ts";
import { inputOf } from "./mandate.ts";

/** A circuit's input, mutable and flat enough to tamper with. */
export interface Claim {
  header: bigint[];
  words: bigint[][];
  rule: bigint[];
  pathBits: bigint[][];
  pathChildren: bigint[][];
  keysHash: bigint;
  capacity: bigint[];
  refill: bigint[];
  elevatedAbove: bigint;
  stressedAbove: bigint;
  elevatedBps: bigint;
  stressedBps: bigint;
  policySalt: bigint;
  packed: bigint[];
  saltOld: bigint;
  saltNew: bigint;
  /** The budgets that the new state commits to; no input of the circuit, which computes them. */
  packedNew: bigint[];
}

const CHALLENGE = 0x0123_4567_89ab_cdefn;
/** Where the commitments stand in the header. */
const POLICY = 3;
const STATE_OLD = 4;
const STATE_NEW = 5;

/** What a prover claims about a transition, before it is committed to. */
export function claimOf(transition: Transition): Claim {
  const {
    contextCommitment: _c,
    challenge: _z,
    fingerprint: _y,
    ...rest
  } = structuredClone(inputOf(transition)) as CircuitInput;
  return {
    ...(rest as unknown as Omit<Claim, "packedNew">),
    packedNew: transition.stateNew.levels.map(packLevel),
  };
}

/**
 * Commits to a claim with the light hash and lays it out for a circuit compiled with it: the gate's part
 * of the statement is always right, so that only the claim itself can be refused.
 */
export function lightInput({ packedNew, ...claim }: Claim): CircuitInput {
  const pathChildren: bigint[][] = [];
  let below = lightHash("leaf", claim.rule);
  claim.pathChildren.forEach((siblings, level) => {
    const [low, high] = claim.pathBits[level] as [bigint, bigint];
    const children = siblings.with(Number(low + 2n * high), below);
    pathChildren.push(children);
    below = lightHash("node", children);
  });
  const header = [...claim.header];
  header[POLICY] = lightHash("policy", [
    below,
    claim.keysHash,
    ...claim.capacity,
    ...claim.refill,
    claim.elevatedAbove,
    claim.stressedAbove,
    claim.elevatedBps,
    claim.stressedBps,
    claim.policySalt,
  ]);
  header[STATE_OLD] = lightHash("state", [...claim.packed, claim.saltOld]);
  header[STATE_NEW] = lightHash("state", [...packedNew, claim.saltNew]);
  const vector = [...header, ...claim.words.flat()];
  return {
    ...claim,
    header,
    pathChildren,
    contextCommitment: lightHash("context", vector),
    challenge: CHALLENGE,
    fingerprint: fingerprint(vector, CHALLENGE),
  };
}
