import type { Address, Hex } from "viem";
import type { SendClient } from "./client.ts";
import { gateOperation } from "./gateOperation.ts";
import type { Rotation } from "./rotation.ts";
import { type ScheduleOperationReturnType, scheduleOperation } from "./scheduleOperation.ts";

export interface ScheduleRotationParameters {
  timelock: Address;
  gate: Address;
  rotation: Rotation;
  salt?: Hex | undefined;
}

/**
 * Announces a rotation. The client must be a proposer of the timelock. The gate takes the rotation
 * from its eta on, for 7 days; the timelock only after its own delay.
 *
 * @throws {CallRefusedError} if the timelock refuses
 */
export async function scheduleRotation(
  client: SendClient,
  parameters: ScheduleRotationParameters,
): Promise<ScheduleOperationReturnType> {
  const { timelock, gate, rotation, salt } = parameters;
  const operation = gateOperation({ gate, functionName: "rotate", args: [rotation], salt });
  return scheduleOperation(client, { timelock, operation });
}
