import type { Address, Hex, TransactionReceipt } from "viem";
import { readContract } from "viem/actions";
import { timelockControllerAbi } from "./abi/timelockController.ts";
import type { SendClient } from "./client.ts";
import { type TimelockOperation, timelockOperationId } from "./timelockOperation.ts";
import { transact } from "./transact.ts";

export interface ScheduleOperationParameters {
  timelock: Address;
  operation: TimelockOperation;
  /** seconds, at least the timelock's minimum; the minimum by default */
  delay?: bigint | undefined;
}

export interface ScheduleOperationReturnType {
  id: Hex;
  operation: TimelockOperation;
  /** unix seconds from which it can be executed */
  readyAt: bigint;
  receipt: TransactionReceipt;
}

/**
 * Announces a call that the timelock may make after its delay. The client must be a proposer.
 *
 * @throws {CallRefusedError} if the timelock refuses
 */
export async function scheduleOperation(
  client: SendClient,
  parameters: ScheduleOperationParameters,
): Promise<ScheduleOperationReturnType> {
  const { timelock: address, operation } = parameters;
  const { target, value, data, predecessor, salt } = operation;
  const timelock = { address, abi: timelockControllerAbi } as const;
  const delay =
    parameters.delay ?? (await readContract(client, { ...timelock, functionName: "getMinDelay" }));
  const receipt = await transact(client, {
    ...timelock,
    functionName: "schedule",
    args: [target, value, data, predecessor, salt, delay],
  });
  const id = timelockOperationId(operation);
  const readyAt = await readContract(client, {
    ...timelock,
    functionName: "getTimestamp",
    args: [id],
  });
  return { id, operation, readyAt, receipt };
}
