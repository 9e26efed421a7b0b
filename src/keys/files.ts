import { randomBytes } from "node:crypto";
import { link, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { BaseError } from "../errors/base.ts";
import { FileExistsError, KeyFileError } from "../errors/keys.ts";

/**
 * Writes a whole file or nothing, readable by its owner alone, and returns once it is on the disk.
 *
 * The content goes to a temporary file in the same folder, is flushed, takes its name in one step, and the
 * folder is flushed too. Missing folders are made with mode 0700.
 *
 * @param content whole, or piece by piece: what its source throws leaves no file
 * @param replace whether an existing file may be replaced; never by default
 * @throws {FileExistsError} if the file exists and `replace` is not set
 * @throws {KeyFileError} if the file system refuses
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
  { replace = false, mode = 0o600 }: { replace?: boolean; mode?: number } = {},
): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      const file = await open(temporary, "wx", mode);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      // link refuses an existing name, which rename would silently replace.
      if (replace) await rename(temporary, target);
      else await link(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
    const directory = await open(folder, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (cause) {
    if (cause instanceof BaseError) throw cause;
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") throw new FileExistsError({ path });
    throw new KeyFileError({ path, doing: "written", cause });
  }
}

/**
 * Whether others than the owner can read a file that holds a secret (POSIX permission bits).
 *
 * @throws {KeyFileError} if the file cannot be examined
 */
export async function isReadableByOthers(path: string): Promise<boolean> {
  try {
    return ((await stat(path)).mode & 0o077) !== 0;
  } catch (cause) {
    throw new KeyFileError({ path, doing: "read", cause });
  }
}
