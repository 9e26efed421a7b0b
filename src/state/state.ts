import { hash } from "../field/poseidon.ts";
import type { BudgetLevel, Policy } from "../policy/policy.ts";

/** Distance between a level and its time in a packed budget: far above any level. */
const LAST_SHIFT = 200n;

/** The opening of a lane's state commitment. Secret. */
export interface State {
  /** Exactly four, in the policy's order. */
  levels: BudgetLevel[];
  /** Field element, derived from the epoch's secret (see `actionSalt`, `genesisSalt`). */
  salt: bigint;
}

/** `level + 2^200 · last`, one element of the state commitment. */
export function packLevel({ level, last }: BudgetLevel): bigint {
  return level + (last << LAST_SHIFT);
}

/**
 * The lane's on-chain state: hiding (by its salt) and binding.
 *
 * @returns field element below p
 * @see docs/PROTOCOL.md §6
 */
export function stateCommitment({ levels, salt }: State): bigint {
  return hash("state", [...levels.map(packLevel), salt]);
}

/** What a lane's budgets start from: nothing left, or nothing used. */
export type InitialFill = "full" | "empty";

/**
 * The levels a lane starts with when a rotation does not keep its state. `full` is the safe choice:
 * a rotation then never hands out fresh headroom. `empty` suits a gate's first epoch, before which
 * nothing was spent.
 *
 * @param eta unix seconds, the rotation's
 */
export function initialLevels(
  policy: Pick<Policy, "budgets">,
  eta: bigint,
  fill: InitialFill,
): BudgetLevel[] {
  return policy.budgets.map(({ capacity }) => ({
    level: fill === "full" ? capacity : 0n,
    last: eta,
  }));
}
