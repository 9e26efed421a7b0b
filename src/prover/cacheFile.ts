/**
 * Files that spare a process a calculation which another one has made before: window tables, witness
 * generators made faster. Each is named by its *owner*, a digest of all that its content depends on, the
 * version of what makes it included, and is laid out as
 *
 *     magic, with the kind · sha256 of what follows · owner · content
 *
 * Whatever does not fit is made anew and written over. The hash guards against damage and not against a
 * forger: who can write here can make proofs fail, and every proof is verified before it is handed out.
 *
 * Files are read and written synchronously, straight from and into the memory where they are used: the
 * threads that do it have nothing else to do meanwhile, and tables are large.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

const HASH_BYTES = 32;
/** Read and hashed at a time, so that it is hashed while it is in the processor's cache. */
const CHUNK_BYTES = 1 << 18;
/** What is unfinished for longer, its process will not finish. Milliseconds. */
const ABANDONED_AFTER = 3_600_000;

/**
 * Where files are kept unless told: the user's cache.
 *
 * @returns undefined for a user who has no home
 * @see https://specifications.freedesktop.org/basedir-spec, which has relative paths ignored
 */
export function defaultCacheDirectory(): string | undefined {
  const { XDG_CACHE_HOME: cache = "" } = process.env;
  const home = attempt(homedir);
  const parent = isAbsolute(cache) ? cache : home && join(home, ".cache");
  return parent && join(parent, "zkmandate", "kernel");
}

/** The digest of several parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** One file of the cache, which need not exist. */
export interface CacheFile {
  directory: string;
  /** What is in it, in a word: the end of its name. */
  kind: string;
  /** 32 bytes. */
  owner: Buffer;
}

const magicOf = ({ kind }: CacheFile) => Buffer.from(`zkmandate ${kind} 1\0`);

/** The path of a file of the cache. */
export function cachePath({ directory, kind, owner }: CacheFile): string {
  return join(directory, `${owner.toString("hex")}.${kind}`);
}

/**
 * Reads a file's content.
 *
 * @param roomFor gives the memory for a content of that many bytes, or undefined to refuse the size
 * @returns whether the memory holds the content, undamaged; false if there is no such file
 */
export function readCacheFile(
  file: CacheFile,
  roomFor: (bytes: number) => Uint8Array | undefined,
): boolean {
  return attempt(() => read(file, roomFor)) ?? false;
}

/** Writes a file, all of it or nothing. One that cannot be written costs time and nothing else. */
export function writeCacheFile(file: CacheFile, ...content: readonly Uint8Array[]): void {
  attempt(() => write(file, content));
}

/** @returns undefined if a file cannot be opened, read or written */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function read(file: CacheFile, roomFor: (bytes: number) => Uint8Array | undefined): boolean {
  // Not blocking: to open a named pipe would wait for a writer, for ever.
  const descriptor = openSync(cachePath(file), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const magic = magicOf(file);
    const head = Buffer.alloc(magic.length + HASH_BYTES + file.owner.length);
    const status = fstatSync(descriptor);
    const size = status.size - head.length;
    if (!status.isFile() || size < 0) return false;
    readSync(descriptor, head, 0, head.length, 0);
    const expected = head.subarray(magic.length, magic.length + HASH_BYTES);
    const owner = head.subarray(magic.length + HASH_BYTES);
    const isOurs = head.subarray(0, magic.length).equals(magic) && owner.equals(file.owner);
    const room = isOurs ? roomFor(size) : undefined;
    if (room?.length !== size) return false;
    const hash = createHash("sha256").update(owner);
    for (let position = 0; position < size; ) {
      const part = room.subarray(position, position + CHUNK_BYTES);
      const count = readSync(descriptor, part, 0, part.length, head.length + position);
      if (count === 0) return false;
      hash.update(part.subarray(0, count));
      position += count;
    }
    return hash.digest().equals(expected);
  } finally {
    closeSync(descriptor);
  }
}

function write(file: CacheFile, content: readonly Uint8Array[]): void {
  mkdirSync(file.directory, { recursive: true, mode: 0o700 });
  attempt(() => removeAbandoned(file.directory));
  const path = cachePath(file);
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    const descriptor = openSync(unfinished, "wx", 0o600);
    try {
      const digest = sha256(file.owner, ...content);
      for (const part of [magicOf(file), digest, file.owner, ...content]) {
        for (let written = 0; written < part.length; ) {
          written += writeSync(descriptor, part, written);
        }
      }
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function removeAbandoned(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.endsWith(".tmp")) continue;
    const path = join(directory, name);
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_AFTER) rmSync(path, { force: true });
  }
}
