import type { Address, ContractEventName, Log } from "viem";
import { getBlockNumber } from "viem/actions";
import { policyAccountAbi } from "./abi/policyAccount.ts";
import type { ReadClient } from "./client.ts";
import { pagedLogs } from "./pagedLogs.ts";

type GateAbi = typeof policyAccountAbi;
/** An event of a gate, decoded. */
export type GateEvent<name extends ContractEventName<GateAbi> = ContractEventName<GateAbi>> =
  name extends ContractEventName<GateAbi>
    ? Log<bigint, number, false, undefined, true, GateAbi, name>
    : never;

export interface GateEventsParameters {
  gate: Address;
  /** First block, inclusive; the gate's deployment at the earliest. */
  fromBlock: bigint;
  /** Last block, inclusive; the latest by default. */
  toBlock?: bigint | undefined;
}

/**
 * All events of a gate in a block range: actions, rotations, pauses, governance.
 *
 * @throws {LogsUnavailableError} if the node does not hand them out
 *
 * @example
 * for await (const event of gateEvents(client, { gate, fromBlock })) console.log(event.eventName);
 */
export async function* gateEvents(
  client: ReadClient,
  parameters: GateEventsParameters,
): AsyncGenerator<GateEvent> {
  const { gate: address, fromBlock } = parameters;
  const toBlock = parameters.toBlock ?? (await getBlockNumber(client, { cacheTime: 0 }));
  const pages = pagedLogs(client, { address, abi: policyAccountAbi, fromBlock, toBlock });
  for await (const page of pages) yield* page as GateEvent[];
}
