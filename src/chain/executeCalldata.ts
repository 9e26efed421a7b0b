import { type Abi, encodeFunctionData, type Hex } from "viem";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { policyAccountAbi } from "./abi/policyAccount.ts";

/**
 * Calldata of a gate's `execute` for a signed action.
 *
 * @example
 * await wallet.sendTransaction({ to: gate, data: executeCalldata(signed) });
 */
export function executeCalldata({ call, proof, signature }: SignedGateCall): Hex {
  // Points are eight by construction; the ABI's tuple type would have to be carried everywhere.
  const abi: Abi = policyAccountAbi;
  return encodeFunctionData({ abi, functionName: "execute", args: [call, proof, signature] });
}
