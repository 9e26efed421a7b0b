import { type Address, size } from "viem";
import { estimateGas } from "viem/actions";
import { policyAccountAbi } from "../chain/abi/policyAccount.ts";
import type { ReadClient } from "../chain/client.ts";
import { executeCalldata } from "../chain/executeCalldata.ts";
import { refusalOf } from "../chain/refusal.ts";
import { CallRefusedError } from "../errors/chain.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { isRevert } from "./nodeErrors.ts";

/** What checking and binding cost at most beside the call itself, measured 270,000 to 280,000 with a risk feed. */
const GATE_OVERHEAD = 400_000n;
/** Gas per calldata byte at most (EIP-7623's floor). */
const GAS_PER_BYTE = 40n;
/** The least gas that succeeds may still starve a nested call that swallows its failure. */
const withHeadroom = (gas: bigint) => gas + gas / 4n;

export interface GasLimitParameters {
  gate: Address;
  submitter: Address;
  signed: SignedGateCall;
  /** Whether actions of the lane before it are not mined yet. */
  hasPredecessors: boolean;
  /** For a call that cannot be estimated at all yet. */
  fallbackGas: bigint;
}

/**
 * Gas limit of an execution, and whether the gate would take it at all.
 *
 * An action that stands on others which are not mined fails at the latest block, since its proof is for the
 * state after them. It is tried on the node's pending block, and where that does not know of them the limit is
 * the call's own estimate, as the gate would make it, with the gate's measured overhead; where the call itself
 * depends on them (a swap after its approval) it is the configured one. Gas that is not used is not paid.
 *
 * @throws {CallRefusedError} if the gate refuses at the latest block what should execute there
 */
export async function gasLimit(
  client: ReadClient,
  parameters: GasLimitParameters,
): Promise<bigint> {
  const { gate, submitter, signed, hasPredecessors, fallbackGas } = parameters;
  const data = executeCalldata(signed);
  const execution = { account: submitter, to: gate, data };
  if (!hasPredecessors) {
    const gas = await estimateGas(client, execution).catch((cause: unknown) => {
      if (!isRevert(cause)) throw cause;
      const refusal = refusalOf(cause, policyAccountAbi);
      throw new CallRefusedError({ functionName: "execute", ...refusal, cause });
    });
    return withHeadroom(gas);
  }
  const ifReverted = (instead: undefined) => (error: unknown) => {
    if (isRevert(error)) return instead;
    throw error;
  };
  const pending = await estimateGas(client, { ...execution, blockTag: "pending" }).catch(
    ifReverted(undefined),
  );
  if (pending !== undefined) return withHeadroom(pending);
  const { target: to, value, data: inner } = signed.call;
  const call = await estimateGas(client, { account: gate, to, value, data: inner }).catch(
    ifReverted(undefined),
  );
  const overhead = GATE_OVERHEAD + GAS_PER_BYTE * BigInt(size(data));
  return call === undefined ? fallbackGas + overhead : withHeadroom(call) + overhead;
}
