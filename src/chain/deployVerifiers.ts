import type { Address } from "viem";
import { gateVerifierAbi } from "./abi/gateVerifier.ts";
import { wideVerifierAbi } from "./abi/wideVerifier.ts";
import { gateVerifierBytecode } from "./bytecode/gateVerifier.ts";
import { wideVerifierBytecode } from "./bytecode/wideVerifier.ts";
import type { SendClient } from "./client.ts";
import { deployContract } from "./deployContract.ts";

export interface DeployVerifiersReturnType {
  gate: Address;
  wide: Address;
  gasUsed: bigint;
}

/**
 * Deploys the circuits' verifiers. They hold no state, so that gates may share them.
 *
 * @throws {DeploymentFailedError} if a deployment reverts
 */
export async function deployVerifiers(client: SendClient): Promise<DeployVerifiersReturnType> {
  const gate = await deployContract(client, {
    name: "GateVerifier",
    abi: gateVerifierAbi,
    bytecode: gateVerifierBytecode.creation,
  });
  const wide = await deployContract(client, {
    name: "WideVerifier",
    abi: wideVerifierAbi,
    bytecode: wideVerifierBytecode.creation,
  });
  return {
    gate: gate.address,
    wide: wide.address,
    gasUsed: gate.receipt.gasUsed + wide.receipt.gasUsed,
  };
}
