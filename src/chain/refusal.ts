import {
  type Abi,
  decodeErrorResult,
  type Hex,
  isHex,
  parseAbi,
  BaseError as ViemError,
} from "viem";

const reasonAbi = parseAbi(["error Error(string reason)"]);
const REASON_SELECTOR = "0x08c379a0";

/** Why a contract refused a call. */
export interface Refusal {
  /** Name of the custom error, `Error` for a reason string, or what the node said. */
  reason: string;
  args?: readonly unknown[];
}

/**
 * Finds the contract's custom error inside what viem threw.
 *
 * @param error thrown by a call, a gas estimate or a transaction
 * @param abi holds the errors the contract may raise
 *
 * @example
 * refusalOf(error, policyAccountAbi).reason; // "InvalidProof"
 */
export function refusalOf(error: unknown, abi: Abi): Refusal {
  const data = revertData(error);
  if (data !== undefined) {
    try {
      const { errorName, args = [] } = decodeErrorResult({ abi, data });
      return { reason: errorName, ...(args.length > 0 && { args: args.map(readable) }) };
    } catch {
      return { reason: data === "0x" ? "reverted without a reason" : `unknown error ${data}` };
    }
  }
  return { reason: error instanceof ViemError ? error.shortMessage : String(error) };
}

/** Revert data that an error carries along, such as the target's, as the reason it gives. */
function readable(argument: unknown): unknown {
  if (!isHex(argument) || !argument.startsWith(REASON_SELECTOR)) return argument;
  try {
    return decodeErrorResult({ abi: reasonAbi, data: argument }).args[0];
  } catch {
    return argument;
  }
}

/** The revert data that a node put somewhere into its error. */
function revertData(error: unknown): Hex | undefined {
  for (let next = error; next !== null && typeof next === "object"; ) {
    const { data, cause } = next as { data?: unknown; cause?: unknown };
    if (isHex(data)) return data;
    if (data !== null && typeof data === "object" && "data" in data && isHex(data.data)) {
      return data.data;
    }
    next = cause;
  }
  return undefined;
}
