import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CircuitName } from "../action/circuits.ts";
import { ArtifactMismatchError, DevelopmentKeysError } from "../errors/setup.ts";
import type { PinnedFile } from "./manifest.ts";
import { isDevelopmentKey } from "./setup/developmentMark.ts";
import { readProvingKey } from "./setup/zkey.ts";

/**
 * Reads a file of a folder of artifacts.
 *
 * @throws {ArtifactMismatchError} if it is missing or has other bytes than the manifest pins
 */
export async function readPinnedFile(
  directory: string,
  pinned: PinnedFile,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(directory, pinned.file);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new ArtifactMismatchError({
      file,
      expected: `${pinned.bytes} bytes`,
      received: cause instanceof Error ? cause.message : "no file",
    });
  });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  if (sha256 !== pinned.sha256) {
    throw new ArtifactMismatchError({
      file,
      expected: `sha256 ${pinned.sha256}`,
      received: `sha256 ${sha256}`,
      hint: "after a change to the circuits run `npm run setup:dev`; else restore the file",
    });
  }
  // Of a Buffer, slices would be views that keep the whole file.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * Reads a circuit's proving key.
 *
 * @param production refuses a key that says itself that it is a development key, whatever the manifest says
 * @throws {ArtifactMismatchError} if it is missing or has other bytes than the manifest pins
 * @throws {DevelopmentKeysError} if production mode refuses it
 */
export async function readPinnedKey(
  circuit: CircuitName,
  directory: string,
  pinned: PinnedFile,
  production: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const zkey = await readPinnedFile(directory, pinned);
  if (production && isDevelopmentKey(readProvingKey(zkey, pinned.file))) {
    const received = `${pinned.file}, marked as a development key`;
    throw new DevelopmentKeysError({ circuit, received });
  }
  return zkey;
}
