import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  cachePath,
  defaultCacheDirectory,
  readCacheFile,
  sha256,
} from "../../src/prover/cacheFile.ts";
import { temporaryFolder } from "./setup/fixtures.ts";

const owner = sha256(Buffer.from("of the test"));

describe("readCacheFile", () => {
  it.skipIf(process.platform === "win32")("does not wait at a named pipe", async () => {
    const file = { directory: await temporaryFolder(), kind: "table", owner };
    execFileSync("mkfifo", [cachePath(file)]);
    expect(readCacheFile(file, (bytes) => new Uint8Array(bytes))).toBe(false);
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
