import type { Address } from "viem";
import type { ReadClient } from "./client.ts";
import { readGate } from "./readGate.ts";
import { readLane } from "./readLane.ts";

export interface CountLanesParameters {
  gate: Address;
}

/** How many lanes of a gate are live: those from 0 on that its last deployment or rotation named. */
export async function countLanes(
  client: ReadClient,
  { gate }: CountLanesParameters,
): Promise<number> {
  const { epoch } = await readGate(client, { gate });
  for (let lane = 0; ; lane += 1) {
    const { epoch: named } = await readLane(client, { gate, lane });
    if (named !== epoch) return lane;
  }
}
