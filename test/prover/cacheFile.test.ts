import { execFileSync } from "node:child_process";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  cachePath,
  defaultCacheDirectory,
  readCacheFile,
  sha256,
  writeCacheFile,
} from "../../src/prover/cacheFile.ts";
import { temporaryFolder } from "./setup/fixtures.ts";

const owner = sha256(Buffer.from("of the test"));

describe("readCacheFile", () => {
  it.skipIf(process.platform === "win32")(
    "does not wait at a named pipe (Windows has no mkfifo)",
    async () => {
      const file = { directory: await temporaryFolder(), kind: "table", owner };
      execFileSync("mkfifo", [cachePath(file)]);
      expect(readCacheFile(file, (bytes) => new Uint8Array(bytes))).toBe(false);
    },
  );
});

describe("writeCacheFile", () => {
  it("removes what another process left unfinished, and not what one is writing", async () => {
    const directory = await temporaryFolder();
    const yesterday = new Date(Date.now() - 86_400_000);
    for (const name of ["old.table.1.tmp", "new.table.2.tmp", "old.table"]) {
      await writeFile(join(directory, name), "");
      if (name.startsWith("old")) await utimes(join(directory, name), yesterday, yesterday);
    }
    const file = { directory, kind: "table", owner };
    writeCacheFile(file, Buffer.from("content"));
    const kept = [basename(cachePath(file)), "new.table.2.tmp", "old.table"];
    expect((await readdir(directory)).toSorted()).toEqual(kept.toSorted());
  });
});

describe("defaultCacheDirectory", () => {
  it.each([
    ["/var/cache/one", "/var/cache/one"],
    ["relative/path", join(homedir(), ".cache")],
    ["", join(homedir(), ".cache")],
  ])("with XDG_CACHE_HOME=%s is in %s", (cache, parent) => {
    vi.stubEnv("XDG_CACHE_HOME", cache);
    expect(defaultCacheDirectory()).toBe(join(parent, "zkmandate", "kernel"));
    vi.unstubAllEnvs();
  });
});
