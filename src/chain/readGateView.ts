import type { Address, BlockTag, ContractFunctionReturnType } from "viem";
import { readContract } from "viem/actions";
import { gateLensAbi } from "./abi/gateLens.ts";
import { gateLensBytecode } from "./bytecode/gateLens.ts";
import type { ReadClient } from "./client.ts";

export interface ReadGateViewParameters {
  gate: Address;
  lane: number;
  /** AggregatorV3 contracts whose latest rounds are wanted. */
  feeds: readonly Address[];
  blockTag: BlockTag;
}

/** A gate, one lane, its risk feed and the feeds asked for, of one block. */
export type ReadGateViewReturnType = ContractFunctionReturnType<typeof gateLensAbi, "view", "look">;

/** Reads all that a signer needs to know of a gate, with one call that brings the code to read it with. */
export function readGateView(
  client: ReadClient,
  { gate, lane, feeds, blockTag }: ReadGateViewParameters,
): Promise<ReadGateViewReturnType> {
  return readContract(client, {
    abi: gateLensAbi,
    code: gateLensBytecode.creation,
    functionName: "look",
    args: [gate, lane, feeds],
    blockTag,
  });
}
