import { type Address, type Hex, hashTypedData } from "viem";
import { mod } from "../field/field.ts";

/** The EIP-712 type that the agent signs for each action (docs/PROTOCOL.md §3). */
export const gatedActionTypes = {
  GatedAction: [
    { name: "circuit", type: "uint8" },
    { name: "contextHash", type: "bytes32" },
    { name: "lane", type: "uint16" },
    { name: "epoch", type: "uint32" },
    { name: "seq", type: "uint64" },
    { name: "dataHash", type: "bytes32" },
    { name: "deadline", type: "uint64" },
    { name: "submitter", type: "address" },
    { name: "contextCommitment", type: "uint256" },
  ],
} as const;

/** What the agent's signature covers. */
export interface GatedAction {
  /** Circuit id: 1 `gate`, 2 `wide`, 3 `quorum`. */
  circuit: number;
  contextHash: Hex;
  lane: number;
  epoch: number;
  seq: bigint;
  /** keccak256 of the whole calldata. */
  dataHash: Hex;
  /** unix seconds: the last block time at which the action may land */
  deadline: bigint;
  /** The only account that may submit; zero = anyone, where the gate allows that. */
  submitter: Address;
  /** `c`, field element */
  contextCommitment: bigint;
}

/** EIP-712 typed data of a gated action, for signers that show what they sign. */
export function gatedActionTypedData(chainId: number, gate: Address, message: GatedAction) {
  return {
    domain: { name: "zkmandate", version: "1", chainId, verifyingContract: gate },
    types: gatedActionTypes,
    primaryType: "GatedAction",
    message,
  } as const;
}

/** The 32 bytes that the agent signs. */
export function gatedActionDigest(chainId: number, gate: Address, message: GatedAction): Hex {
  return hashTypedData(gatedActionTypedData(chainId, gate, message));
}

/** The evaluation point `z` that a digest stands for: the digest mod p. */
export function challenge(digest: Hex): bigint {
  return mod(BigInt(digest));
}
