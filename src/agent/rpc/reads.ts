import { isHash, BaseError as ViemError } from "viem";
import { RpcError } from "../../errors/agent.ts";
import { codeOf } from "../reasons.ts";
import { chainOf, clientOf, type RpcCall } from "./scope.ts";

/** What is passed to the node: reads that leave nothing behind in it. */
export const readMethods: ReadonlySet<string> = new Set([
  "eth_blobBaseFee",
  "eth_blockNumber",
  "eth_call",
  "eth_createAccessList",
  "eth_estimateGas",
  "eth_feeHistory",
  "eth_gasPrice",
  "eth_getBalance",
  "eth_getBlockByHash",
  "eth_getBlockByNumber",
  "eth_getBlockReceipts",
  "eth_getBlockTransactionCountByHash",
  "eth_getBlockTransactionCountByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getProof",
  "eth_getStorageAt",
  "eth_getTransactionByBlockHashAndIndex",
  "eth_getTransactionByBlockNumberAndIndex",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
  "eth_maxPriorityFeePerGas",
  "eth_syncing",
  "net_listening",
  "web3_clientVersion",
]);
/** Their hash may have been replaced by one with a higher fee. */
const byTransaction = new Set(["eth_getTransactionByHash", "eth_getTransactionReceipt"]);

export function isReadMethod(method: string): boolean {
  return readMethods.has(method);
}

/**
 * Passes a read to the node of the endpoint's chain. A transaction that was replaced is found by any
 * hash it ever had.
 *
 * @throws {RpcError} with the node's own code, message and data, if it refuses
 */
export async function readMethod(method: string, call: RpcCall): Promise<unknown> {
  const params = call.params ?? [];
  if (!Array.isArray(params)) {
    throw new RpcError({
      code: codeOf("invalid-request"),
      message: "The parameters of a read are an array",
      data: { reason: "invalid-request" },
    });
  }
  const client = clientOf(call, chainOf(call));
  const ask = (asked: unknown[]) =>
    client
      // The allowlist above stands for the methods that viem's types would name.
      .request({ method, params: asked } as Parameters<typeof client.request>[0])
      .catch((error: unknown) => {
        throw nodeError(error);
      });

  const answer: unknown = await ask(params);
  const [hash] = params;
  if (answer !== null || !byTransaction.has(method) || !isHash(hash)) return answer;
  const request = await call.agent.status(hash);
  // The newest version first: it is the likeliest to have been mined.
  for (const other of request?.transactions.toReversed() ?? []) {
    const found: unknown = other === hash ? null : await ask([other]);
    if (found !== null) return found;
  }
  return null;
}

/** What the node itself said; never viem's message, which names the node's URL. */
function nodeError(error: unknown): RpcError {
  let said: { code: number; message: string; data: unknown } | undefined;
  for (let next = error; next !== null && typeof next === "object"; ) {
    const { code, data, cause, message } = next as Record<string, unknown>;
    // -1 is viem's own, for what was no answer of a node.
    if (typeof code === "number" && code !== -1) {
      const text = next instanceof ViemError ? next.details : message;
      said = { code, message: typeof text === "string" ? text : "", data: data ?? said?.data };
    }
    next = cause;
  }
  if (!said) {
    return new RpcError({
      code: codeOf("node-unavailable"),
      message: "The node does not answer",
      data: { reason: "node-unavailable" },
      cause: error,
    });
  }
  return new RpcError({ ...said, message: said.message || "The node refuses", cause: error });
}
