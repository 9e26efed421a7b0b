import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "viem";
import { NonceUsedError } from "../../errors/frost.ts";
import { KeyFileError } from "../../errors/keys.ts";
import type { NonceStore } from "./nonces.ts";

/**
 * Used nonces as empty files: one for each, made in one step that fails if it is there, and flushed with its folder.
 * Works for any number of processes on one machine.
 *
 * @param folder made if it is missing; belongs on a disk that is not rolled back with the node
 */
export function createFileNonceStore(folder: string): NonceStore {
  return {
    async markUsed(id: Hex) {
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const file = await open(join(folder, id.slice(2)), "wx", 0o600);
        try {
          await file.sync();
        } finally {
          await file.close();
        }
        const directory = await open(folder, "r");
        try {
          await directory.sync();
        } finally {
          await directory.close();
        }
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === "EEXIST") throw new NonceUsedError({ id });
        throw new KeyFileError({ path: folder, doing: "written", cause });
      }
    },
  };
}
