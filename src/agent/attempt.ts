import { isAddressEqual, keccak256, parseTransaction } from "viem";
import type { OuterTransaction } from "../journal/journal.ts";
import { keyAccount } from "../keys/account.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { Fees } from "./fees.ts";

/** One signed version of an outer transaction. */
export type Attempt = OuterTransaction["attempts"][number];

/** Enough for a transfer to oneself, also where the account has delegated code (EIP-7702); the rest is not paid. */
const CANCEL_GAS = 60_000n;

/**
 * Signs a version of an outer transaction.
 *
 * @param what `carry` executes what it was reserved for; `cancel` sends nothing to its own account, which
 *   uses the nonce up
 */
export async function signAttempt(
  key: AgentKey,
  transaction: OuterTransaction,
  fees: Fees,
  what: "carry" | "cancel",
): Promise<Attempt> {
  const { chainId, nonce, submitter, to, value, data, gas } = transaction;
  const body =
    what === "carry" ? { to, value, data, gas } : { to: submitter, value: 0n, gas: CANCEL_GAS };
  const raw = await keyAccount(key).signTransaction({
    type: "eip1559",
    chainId,
    nonce,
    ...body,
    ...fees,
  });
  return { hash: keccak256(raw), raw, ...fees, at: Date.now() };
}

/** Whether a version only uses the nonce up. */
export function isCancel({ submitter }: OuterTransaction, { raw }: Pick<Attempt, "raw">): boolean {
  const { to } = parseTransaction(raw);
  return to !== undefined && to !== null && isAddressEqual(to, submitter);
}
