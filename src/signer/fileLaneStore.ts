import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import lockfile from "proper-lockfile";
import { LaneLockedError } from "../errors/signer.ts";
import { readSealed, type SealIdentity, writeSealed } from "../keys/sealed.ts";
import type { LaneId, LaneRecord, LaneStore } from "../state/laneStore.ts";
import type { SignedGateCall } from "./gateCall.ts";

/** How long another process is waited for, 100 ms apart. */
const LOCK_RETRIES = { retries: 50, minTimeout: 100, maxTimeout: 100 };

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT") return false;
      throw cause;
    },
  );
}

/**
 * Lane records as sealed files in a folder, one per lane, replaced atomically and flushed to the disk.
 * A lock file keeps other processes out while a lane is worked on.
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
  const pathOf = ({ chainId, gate, lane }: LaneId) =>
    join(folder, `${chainId}-${gate.toLowerCase()}-${lane}.age`);

  return {
    async read(lane) {
      const path = pathOf(lane);
      if (!(await exists(path))) return undefined;
      return readSealed<LaneRecord<SignedGateCall>>(path, identity);
    },

    async write(record) {
      await writeSealed(pathOf(record), record, identity, { replace: true });
    },

    async exclusive(lane, work) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = pathOf(lane);
      const release = await lockfile
        .lock(path, { realpath: false, retries: LOCK_RETRIES })
        .catch((cause: unknown) => {
          throw new LaneLockedError({ lane: lane.lane, path, cause });
        });
      try {
        return await work();
      } finally {
        await release();
      }
    },
  };
}
