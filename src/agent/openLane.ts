import { type Hex, numberToHex } from "viem";
import { getBlockNumber } from "viem/actions";
import { createGateReader } from "../chain/gateReader.ts";
import { type ReadGateReturnType, readGate } from "../chain/readGate.ts";
import { readLane } from "../chain/readLane.ts";
import { LaneBlockedError } from "../errors/agent.ts";
import type { Journal } from "../journal/journal.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { Prover } from "../prover/prover.ts";
import { createSigner, type Signer, type SignerOptions } from "../signer/signer.ts";
import type { LaneId } from "../state/laneStore.ts";
import { assureRecord } from "./assureRecord.ts";
import type { AgentGate, AgentLane, LaneMandate } from "./options.ts";

/** A lane as it stands in its epoch, with the signer that is bound to its mandate. */
export interface OpenLane {
  epoch: number;
  /** Policy commitment, 32 bytes. */
  policy: Hex;
  mandate: LaneMandate;
  signer: Signer;
  /** Overwrites the mandate's secret; the signer cannot be used any more. */
  close(): void;
}

export interface OpenLaneParameters {
  gate: AgentGate;
  lane: AgentLane;
  journal: Journal;
  /** What signs: see `guardedKey`. */
  key: AgentKey;
  prover: Prover;
  maxInFlight: number;
  onStage: NonNullable<SignerOptions["onStage"]>;
  /** Whether the lane is this process's, so that a missing record may be made. */
  isOwned: boolean;
  /** The epoch that this process served before, if it has. */
  servedEpoch?: number | undefined;
}

/**
 * Finds the mandate of the policy that a lane has on-chain, sees to it that the journal has a record of the
 * lane's epoch, and makes its signer.
 *
 * @throws {LaneBlockedError} if the lane or its mandate is missing, or the gate has another agent key
 * @throws {LaneBoundError} if the lane is this process's, and another journal's
 * @throws {UnrecoverableLaneError} if the record cannot be rebuilt from the chain
 */
export async function openLane(parameters: OpenLaneParameters): Promise<OpenLane> {
  const { gate, lane, journal, key, prover, maxInFlight, onStage, isOwned } = parameters;
  const { client, chainId } = gate;
  const id: LaneId = { chainId, gate: gate.gate, lane: lane.lane };
  const blockNumber = await getBlockNumber(client, { cacheTime: 0 });
  const onchain = await readLane(client, { gate: gate.gate, lane: lane.lane, blockNumber });
  if (onchain.epoch === 0)
    throw new LaneBlockedError({
      reason: "the gate has no such lane: no deployment or rotation named it",
    });
  const { agent } = await readGate(client, { gate: gate.gate, blockNumber });
  if (isAnother(agent, lane.key)) {
    throw new LaneBlockedError({
      reason: `the gate's agent key is ${agent.id} now, and this service signs with ${lane.key.onchain.id}: name the new key in the workspace and restart the service, a reload does not take it`,
    });
  }
  const policy = numberToHex(onchain.policy, { size: 32 });
  const found = await lane.mandate(onchain.policy);
  if (found?.committed.commitment !== onchain.policy) {
    throw new LaneBlockedError({ reason: `there is no mandate for its policy ${policy}` });
  }
  const mandate = { ...found, secret: Uint8Array.from(found.secret) };
  if (isOwned) {
    await lane.assertBound?.(journal.name);
    await assureRecord(parameters, id, { epoch: onchain.epoch, mandate, blockNumber });
  }
  const { committed, secret, labels } = mandate;
  return {
    epoch: onchain.epoch,
    policy,
    mandate,
    signer: createSigner({
      ...id,
      committed,
      secret,
      labels,
      key,
      prover,
      maxInFlight,
      onStage,
      reader: createGateReader(client, { gate: gate.gate }),
      store: journal.lanes,
    }),
    close: () => {
      secret.fill(0);
    },
  };
}

/** Whether a gate takes another key's signatures; one without a key, since its own was revoked, takes none. */
export function isAnother(
  agent: ReadGateReturnType["agent"],
  { onchain }: Pick<AgentKey, "onchain">,
): boolean {
  if (agent.kind === 0) return false;
  return agent.kind !== onchain.kind || BigInt(agent.id) !== BigInt(onchain.id);
}
