/**
 * Window tables of fixed bases, kept on disk between processes.
 *
 * A table's file is named by the engine (whose name says its version) and the sha256 of the points, and
 * begins with the sha256 of everything after it; whatever does not fit is built anew and written over.
 * The hash guards against damage and not against a forger: who can write here can make proofs fail, and
 * every proof is verified before it is handed out.
 *
 * Files are read and written synchronously, straight from and into the engine's memory: the threads that
 * do it have nothing else to do meanwhile, and tables are large.
 */
import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Bases, Engine, Group } from "./engine.ts";

const MAGIC = Buffer.from("zkmandate table 1\0");
const HASH_BYTES = 32;
/** Read and hashed at a time, so that it is hashed while it is in the processor's cache. */
const CHUNK_BYTES = 1 << 18;

const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Where tables are kept unless told: the user's cache. */
export function defaultCacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "zkmandate", "kernel");
}

/** What a table's file begins with after the magic and the hash: whose table it is. */
function ownerOf(engine: Engine, group: Group, points: Uint8Array): Buffer {
  return sha256(Buffer.from(`${engine.name}\0${group}\0`), points);
}

/**
 * Prepares fixed bases with the table on disk, or builds it and puts it there.
 *
 * A cache that cannot be read or written costs time and nothing else.
 *
 * @param directory of the cache; undefined for none
 */
export function loadCachedBases(
  engine: Engine,
  group: Group,
  points: Uint8Array,
  directory: string | undefined,
): Bases {
  if (directory === undefined) return engine.loadBases(group, points);
  const owner = ownerOf(engine, group, points);
  const file = join(directory, `${owner.toString("hex")}.table`);
  let isKnown = false;
  const bases = engine.loadBases(group, points, (room) => {
    isKnown = attempt(() => readTable(file, owner, room)) ?? false;
    return isKnown;
  });
  const table = isKnown ? undefined : engine.exportTable(bases);
  if (table) attempt(() => writeTable(directory, file, owner, table));
  return bases;
}

/** @returns undefined if a file cannot be opened, read or written */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** @returns whether the file holds the owner's table, as large as the room, and undamaged */
function readTable(file: string, owner: Buffer, room: Uint8Array): boolean {
  const descriptor = openSync(file, "r");
  try {
    const head = Buffer.alloc(MAGIC.length + HASH_BYTES + owner.length);
    if (fstatSync(descriptor).size !== head.length + room.length) return false;
    readSync(descriptor, head, 0, head.length, 0);
    const [magic, expected, whose] = [
      head.subarray(0, MAGIC.length),
      head.subarray(MAGIC.length, MAGIC.length + HASH_BYTES),
      head.subarray(MAGIC.length + HASH_BYTES),
    ];
    if (!magic.equals(MAGIC) || !whose.equals(owner)) return false;
    const hash = createHash("sha256").update(whose);
    for (let position = 0; position < room.length; ) {
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

function writeTable(directory: string, file: string, owner: Buffer, table: Uint8Array): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomUUID()}.tmp`;
  try {
    const descriptor = openSync(unfinished, "wx", 0o600);
    try {
      for (const part of [MAGIC, sha256(owner, table), owner, table]) {
        for (let written = 0; written < part.length; ) {
          written += writeSync(descriptor, part, written);
        }
      }
    } finally {
      closeSync(descriptor);
    }
    renameSync(unfinished, file);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
