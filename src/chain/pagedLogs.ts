import type { Abi, Address, ContractEventName, ParseEventLogsReturnType } from "viem";
import { parseEventLogs } from "viem";
import { getLogs } from "viem/actions";
import { LogsUnavailableError } from "../errors/chain.ts";
import type { ReadClient } from "./client.ts";

/** Blocks asked for at once; nodes that allow fewer get smaller pages. */
const PAGE_BLOCKS = 5_000n;

/**
 * Reads a contract's events of a block range, page by page. A page that the node refuses is halved.
 *
 * @param parameters.fromBlock first block, inclusive
 * @param parameters.toBlock last block, inclusive
 * @returns decoded events in the chain's order
 * @throws {LogsUnavailableError} if the node refuses even a single block
 */
export async function* pagedLogs<const abi extends Abi>(
  client: ReadClient,
  parameters: { address: Address; abi: abi; fromBlock: bigint; toBlock: bigint },
): AsyncGenerator<ParseEventLogsReturnType<abi, ContractEventName<abi>, true>> {
  const { address, abi, toBlock } = parameters;
  let size = PAGE_BLOCKS;
  let first = parameters.fromBlock;
  while (first <= toBlock) {
    const last = first + size - 1n < toBlock ? first + size - 1n : toBlock;
    const logs = await getLogs(client, { address, fromBlock: first, toBlock: last }).catch(
      (cause) => {
        if (size === 1n) throw new LogsUnavailableError({ address, block: first, cause });
        return undefined;
      },
    );
    if (!logs) {
      size = (size + 1n) / 2n;
      continue;
    }
    yield parseEventLogs({ abi, logs, strict: true });
    first = last + 1n;
  }
}
