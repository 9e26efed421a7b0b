import { hash } from "../field/poseidon.ts";
import { assertWellFormed } from "./integrity.ts";
import { ruleLeaf } from "./leaf.ts";
import type { Policy } from "./policy.ts";
import { treeLevels } from "./tree.ts";

/**
 * The hash of the approvers' group keys; 0 for a policy without approvers, which no key opens.
 */
export function keysHash(approvers: Policy["approvers"]): bigint {
  if (!approvers) return 0n;
  const { normal, stressed } = approvers;
  return hash("keys", [normal.x, normal.y, stressed.x, stressed.y]);
}

/** A policy with its tree and commitment, computed once and used for every proof. Secret. */
export interface CommittedPolicy {
  policy: Policy;
  keysHash: bigint;
  /** All levels of the rule tree, leaves first. */
  treeLevels: bigint[][];
  /** The on-chain commitment, field element: hiding (by the salt) and binding. */
  commitment: bigint;
}

/**
 * Commits to a policy.
 *
 * @param policy its salt uniform and fresh for the gate, lane and rotation
 * @throws {PolicyError} if the policy is not well-formed: the circuit trusts what was committed to
 * @see docs/PROTOCOL.md §4 and §5
 */
export function commitPolicy(policy: Policy): CommittedPolicy {
  assertWellFormed(policy);
  const levels = treeLevels(policy.rules.map(ruleLeaf));
  const keys = keysHash(policy.approvers);
  const { regimes, budgets } = policy;
  const commitment = hash("policy", [
    (levels.at(-1) as bigint[])[0] as bigint,
    keys,
    ...budgets.map(({ capacity }) => capacity),
    ...budgets.map(({ refillPerSecondPerBps }) => refillPerSecondPerBps),
    regimes.elevatedAbove,
    regimes.stressedAbove,
    regimes.elevatedBps,
    regimes.stressedBps,
    policy.salt,
  ]);
  return { policy, keysHash: keys, treeLevels: levels, commitment };
}
