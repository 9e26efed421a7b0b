import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { LaneServedError } from "../errors/cli.ts";
import { FileExistsError } from "../errors/keys.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { createFileLaneStore } from "../signer/fileLaneStore.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { LaneId, LaneRecord, LaneStore } from "../state/laneStore.ts";
import { bindingPath, boundJournal, lanesFolder, rebindLane } from "./laneBinding.ts";
import type { Workspace } from "./workspace.ts";

/** An epoch of a lane. */
type LaneEpoch = LaneId & { epoch: number };

function markPath(workspace: Workspace, { chainId, gate, lane, epoch }: LaneEpoch): string {
  const name = `${chainId}-${gate.toLowerCase()}-${lane}.${epoch}.served`;
  return join(lanesFolder(workspace), name);
}

/**
 * Hands a lane's record over to a service, once: from then on the workspace's own commands sign nothing for
 * the lane in that epoch, or two signers would not know of each other's digests.
 *
 * @returns undefined if there is no record of the epoch, or it was handed over before and may since have
 *   been overtaken: the service then rebuilds it from the chain
 */
export async function handOver(
  workspace: Workspace,
  identity: SealIdentity,
  lane: LaneEpoch,
): Promise<LaneRecord<SignedGateCall> | undefined> {
  const store = createFileLaneStore(lanesFolder(workspace), identity);
  return store.exclusive(lane, async () => {
    try {
      await writeFileAtomic(markPath(workspace, lane), "");
    } catch (error) {
      if (error instanceof FileExistsError) return undefined;
      throw error;
    }
    try {
      const record = await store.read(lane);
      // A command that slept since it looked for the mark cannot write now, hence not sign.
      if (record) await store.write(record);
      return record?.epoch === lane.epoch ? record : undefined;
    } catch (error) {
      // Handed over is what arrives: a record that cannot be read now is asked for again.
      await rm(markPath(workspace, lane), { force: true });
      throw error;
    }
  });
}

/** Marks an epoch of a lane as handed over: its record in the workspace is no longer the one that counts. */
export async function markServed(workspace: Workspace, lane: LaneEpoch): Promise<void> {
  await writeFileAtomic(markPath(workspace, lane), "", { replace: true });
}

/** Has services sign nothing for a lane any more. The workspace's own commands do not sign for it yet either. */
export async function unbindLane(workspace: Workspace, lane: LaneEpoch): Promise<void> {
  await markServed(workspace, lane);
  if ((await boundJournal(workspace, lane)) !== undefined) await rebindLane(workspace, lane, null);
}

/** Lets the workspace's own commands sign for a lane that was unbound. Nothing may be signed with older records. */
export async function takeBack(workspace: Workspace, lane: LaneEpoch): Promise<void> {
  await rm(markPath(workspace, lane), { force: true });
}

/**
 * Refuses to go on with a lane that a service signs for.
 *
 * @throws {LaneServedError}
 */
export async function assertNotServed(workspace: Workspace, lane: LaneEpoch): Promise<void> {
  await assertNotHandedOver(workspace, lane);
  const isServed = typeof (await boundJournal(workspace, lane)) === "string";
  if (isServed) throw new LaneServedError({ lane: lane.lane, path: bindingPath(workspace, lane) });
}

/** The same of one epoch of a lane: a rotation's record may be made for a service that has not seen it yet. */
async function assertNotHandedOver(workspace: Workspace, lane: LaneEpoch): Promise<void> {
  const path = markPath(workspace, lane);
  const isHandedOver = await access(path).then(
    () => true,
    () => false,
  );
  if (isHandedOver) throw new LaneServedError({ lane: lane.lane, path });
}

/** A store that writes no record of a lane which a service signs for; writing comes before every signature. */
export function refuseServed(
  workspace: Workspace,
  store: LaneStore<SignedGateCall>,
): LaneStore<SignedGateCall> {
  return {
    ...store,
    async write(record) {
      await assertNotServed(workspace, record);
      return store.write(record);
    },
  };
}

/** A store that writes no record of an epoch which was handed over; not for signing. */
export function refuseHandedOver(
  workspace: Workspace,
  store: LaneStore<SignedGateCall>,
): LaneStore<SignedGateCall> {
  return {
    ...store,
    async write(record) {
      await assertNotHandedOver(workspace, record);
      return store.write(record);
    },
  };
}
