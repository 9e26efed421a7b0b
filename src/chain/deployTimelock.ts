import { type Address, zeroAddress } from "viem";
import { timelockControllerAbi } from "./abi/timelockController.ts";
import { timelockControllerBytecode } from "./bytecode/timelockController.ts";
import type { SendClient } from "./client.ts";
import { deployContract } from "./deployContract.ts";

export interface DeployTimelockParameters {
  /** Seconds between announcing and executing. */
  minDelay: bigint;
  /** Who may announce and cancel. */
  proposers: readonly Address[];
  /** Who may execute what is due; the zero address = anyone. */
  executors: readonly Address[];
}

export interface DeployTimelockReturnType {
  timelock: Address;
  gasUsed: bigint;
}

/**
 * Deploys OpenZeppelin's TimelockController, bytecode as published in their npm package. It has no
 * admin: roles and delay change only through the timelock itself.
 *
 * @throws {DeploymentFailedError} if the deployment reverts
 */
export async function deployTimelock(
  client: SendClient,
  parameters: DeployTimelockParameters,
): Promise<DeployTimelockReturnType> {
  const { minDelay, proposers, executors } = parameters;
  const { address, receipt } = await deployContract(client, {
    name: "TimelockController",
    abi: timelockControllerAbi,
    bytecode: timelockControllerBytecode.creation,
    args: [minDelay, proposers, executors, zeroAddress],
  });
  return { timelock: address, gasUsed: receipt.gasUsed };
}
