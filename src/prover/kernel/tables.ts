/**
 * Window tables of fixed bases, kept on disk between processes.
 *
 * A table's file is named by the engine (whose name says its version) and the sha256 of the points, and
 * begins with the sha256 of everything after it; whatever does not fit is built anew and written over.
 * The hash guards against damage and not against a forger: who can write here can make proofs fail, and
 * every proof is verified before it is handed out.
 */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Bases, Engine, Group } from "./engine.ts";

const MAGIC = Buffer.from("zkmandate table 1\0");
const HASH_BYTES = 32;

const sha256 = (...parts: Uint8Array[]) => {
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
export async function loadCachedBases(
  engine: Engine,
  group: Group,
  points: Uint8Array,
  directory: string | undefined,
): Promise<Bases> {
  if (directory === undefined) return engine.loadBases(group, points);
  const owner = ownerOf(engine, group, points);
  const file = join(directory, `${owner.toString("hex")}.table`);
  const known = await readTable(file, owner);
  if (known) {
    try {
      return engine.loadBases(group, points, known);
    } catch {
      // Of another layout than the engine's: built anew below.
    }
  }
  const bases = engine.loadBases(group, points);
  const table = engine.exportTable(bases);
  if (table) await writeTable(directory, file, owner, table).catch(() => undefined);
  return bases;
}

async function readTable(file: string, owner: Buffer): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  const start = MAGIC.length + HASH_BYTES;
  if (bytes === undefined || bytes.length < start + owner.length) return undefined;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const content = bytes.subarray(start);
  if (!bytes.subarray(MAGIC.length, start).equals(sha256(content))) return undefined;
  if (!content.subarray(0, owner.length).equals(owner)) return undefined;
  return content.subarray(owner.length);
}

async function writeTable(
  directory: string,
  file: string,
  owner: Buffer,
  table: Uint8Array,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, [MAGIC, sha256(owner, table), owner, table], { mode: 0o600 });
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
