import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LaneBoundError } from "../errors/agent.ts";
import { FileExistsError, KeyFileError } from "../errors/keys.ts";
import { writeFileAtomic } from "../keys/files.ts";
import type { SealIdentity } from "../keys/sealed.ts";
import { createFileLaneStore } from "../signer/fileLaneStore.ts";
import type { LaneId } from "../state/laneStore.ts";
import type { Workspace } from "./workspace.ts";

/** Which journal signs for a lane; null where the command line does. */
const bindingSchema = z.strictObject({
  version: z.literal(1),
  journal: z.string().min(1).nullable(),
});

/** Where the workspace keeps its lanes' records, and marks those that a service has taken over. */
export const lanesFolder = ({ secrets }: Workspace) => join(secrets.folder, "lanes");

/** The file that says which journal signs for a lane. */
export function bindingPath(workspace: Workspace, { chainId, gate, lane }: LaneId): string {
  return join(lanesFolder(workspace), `${chainId}-${gate.toLowerCase()}-${lane}.journal`);
}

/**
 * The name of the journal that signs for a lane.
 *
 * @returns null where a service gave the lane back, undefined where none ever took it
 * @throws {KeyFileError} if that cannot be read: doubt denies
 */
export async function boundJournal(
  workspace: Workspace,
  lane: LaneId,
): Promise<string | null | undefined> {
  const path = bindingPath(workspace, lane);
  try {
    return bindingSchema.parse(JSON.parse(await readFile(path, "utf8"))).journal;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new KeyFileError({ path, doing: "read", cause });
  }
}

/**
 * Makes sure that a journal is the one that signs for a lane.
 *
 * @throws {LaneBoundError} if it is not
 */
export async function assertBound(
  workspace: Workspace,
  lane: LaneId,
  journal: string,
): Promise<void> {
  const bound = await boundJournal(workspace, lane);
  if (bound !== journal) throw boundElsewhere(workspace, lane, { journal, bound });
}

/**
 * Binds a lane that no service has taken yet.
 *
 * @throws {LaneBoundError} if it is bound to another journal, or was given back
 */
export async function bindLane(
  workspace: Workspace,
  identity: SealIdentity,
  lane: LaneId,
  journal: string,
): Promise<void> {
  // In turn with the command line, which signs for lanes that are nobody's.
  await createFileLaneStore(lanesFolder(workspace), identity).exclusive(lane, async () => {
    try {
      await writeBinding(workspace, lane, journal, { replace: false });
    } catch (error) {
      if (!(error instanceof FileExistsError)) throw error;
    }
  });
  await assertBound(workspace, lane, journal);
}

/**
 * Binds a lane to another journal, or to none: from then on services with the one that it was bound to sign
 * nothing for it.
 */
export async function rebindLane(
  workspace: Workspace,
  lane: LaneId,
  journal: string | null,
): Promise<void> {
  await writeBinding(workspace, lane, journal, { replace: true });
}

/** Refuses lanes that are bound to another journal. */
export async function assertFreeOrBound(
  workspace: Workspace,
  lane: LaneId,
  journal: string,
): Promise<void> {
  const bound = await boundJournal(workspace, lane);
  if (bound === undefined || bound === journal) return;
  throw boundElsewhere(workspace, lane, { journal, bound });
}

async function writeBinding(
  workspace: Workspace,
  lane: LaneId,
  journal: string | null,
  options: { replace: boolean },
): Promise<void> {
  const text = `${JSON.stringify({ version: 1, journal })}\n`;
  await writeFileAtomic(bindingPath(workspace, lane), text, options);
}

function boundElsewhere(
  workspace: Workspace,
  lane: LaneId,
  { journal, bound }: { journal: string; bound: string | null | undefined },
): LaneBoundError {
  const mark = bindingPath(workspace, lane);
  return new LaneBoundError({ lane: lane.lane, journal, bound: bound ?? undefined, mark });
}
