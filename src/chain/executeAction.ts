import { type Address, isAddressEqual, parseEventLogs, type TransactionReceipt } from "viem";
import { ActionMissingError } from "../errors/chain.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { SendClient } from "./client.ts";
import { transact } from "./transact.ts";

export interface ExecuteActionParameters {
  gate: Address;
  signed: SignedGateCall;
  /** Blocks to wait for, the transaction's own included; 1 by default. */
  confirmations?: number | undefined;
}

export interface ExecuteActionReturnType {
  receipt: TransactionReceipt;
  epoch: number;
  /** The sequence number that the action took. */
  seq: bigint;
}

/**
 * Submits a signed and proven action and waits until it is executed. The client must be its submitter.
 *
 * @throws {CallRefusedError} if the gate refuses; `reason` is the gate's custom error
 *
 * @example
 * const signed = await signer.sign({ target, value: 0n, data, submitter: client.account.address });
 * const { receipt } = await executeAction(client, { gate, signed });
 */
export async function executeAction(
  client: SendClient,
  parameters: ExecuteActionParameters,
): Promise<ExecuteActionReturnType> {
  const { gate, signed, confirmations } = parameters;
  const receipt = await transact(client, {
    address: gate,
    abi: policyAccountAbi,
    functionName: "execute",
    args: [signed.call, signed.proof, signed.signature],
    confirmations,
  });
  const [executed] = parseEventLogs({
    abi: policyAccountAbi,
    eventName: "ActionExecuted",
    logs: receipt.logs.filter(({ address }) => isAddressEqual(address, gate)),
  });
  if (!executed) throw new ActionMissingError({ gate, hash: receipt.transactionHash });
  return { receipt, epoch: executed.args.epoch, seq: executed.args.seq };
}
