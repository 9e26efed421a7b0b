import type { Abi, Address, TransactionReceipt } from "viem";
import { timelockControllerAbi } from "./abi/timelockController.ts";
import type { SendClient } from "./client.ts";
import type { TimelockOperation } from "./timelockOperation.ts";
import { transact } from "./transact.ts";

export interface ExecuteOperationParameters {
  timelock: Address;
  operation: TimelockOperation;
  /** ABI of the called contract, so that its errors get their names. */
  targetAbi?: Abi | undefined;
}

/**
 * Makes a call that the timelock announced, once its delay is over. The client must be an executor.
 *
 * @throws {CallRefusedError} if the timelock or the called contract refuses
 */
export function executeOperation(
  client: SendClient,
  parameters: ExecuteOperationParameters,
): Promise<TransactionReceipt> {
  const { timelock, operation, targetAbi = [] } = parameters;
  const { target, value, data, predecessor, salt } = operation;
  return transact(client, {
    address: timelock,
    abi: [...timelockControllerAbi, ...targetAbi],
    functionName: "execute",
    args: [target, value, data, predecessor, salt],
    value,
  });
}
