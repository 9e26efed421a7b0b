import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Bases, Engine, Group, TableReader } from "../../../src/prover/kernel/engine.ts";
import { loadCachedBases } from "../../../src/prover/kernel/tables.ts";
import { temporaryFolder } from "../setup/fixtures.ts";

const points = new Uint8Array(64).fill(3);

const table = new Uint8Array(Buffer.concat([points, points]));

/** An engine that tells which table it was given; its table is the points, doubled. */
function countingEngine(name = "test 1", size = table.length) {
  const loads: (Uint8Array | undefined)[] = [];
  const engine = {
    name,
    loadBases(group: Group, _points: Uint8Array, readTable?: TableReader): Bases {
      const room = new Uint8Array(size);
      loads.push(readTable?.(room) ? room : undefined);
      return { group, length: 1 };
    },
    exportTable: () => table.subarray(0, size),
  } as Partial<Engine> as Engine;
  return { engine, loads };
}

async function cachedTable() {
  const directory = join(await temporaryFolder(), "cache");
  const { engine, loads } = countingEngine();
  loadCachedBases(engine, "g1", points, directory);
  const [name] = await readdir(directory);
  return { directory, engine, loads, file: join(directory, name as string) };
}

describe("loadCachedBases", () => {
  it("builds a table once, and reads it afterwards", async () => {
    const { directory, engine, loads, file } = await cachedTable();
    loadCachedBases(engine, "g1", points, directory);
    expect(loads[0]).toBeUndefined();
    expect(loads[1]).toEqual(table);
    expect(await readdir(directory)).toHaveLength(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("builds another for another group, other points and another version of the engine", async () => {
    const { directory, engine, loads } = await cachedTable();
    const newer = countingEngine("test 2");
    loadCachedBases(engine, "g2", points, directory);
    loadCachedBases(
      engine,
      "g1",
      points.map((byte) => byte + 1),
      directory,
    );
    loadCachedBases(newer.engine, "g1", points, directory);
    expect([...loads, ...newer.loads]).toEqual(Array(4).fill(undefined));
  });

  it("does not trust damaged files: it builds anew and mends them", async () => {
    const { directory, engine, loads, file } = await cachedTable();
    const good = await readFile(file);
    const damaged = [
      Buffer.alloc(0),
      good.subarray(0, 40),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.alloc(1)]),
      ...[0, 20, 60, good.length - 1].map((at) => {
        const copy = Buffer.from(good);
        copy[at] = (copy[at] as number) ^ 1;
        return copy;
      }),
    ];
    for (const bytes of damaged) {
      await writeFile(file, bytes);
      loads.length = 0;
      loadCachedBases(engine, "g1", points, directory);
      expect(loads).toEqual([undefined]);
      expect(await readFile(file)).toEqual(good);
    }
  });

  it("does not take another table's file under this one's name", async () => {
    const { directory, engine, loads, file } = await cachedTable();
    loadCachedBases(engine, "g2", points, directory);
    const others = (await readdir(directory)).map((name) => join(directory, name));
    const other = others.find((name) => name !== file) as string;
    await writeFile(file, await readFile(other));
    loads.length = 0;
    loadCachedBases(engine, "g1", points, directory);
    expect(loads).toEqual([undefined]);
  });

  it("builds anew where the engine's table has another size", async () => {
    const { directory, file } = await cachedTable();
    const { engine, loads } = countingEngine("test 1", 64);
    loadCachedBases(engine, "g1", points, directory);
    expect(loads).toEqual([undefined]);
    expect((await stat(file)).size).toBe(18 + 32 + 32 + 64);
  });

  it("goes without a cache that cannot be written", async () => {
    const folder = await temporaryFolder();
    const blocked = join(folder, "file");
    await writeFile(blocked, "");
    const { engine, loads } = countingEngine();
    loadCachedBases(engine, "g1", points, join(blocked, "cache"));
    expect(loads).toEqual([undefined]);
    await mkdir(join(folder, "readonly"));
    await chmod(join(folder, "readonly"), 0o500);
    loadCachedBases(engine, "g1", points, join(folder, "readonly"));
    expect(loads).toHaveLength(2);
  });
});
