import { type CacheFile, readCacheFile, sha256, writeCacheFile } from "../cacheFile.ts";
import type { Bases, Engine, Group } from "./engine.ts";

/**
 * Prepares fixed bases with the window table on disk, or builds it and puts it there. A table belongs to
 * the engine (whose name says its version), the group and the points.
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
  const owner = sha256(Buffer.from(`${engine.name}\0${group}\0`), points);
  const file: CacheFile = { directory, kind: "table", owner };
  let isKnown = false;
  const bases = engine.loadBases(group, points, (room) => {
    isKnown = readCacheFile(file, () => room);
    return isKnown;
  });
  const table = isKnown ? undefined : engine.exportTable(bases);
  if (table) writeCacheFile(file, table);
  return bases;
}
