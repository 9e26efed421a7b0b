import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  ArtifactMismatchError,
  DevelopmentKeysError,
  InvalidSetupFileError,
} from "../../src/errors/setup.ts";
import { isProduction, loadArtifacts } from "../../src/prover/artifacts.ts";
import { toyArtifacts } from "./fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
beforeAll(async () => {
  toy = await toyArtifacts();
});
afterAll(() => toy.remove());

const load = (options = {}) =>
  loadArtifacts("gate", { directory: toy.directory, production: false, ...options });

/** Changes a file of the artifacts for one test. */
async function change(file: string, content: string | Uint8Array | undefined): Promise<void> {
  const path = join(toy.directory, file);
  await copyFile(path, `${path}.kept`);
  onTestFinished(() => copyFile(`${path}.kept`, path));
  if (content === undefined) await rm(path);
  else await writeFile(path, content);
}

const readManifestJson = async () =>
  JSON.parse(await readFile(join(toy.directory, "manifest.json"), "utf8"));

describe("loadArtifacts", () => {
  it("loads every file that is the pinned one", async () => {
    const { setup, vkey, wasm, zkey } = await load();
    expect(setup).toBe("development");
    expect(vkey.ic).toHaveLength(4);
    expect(new TextDecoder().decode(zkey.subarray(0, 4))).toBe("zkey");
    expect(new TextDecoder().decode(wasm.subarray(1, 4))).toBe("asm");
  });

  it.each(["gate/gate.wasm", "gate/gate.zkey", "gate/vkey.json"])(
    "refuses %s with one bit flipped",
    async (file) => {
      const bytes = await readFile(join(toy.directory, file));
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      await change(file, bytes);
      await expect(load()).rejects.toBeInstanceOf(ArtifactMismatchError);
    },
  );

  it("refuses a missing file and a missing manifest", async () => {
    await change("gate/gate.zkey", undefined);
    await expect(load()).rejects.toThrow("gate.zkey is not the pinned artifact");
    await expect(load({ directory: "/nowhere" })).rejects.toBeInstanceOf(ArtifactMismatchError);
  });

  it("refuses a manifest of another form, circuit or number", async () => {
    await change("manifest.json", "{");
    await expect(load()).rejects.toBeInstanceOf(InvalidSetupFileError);
    await writeFile(join(toy.directory, "manifest.json"), '{"version":2}');
    await expect(load()).rejects.toThrow("version");
  });

  it("refuses a circuit that the manifest does not have, or gives another number", async () => {
    await expect(
      loadArtifacts("wide", { directory: toy.directory, production: false }),
    ).rejects.toThrow("an entry for circuit wide");
    const manifest = await readManifestJson();
    manifest.circuits.gate.id = 9;
    await change("manifest.json", JSON.stringify(manifest));
    await expect(load()).rejects.toThrow("number 9");
  });
});

describe("production mode", () => {
  it("refuses development keys", async () => {
    await expect(load({ production: true })).rejects.toBeInstanceOf(DevelopmentKeysError);
  });

  it("accepts a ceremony's keys", async () => {
    const manifest = await readManifestJson();
    await change("manifest.json", JSON.stringify({ ...manifest, setup: "ceremony" }));
    expect((await load({ production: true })).setup).toBe("ceremony");
  });

  it.each([
    [undefined, false],
    ["", false],
    ["0", false],
    ["1", true],
    ["true", true],
    ["no", true],
  ])("is set by ZKMANDATE_PRODUCTION=%s: %s", (value, expected) => {
    vi.stubEnv("ZKMANDATE_PRODUCTION", value);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(isProduction()).toBe(expected);
    expect(isProduction(!expected)).toBe(!expected);
  });
});
