import type { Regime, Regimes } from "../policy.ts";

/**
 * Decides the regime from the risk feed's answer. No feed (0) counts as stressed; a policy without
 * regimes loses nothing by that, because both of its regimes leave the whole limit.
 *
 * @param riskAnswer Chainlink answer, below 2^80; 0 = no feed
 */
export function regimeOf(regimes: Regimes, riskAnswer: bigint): Regime {
  if (riskAnswer === 0n || riskAnswer >= regimes.stressedAbove) return "stressed";
  return riskAnswer >= regimes.elevatedAbove ? "elevated" : "calm";
}
