import type { Address, TransactionReceipt } from "viem";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { SendClient } from "./client.ts";
import { transact } from "./transact.ts";

/**
 * Stops all of a gate's actions at once. The client must be the guardian; only the timelock unpauses.
 *
 * @throws {CallRefusedError} `NotGuardian` for anyone else
 */
export function pause(
  client: SendClient,
  { gate }: { gate: Address },
): Promise<TransactionReceipt> {
  return transact(client, {
    address: gate,
    abi: policyAccountAbi,
    functionName: "pause",
    args: [],
  });
}
