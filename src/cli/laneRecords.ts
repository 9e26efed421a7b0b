import { numberToHex } from "viem";
import type { ReadClient } from "../chain/client.ts";
import { gateEvents } from "../chain/gateEvents.ts";
import { recoverState } from "../chain/recoverState.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { createFileLaneStore } from "../signer/fileLaneStore.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import { type LaneId, type LaneRecord, type LaneStore, replaceRecord } from "../state/laneStore.ts";
import { type State, stateCommitment } from "../state/state.ts";
import type { Deployment } from "./deployment.ts";
import { lanesFolder } from "./laneBinding.ts";
import { loadMandate, noteKeptState } from "./mandates.ts";
import { refuseHandedOver, refuseServed } from "./servedLanes.ts";
import type { Workspace } from "./workspace.ts";

/** Where the workspace keeps what it knows of its lanes; lanes that a service signs for are read only. */
export function laneStore(workspace: Workspace, identity: SealIdentity): LaneStore<SignedGateCall> {
  return refuseServed(workspace, createFileLaneStore(lanesFolder(workspace), identity));
}

/** A lane that a rotation made live and the workspace has recorded. */
export interface AdoptedLane {
  lane: number;
  epoch: number;
  /** Policy commitment, 32 bytes. */
  policy: string;
  keptState: boolean;
}

export interface AdoptLanesParameters {
  workspace: Workspace;
  client: ReadClient;
  deployment: Pick<Deployment, "gate" | "chainId">;
  identity: SealIdentity;
  /** The block of the rotation, or of the gate's deployment. */
  blockNumber: bigint;
}

/**
 * Records the states of the lanes that a rotation has just made live, each held against the chain.
 *
 * @throws {UsageError} if the workspace has no mandate for a lane's policy
 * @throws {UnrecoverableLaneError} if a state does not open with the mandate of its policy
 */
export async function adoptLanes(parameters: AdoptLanesParameters): Promise<AdoptedLane[]> {
  const { workspace, client, identity, blockNumber } = parameters;
  const { gate, chainId } = parameters.deployment;
  const records = createFileLaneStore(lanesFolder(workspace), identity);
  const store = refuseHandedOver(workspace, records);
  const adopted: AdoptedLane[] = [];
  const events = gateEvents(client, { gate, fromBlock: blockNumber, toBlock: blockNumber });
  for await (const event of events) {
    if (event.eventName !== "LaneRotated") continue;
    const { lane, epoch, policy, state, keptState } = event.args;
    const mandate = await loadMandate(workspace, identity, policy);
    const { committed, secret } = mandate;
    await store.exclusive({ chainId, gate, lane }, async () => {
      const kept = keptState
        ? await recordedState(store, { chainId, gate, lane }, state)
        : undefined;
      if (kept) await noteKeptState(workspace, identity, mandate, kept);
      const input = { gate, lane, committed, secret, fromBlock: blockNumber, kept };
      const { record, transitions } = await recoverState(client, input);
      // What is recorded of this epoch already may know of more than the chain does.
      if ((await store.read(record))?.epoch === epoch) return;
      // Digests of earlier epochs are dead, and in this one nobody has signed yet.
      const fresh = transitions.length === 0 ? { ...record, quietUntil: 0n } : record;
      await replaceRecord(store, fresh);
    });
    adopted.push({ lane, epoch, policy: numberToHex(policy, { size: 32 }), keptState });
  }
  return adopted;
}

/** Every state that a record knows of: the final one, and those after its transitions. */
export function recordedStates(record: LaneRecord<SignedGateCall> | undefined): State[] {
  return record ? [record.state, ...record.pending.map(({ stateNew }) => stateNew)] : [];
}

/** The recorded state that opens a commitment: the lane's own, or that of an action that landed meanwhile. */
async function recordedState(
  store: LaneStore<SignedGateCall>,
  lane: LaneId,
  commitment: bigint,
): Promise<State | undefined> {
  const record = await store.read(lane);
  return recordedStates(record).find((state) => stateCommitment(state) === commitment);
}

/** Rows about recorded lanes, for a table. */
export function laneRows(lanes: readonly AdoptedLane[]): [string, string][] {
  return lanes.map(({ lane, epoch, policy, keptState }) => [
    `lane ${lane}`,
    `epoch ${epoch}, policy ${policy}${keptState ? ", state kept" : ""}`,
  ]);
}
