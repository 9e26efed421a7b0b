import { decodeFunctionData, type Hex, slice, toFunctionSelector } from "viem";
import type { GateCall, GateProof } from "../signer/gateCall.ts";
import { policyAccountAbi } from "./abi/policyAccount.ts";

const executeAbi = policyAccountAbi.filter((entry) => "name" in entry && entry.name === "execute");
const SELECTOR = toFunctionSelector(
  "execute((address,uint256,bytes),(uint8,uint16,uint64,uint64,address,address,uint80,uint80,uint256,uint256,uint256[8]),bytes)",
).slice(2);

/** A call of a gate's `execute`, found in a transaction. */
export interface ExecutedCall {
  call: GateCall;
  proof: GateProof;
}

/**
 * Finds what was handed to `execute` in a transaction's input: called directly, or carried along in the
 * calldata of another contract. Candidates: the caller holds them against the gate's events.
 *
 * @param input a transaction's calldata
 */
export function executedCalls(input: Hex): ExecutedCall[] {
  const found: ExecutedCall[] = [];
  for (let at = input.indexOf(SELECTOR, 2); at !== -1; at = input.indexOf(SELECTOR, at + 2)) {
    if (at % 2 !== 0) continue;
    try {
      const { args } = decodeFunctionData({
        abi: executeAbi,
        data: slice(input, (at - 2) / 2),
      });
      const [call, proof] = args as unknown as [GateCall, GateProof];
      found.push({ call, proof });
    } catch {
      // Four bytes that happen to look like the selector.
    }
  }
  return found;
}
