import {
  type Abi,
  type Address,
  bytesToHex,
  type ContractFunctionArgs,
  encodeFunctionData,
  type Hex,
} from "viem";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import { type TimelockOperation, timelockOperation } from "./timelockOperation.ts";

/** What only the timelock may do to a gate. */
export type GovernanceFunction =
  | "rotate"
  | "setGuardian"
  | "setSubmitter"
  | "setOpenSubmission"
  | "unpause"
  | "governanceCall";

export interface GateOperationParameters<name extends GovernanceFunction> {
  gate: Address;
  functionName: name;
  args: ContractFunctionArgs<typeof policyAccountAbi, "nonpayable" | "payable", name>;
  /** 32 bytes that tell equal operations apart; random by default. */
  salt?: Hex | undefined;
}

/**
 * A change to a gate as the timelock schedules and executes it. `governanceCall` is the way out: any
 * call from the gate but to itself, paused or not.
 *
 * @example
 * const operation = gateOperation({ gate, functionName: "setSubmitter", args: [relayer, true] });
 * const { readyAt } = await scheduleOperation(client, { timelock, operation });
 */
export function gateOperation<const name extends GovernanceFunction>(
  parameters: GateOperationParameters<name>,
): TimelockOperation {
  const { gate, functionName, args, salt } = parameters;
  return timelockOperation({
    target: gate,
    // The arguments were checked above; viem cannot follow a name that is still generic.
    data: encodeFunctionData({
      abi: policyAccountAbi as Abi,
      functionName: functionName as string,
      args: args as readonly unknown[],
    }),
    salt: salt ?? bytesToHex(crypto.getRandomValues(new Uint8Array(32))),
  });
}
