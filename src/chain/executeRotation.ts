import type { Address, TransactionReceipt } from "viem";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { SendClient } from "./client.ts";
import { executeOperation } from "./executeOperation.ts";
import type { TimelockOperation } from "./timelockOperation.ts";

export interface ExecuteRotationParameters {
  timelock: Address;
  /** What `scheduleRotation` announced. */
  operation: TimelockOperation;
}

/**
 * Makes an announced rotation, once delay and eta are over. The client must be an executor.
 *
 * @throws {CallRefusedError} `TimelockUnexpectedOperationState` before the delay is over,
 *   `RotationTooEarly` before the eta, `RotationTooLate` after the grace period
 */
export function executeRotation(
  client: SendClient,
  parameters: ExecuteRotationParameters,
): Promise<TransactionReceipt> {
  return executeOperation(client, { ...parameters, targetAbi: policyAccountAbi });
}
