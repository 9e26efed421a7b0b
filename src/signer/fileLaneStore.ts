import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import lockfile from "proper-lockfile";
import { FileExistsError } from "../errors/keys.ts";
import { LaneConflictError, LaneLockedError } from "../errors/signer.ts";
import { readSealed, type SealIdentity, writeSealed } from "../keys/sealed.ts";
import { fromStoredRecord, toStoredRecord } from "../state/laneRecordFormat.ts";
import type { LaneId, LaneStore } from "../state/laneStore.ts";
import type { SignedGateCall } from "./gateCall.ts";

/** milliseconds after which the lock of a process that died is taken over; a living one renews it. */
const STALE_LOCK = 10_000;
/** Others are waited for 100 ms apart, for longer than the dead can stand in the way. */
const LOCK_RETRIES = { retries: 120, minTimeout: 100, maxTimeout: 100 };

const nameOf = ({ chainId, gate, lane }: LaneId) => `${chainId}-${gate.toLowerCase()}-${lane}`;

/**
 * Lane records as sealed files in a folder. Each version of a record is a file of its own, made in one
 * step and flushed to the disk, which fails if the version exists: that is the compare-and-swap. The
 * version before is kept beside it. A lock file spares processes the work of losing.
 *
 * @param folder made when missing
 * @param identity opens and seals the records
 *
 * @example
 * const store = createFileLaneStore("lanes", await loadSealIdentity("identity.age", passphrase));
 */
export function createFileLaneStore(
  folder: string,
  identity: SealIdentity,
): LaneStore<SignedGateCall> {
  const pathOf = (lane: LaneId, version: number) => join(folder, `${nameOf(lane)}.${version}.age`);

  /** The versions on the disk, ascending. */
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

  return {
    async read(lane) {
      const version = (await versions(lane)).at(-1);
      if (version === undefined) return undefined;
      const stored = await readSealed<unknown>(pathOf(lane, version), identity);
      return { ...fromStoredRecord<SignedGateCall>(stored), version };
    },

    async write(record) {
      const version = (record.version ?? 0) + 1;
      const conflict = (received: number | undefined) =>
        new LaneConflictError({ lane: record.lane, expected: record.version, received });
      const before = (await versions(record)).at(-1);
      if (before !== record.version) throw conflict(before);
      const written = { ...record, version };
      const stored = toStoredRecord(written);
      await writeSealed(pathOf(record, version), stored, identity).catch((error: unknown) => {
        throw error instanceof FileExistsError ? conflict(version) : error;
      });
      // A writer that slept since `before` was read may have made a version that others have passed.
      const after = await versions(record);
      if (after.at(-1) !== version) throw conflict(after.at(-1));
      const outdated = after.filter((other) => other < version - 1);
      await Promise.all(outdated.map((other) => rm(pathOf(record, other), { force: true })));
      return written;
    },

    async exclusive(lane, work) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, nameOf(lane));
      const release = await lockfile
        .lock(path, {
          realpath: false,
          stale: STALE_LOCK,
          retries: LOCK_RETRIES,
          // Whoever took the lock over wins: the next write here finds the record replaced.
          onCompromised: () => undefined,
        })
        .catch((cause: unknown) => {
          throw new LaneLockedError({ lane: lane.lane, path, cause });
        });
      try {
        return await work();
      } finally {
        // A lock that was taken over is no longer ours to release.
        await release().catch(() => undefined);
      }
    },
  };
}
