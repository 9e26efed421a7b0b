import { type CircuitName, circuits } from "../action/circuits.ts";
import {
  type Action,
  type Context,
  contextCommitment,
  contextHash,
  contextVector,
  type FeedReadings,
  fingerprint,
} from "../action/context.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { ruleElements } from "../policy/leaf.ts";
import type { Rule } from "../policy/policy.ts";
import { merklePath } from "../policy/tree.ts";
import { packLevel, type State, stateCommitment } from "../state/state.ts";

/** A circuit's inputs by signal name: field elements, or nested arrays of them. */
export type CircuitInput = Readonly<Record<string, SignalValue>>;
export type SignalValue = bigint | readonly SignalValue[];

/** A transition that the reference evaluator allowed, with all its secrets. */
export interface Transition {
  circuit: CircuitName;
  action: Action;
  /** unix seconds */
  time: bigint;
  feeds: FeedReadings;
  committed: CommittedPolicy;
  ruleIndex: number;
  stateOld: State;
  stateNew: State;
}

/** The public part of a transition: what the gate will compute for itself. */
export interface Binding {
  circuit: CircuitName;
  context: Context;
  vector: bigint[];
  /** `c` */
  contextCommitment: bigint;
  /** keccak256 of the vector, for the digest */
  contextHash: `0x${string}`;
}

/**
 * Lays out what a transition makes public, before the digest (and so `z`) is known.
 *
 * @throws {InvalidContextError} if the action exceeds the bounds of a gate
 */
export function bindTransition(transition: Transition): Binding {
  const { circuit, action, time, feeds, committed, stateOld, stateNew } = transition;
  const context: Context = {
    ...action,
    ...feeds,
    time,
    policy: committed.commitment,
    stateOld: stateCommitment(stateOld),
    stateNew: stateCommitment(stateNew),
  };
  const vector = contextVector(context, circuits[circuit].words);
  return {
    circuit,
    context,
    vector,
    contextCommitment: contextCommitment(vector),
    contextHash: contextHash(vector),
  };
}

/**
 * The circuit's whole input for a transition at the challenge `z`.
 *
 * @param binding of the same transition (see `bindTransition`)
 * @param z field element: the signed digest mod p
 * @returns one value per input signal of `circuits/policy.circom`; secret
 */
export function circuitInput(transition: Transition, binding: Binding, z: bigint): CircuitInput {
  const { committed, ruleIndex, stateOld, stateNew } = transition;
  const { policy } = committed;
  const rule = policy.rules[ruleIndex] as Rule;
  const path = merklePath(committed.treeLevels, ruleIndex);
  const headerLength = binding.vector.length - 2 * circuits[binding.circuit].words;
  const limbs = binding.vector.slice(headerLength);
  return {
    contextCommitment: binding.contextCommitment,
    challenge: z,
    fingerprint: fingerprint(binding.vector, z),
    header: binding.vector.slice(0, headerLength),
    words: Array.from({ length: limbs.length / 2 }, (_, k) => limbs.slice(2 * k, 2 * k + 2)),
    rule: ruleElements(rule),
    pathBits: path.positions.map((position) => [BigInt(position & 1), BigInt(position >> 1)]),
    pathChildren: path.children,
    keysHash: committed.keysHash,
    capacity: policy.budgets.map(({ capacity }) => capacity),
    refill: policy.budgets.map(({ refillPerSecondPerBps }) => refillPerSecondPerBps),
    ...policy.regimes,
    policySalt: policy.salt,
    packed: stateOld.levels.map(packLevel),
    saltOld: stateOld.salt,
    saltNew: stateNew.salt,
  };
}
