import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FileExistsError } from "../errors/keys.ts";
import { SignedRecordConflictError } from "../errors/node.ts";
import { readSealed, type SealIdentity, writeSealed } from "../keys/sealed.ts";
import type { LaneId } from "../state/laneStore.ts";
import type { SignedRecord } from "./signedRecord.ts";

/** Where a node remembers what it has signed. */
export interface SignedStore {
  /**
   * Replaces a lane's record by what is made of it; durable (fsync) when it returns. One at a time for a lane.
   *
   * @param change the new record, or the same to write nothing
   */
  update(lane: LaneId, change: (record: SignedRecord) => SignedRecord): Promise<void>;
  read(lane: LaneId): Promise<SignedRecord>;
}

interface VersionedRecord {
  version: number;
  record: SignedRecord;
}

/**
 * Records as sealed files in a folder, one for each version: a version is made in one step that fails if it exists,
 * so that of two processes on one folder the second does not sign.
 *
 * @param folder made when missing; belongs on a disk that is not rolled back with the node
 */
export function createFileSignedStore(folder: string, identity: SealIdentity): SignedStore {
  const turns = new Map<string, Promise<void>>();
  /** What this process wrote or read last: a version never changes, so that it need not be opened again. */
  const seen = new Map<string, VersionedRecord>();
  const nameOf = ({ chainId, gate, lane }: LaneId) => `${chainId}-${gate.toLowerCase()}-${lane}`;
  const pathOf = (lane: LaneId, version: number) => join(folder, `${nameOf(lane)}.${version}.age`);

  async function versions(lane: LaneId): Promise<number[]> {
    const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return [];
      throw cause;
    });
    const prefix = `${nameOf(lane)}.`;
    return files
      .filter((file) => file.startsWith(prefix) && file.endsWith(".age"))
      .map((file) => Number(file.slice(prefix.length, -".age".length)))
      .filter(Number.isSafeInteger)
      .toSorted((a, b) => a - b);
  }

  async function latest(lane: LaneId): Promise<VersionedRecord> {
    const version = (await versions(lane)).at(-1);
    if (version === undefined) return { version: 0, record: [] };
    const known = seen.get(nameOf(lane));
    if (known?.version === version) return known;
    const record = await readSealed<SignedRecord>(pathOf(lane, version), identity);
    seen.set(nameOf(lane), { version, record });
    return { version, record };
  }

  async function replace(lane: LaneId, change: (record: SignedRecord) => SignedRecord) {
    const { version, record } = await latest(lane);
    const changed = change(record);
    if (changed === record) return;
    const path = pathOf(lane, version + 1);
    await writeSealed(path, changed, identity).catch((error: unknown) => {
      throw error instanceof FileExistsError ? new SignedRecordConflictError({ path }) : error;
    });
    // A process that slept since it read may have made a version that others have passed.
    const after = await versions(lane);
    if (after.at(-1) !== version + 1) throw new SignedRecordConflictError({ path });
    seen.set(nameOf(lane), { version: version + 1, record: changed });
    const outdated = after.filter((other) => other < version);
    await Promise.all(outdated.map((other) => rm(pathOf(lane, other), { force: true })));
  }

  return {
    read: async (lane) => (await latest(lane)).record,
    update(lane, change) {
      const turn = (turns.get(nameOf(lane)) ?? Promise.resolve()).then(() => replace(lane, change));
      turns.set(
        nameOf(lane),
        turn.catch(() => undefined),
      );
      return turn;
    },
  };
}
