import type { Address, TransactionReceipt } from "viem";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { SendClient } from "./client.ts";
import { transact } from "./transact.ts";

/**
 * Revokes a gate's agent key at once. The client must be the guardian; only a rotation names a new key.
 *
 * @throws {CallRefusedError} `NotGuardian` for anyone else
 */
export function revokeAgent(
  client: SendClient,
  { gate }: { gate: Address },
): Promise<TransactionReceipt> {
  return transact(client, {
    address: gate,
    abi: policyAccountAbi,
    functionName: "revokeAgent",
    args: [],
  });
}
