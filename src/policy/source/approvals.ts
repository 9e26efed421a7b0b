import { toFunctionSelector } from "viem";

/** Functions that hand out a right which outlives pause and rotation, and who receives it. */
const APPROVALS: readonly (readonly [signature: string, spender: number])[] = [
  ["approve(address,uint256)", 0],
  ["increaseAllowance(address,uint256)", 0],
  ["increaseApproval(address,uint256)", 0],
  ["approveAndCall(address,uint256,bytes)", 0],
  ["setApprovalForAll(address,bool)", 0],
  ["approve(address,address,uint160,uint48)", 1],
  ["approveDelegation(address,uint256)", 0],
  ["setOperator(address,bool)", 0],
  ["authorizeOperator(address)", 0],
  ["permit(address,address,uint256,uint256,uint8,bytes32,bytes32)", 1],
];

const spenderBySelector = new Map(
  APPROVALS.map(([signature, spender]) => [
    BigInt(toFunctionSelector(`function ${signature}`)),
    spender,
  ]),
);

/** The index of the parameter that receives an allowance, if a function grants one. */
export function spenderIndex(selector: bigint): number | undefined {
  return spenderBySelector.get(selector);
}

const TOKEN_CALLS = [
  "transfer(address,uint256)",
  "transferFrom(address,address,uint256)",
  "approve(address,uint256)",
  "increaseAllowance(address,uint256)",
  "decreaseAllowance(address,uint256)",
].map((signature) => BigInt(toFunctionSelector(`function ${signature}`)));

/** Whether a function is ERC-20's own, so that its amount counts the target's tokens. */
export function isTokenCall(selector: bigint): boolean {
  return TOKEN_CALLS.includes(selector);
}
