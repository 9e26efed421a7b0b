import type { Abi, Address, Hex, TransactionReceipt } from "viem";
import { deployContract as sendDeployment, waitForTransactionReceipt } from "viem/actions";
import { DeploymentFailedError } from "../errors/chain.ts";
import type { SendClient } from "./client.ts";

export interface DeployContractParameters {
  /** What is deployed, for errors. */
  name: string;
  abi: Abi | readonly unknown[];
  bytecode: Hex;
  args?: readonly unknown[];
}

export interface DeployContractReturnType {
  address: Address;
  receipt: TransactionReceipt;
}

/**
 * Deploys a contract and waits until it stands.
 *
 * @throws {DeploymentFailedError} if the transaction is refused or reverts
 */
export async function deployContract(
  client: SendClient,
  parameters: DeployContractParameters,
): Promise<DeployContractReturnType> {
  const { name, abi, bytecode, args = [] } = parameters;
  const hash = await sendDeployment(client, { abi: abi as Abi, bytecode, args }).catch((cause) => {
    throw new DeploymentFailedError({ name, cause });
  });
  const receipt = await waitForTransactionReceipt(client, { hash });
  if (receipt.status !== "success" || !receipt.contractAddress) {
    throw new DeploymentFailedError({ name, hash });
  }
  return { address: receipt.contractAddress, receipt };
}
