import { type Address, getContractAddress, isAddressEqual, zeroAddress } from "viem";
import { getBlock, getChainId, getTransactionCount } from "viem/actions";
import { DeploymentFailedError } from "../errors/chain.ts";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import { policyAccountBytecode } from "./bytecode/policyAccount.ts";
import type { SendClient } from "./client.ts";
import { deployContract } from "./deployContract.ts";
import type { LaneRotation, Rotation } from "./rotation.ts";

/** What the lanes' first states depend on. */
export interface GenesisMoment {
  chainId: number;
  gate: Address;
  /** Always the first. */
  epoch: 1;
  /** unix seconds, of the latest block */
  eta: bigint;
}

export interface DeployGateParameters extends Omit<Rotation, "epoch" | "eta" | "lanes"> {
  /** The TimelockController that alone may change the gate. */
  timelock: Address;
  /** Verifiers by circuit; a gate has no circuit without one. */
  verifiers: { gate: Address; wide: Address; quorum?: Address | undefined };
  /** Who may stop the gate at once; the zero address = nobody but the timelock. */
  guardian: Address;
  /** Who may submit actions. */
  submitters: readonly Address[];
  /** Opens the first lanes, once the gate's address is known. */
  genesis: (moment: GenesisMoment) => readonly LaneRotation[];
}

export interface DeployGateReturnType {
  gate: Address;
  /** unix seconds: the genesis of every lane */
  eta: bigint;
  blockNumber: bigint;
  gasUsed: bigint;
}

/**
 * Deploys a PolicyAccount with its first epoch. The states' salts depend on the gate's address, so the
 * address is predicted from the deployer's nonce and checked afterwards.
 *
 * @throws {DeploymentFailedError} if the deployment reverts or lands at another address
 */
export async function deployGate(
  client: SendClient,
  parameters: DeployGateParameters,
): Promise<DeployGateReturnType> {
  const { timelock, verifiers, guardian, submitters, genesis, ...settings } = parameters;
  const from = client.account.address;
  const [block, chainId, nonce] = await Promise.all([
    getBlock(client),
    getChainId(client),
    getTransactionCount(client, { address: from, blockTag: "pending" }),
  ]);
  const gate = getContractAddress({ from, nonce: BigInt(nonce) });
  const eta = block.timestamp;
  const rotation: Rotation = {
    ...settings,
    epoch: 1,
    eta,
    lanes: genesis({ chainId, gate, epoch: 1, eta }),
  };
  const { quorum = zeroAddress } = verifiers;
  const { address, receipt } = await deployContract(client, {
    name: "PolicyAccount",
    abi: policyAccountAbi,
    bytecode: policyAccountBytecode.creation,
    args: [{ ...verifiers, quorum }, timelock, guardian, submitters, rotation],
  });
  if (!isAddressEqual(address, gate)) {
    const reason = `it stands at ${address}, its states are for ${gate}: deploy again`;
    throw new DeploymentFailedError({ name: "PolicyAccount", reason });
  }
  return { gate, eta, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed };
}
