import { estimateMaxPriorityFeePerGas, getBlock } from "viem/actions";
import type { ReadClient } from "../chain/client.ts";
import type { FeePolicy } from "./options.ts";

/** What a transaction offers, in wei per gas (EIP-1559). */
export interface Fees {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** A replacement is taken only if it offers a tenth more (geth) or an eighth (others). */
const raised = (fee: bigint) => fee + fee / 8n + 1n;
const least = (a: bigint, b: bigint) => (a < b ? a : b);
const most = (a: bigint, b: bigint) => (a > b ? a : b);

/**
 * What a transaction should offer now: twice the base fee, which lasts six full blocks, and a tip; never
 * more than the policy's cap.
 */
export async function currentFees(client: ReadClient, policy: FeePolicy): Promise<Fees> {
  const [block, suggested] = await Promise.all([
    getBlock(client),
    policy.maxPriorityFeePerGas ?? estimateMaxPriorityFeePerGas(client),
  ]);
  const tip = least(suggested, policy.maxFeePerGas);
  const maxFeePerGas = least(2n * (block.baseFeePerGas ?? 0n) + tip, policy.maxFeePerGas);
  return { maxFeePerGas, maxPriorityFeePerGas: least(tip, maxFeePerGas) };
}

/**
 * What a transaction must offer to take another's place.
 *
 * @param sent what the one that is stuck offers
 * @param now what a fresh one would offer
 * @returns undefined if that is past the cap
 */
export function replacementFees(
  sent: Fees,
  now: Fees,
  { maxFeePerGas: cap }: Pick<FeePolicy, "maxFeePerGas">,
): Fees | undefined {
  const maxFeePerGas = most(raised(sent.maxFeePerGas), now.maxFeePerGas);
  const maxPriorityFeePerGas = most(raised(sent.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
  if (maxFeePerGas > cap) return undefined;
  return { maxFeePerGas, maxPriorityFeePerGas: least(maxPriorityFeePerGas, maxFeePerGas) };
}
