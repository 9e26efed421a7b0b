import { type Abi, type Address, encodeFunctionData, type TransactionReceipt } from "viem";
import { call, estimateGas, sendTransaction, waitForTransactionReceipt } from "viem/actions";
import { CallRefusedError } from "../errors/chain.ts";
import type { SendClient } from "./client.ts";
import { refusalOf } from "./refusal.ts";

export interface TransactParameters {
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  /** wei */
  value?: bigint | undefined;
  /** Blocks to wait for, the transaction's own included; 1 by default. */
  confirmations?: number | undefined;
}

/**
 * Sends one contract call and waits until it is mined. A call that the contract would refuse is not sent.
 *
 * @throws {CallRefusedError} if the contract refuses; names its custom error
 */
export async function transact(
  client: SendClient,
  parameters: TransactParameters,
): Promise<TransactionReceipt> {
  const { address: to, abi, functionName, args, value = 0n, confirmations = 1 } = parameters;
  const data = encodeFunctionData({ abi, functionName, args });
  const transaction = { account: client.account, to, data, value };
  const refuse = (cause: unknown): never => {
    throw new CallRefusedError({ functionName, ...refusalOf(cause, abi), cause });
  };
  const estimate = await estimateGas(client, transaction).catch(refuse);
  // The least gas that succeeds may still starve a nested call that swallows its failure.
  const gas = estimate + estimate / 4n;
  const hash = await sendTransaction(client, { ...transaction, gas, chain: client.chain });
  const receipt = await waitForTransactionReceipt(client, { hash, confirmations });
  if (receipt.status === "success") return receipt;
  // It fitted the latest block and not the next: ask once more for the reason.
  await call(client, { ...transaction, blockNumber: receipt.blockNumber - 1n }).catch(refuse);
  throw new CallRefusedError({ functionName, reason: "reverted when mined", hash });
}
