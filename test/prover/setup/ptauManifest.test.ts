import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { InvalidSetupFileError } from "../../../src/errors/setup.ts";
import {
  installedPtau,
  ptauDirectory,
  ptauHashes,
  readPtauManifest,
  requiredPower,
  usePublicPtau,
  writePtauManifest,
} from "../../../src/prover/setup/ptauManifest.ts";
import { makePhase1, temporaryFolder } from "./fixtures.ts";

const installedFile = join(ptauDirectory, "development-14.ptau");

/** A phase-1 folder of which `file` is published. */
async function folderWith(file: string) {
  const directory = await temporaryFolder();
  const { sha256, blake2b512 } = ptauHashes(await readFile(file));
  const manifest = await readPtauManifest();
  const published = [
    { name: "By SHA-256", file: "by-sha256.ptau", power: 14, sha256, source: "this test" },
    { name: "By BLAKE2b", file: "by-blake2b.ptau", power: 14, blake2b512, source: "this test" },
  ];
  await writePtauManifest({ ...manifest, published: published.slice(0, 1) }, directory);
  const onlyBlake2b = { ...manifest, published: published.slice(1) };
  return { directory, onlyBlake2b };
}

describe("the installed phase 1", () => {
  it("is the pinned file, sound and large enough for every circuit", async () => {
    const { entry, path } = await installedPtau();
    expect(entry.kind).toBe("development");
    expect(entry.power).toBe(requiredPower);
    expect(requiredPower).toBe(14);
    expect(ptauHashes(await readFile(path))).toEqual({
      bytes: entry.bytes,
      sha256: entry.sha256,
      blake2b512: entry.blake2b512,
    });
  });

  it("is refused with one bit flipped, and when it is missing", async () => {
    const { directory } = await folderWith(installedFile);
    await expect(installedPtau(directory)).rejects.toThrow("the installed phase-1 file");
    const bytes = await readFile(installedFile);
    bytes[1_000_000] = (bytes[1_000_000] as number) ^ 1;
    await writeFile(join(directory, "development-14.ptau"), bytes);
    await expect(installedPtau(directory)).rejects.toThrow("sha256");
  });
});

describe("usePublicPtau", () => {
  let small: string;
  let worthless: string;
  beforeAll(async () => {
    small = await makePhase1(await temporaryFolder());
    worthless = await makePhase1(await temporaryFolder(), { contributed: false });
  });

  it("installs a file that has a published hash, of either kind", async () => {
    const { directory, onlyBlake2b } = await folderWith(installedFile);
    const entry = await usePublicPtau(installedFile, directory);
    expect(entry).toMatchObject({ file: "by-sha256.ptau", kind: "public", power: 14 });
    expect((await installedPtau(directory)).entry).toEqual(entry);

    await writePtauManifest(onlyBlake2b, directory);
    await usePublicPtau(installedFile, directory);
    expect((await installedPtau(directory)).entry.file).toBe("by-blake2b.ptau");
    expect((await readdir(directory)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("refuses a file that is none of the published ones, and says which are", async () => {
    const failure = await usePublicPtau(installedFile).catch((error) => error);
    expect(failure).toBeInstanceOf(InvalidSetupFileError);
    expect(failure.message).toContain("powersOfTau28_hez_final_14.ptau (blake2b-512 eeefbcf7");
    expect(failure.message).toContain("ppot_0080_14.ptau (sha256 3ca1149e");
  });

  it("says which hash a file of a known name should have", async () => {
    const directory = await temporaryFolder();
    const path = join(directory, "ppot_0080_14.ptau");
    await copyFile(small, path);
    const failure = await usePublicPtau(path).catch((error) => error);
    expect(failure.message).toContain("ppot_0080_14.ptau (sha256 3ca1149e");
    expect(failure.message).not.toContain("hez");
  });

  it("refuses a file too small for the circuits, one without contribution, and no file", async () => {
    const { directory } = await folderWith(small);
    await expect(usePublicPtau(small, directory)).rejects.toThrow(/up to 2\^14.*2\^4, prepared/s);
    const other = await folderWith(worthless);
    await expect(usePublicPtau(worthless, other.directory)).rejects.toThrow("no contribution");
    await expect(usePublicPtau("/nowhere.ptau")).rejects.toThrow("a public phase-1 file");
  });

  it("leaves everything as it was when it refuses", async () => {
    const before = await readFile(join(ptauDirectory, "manifest.json"), "utf8");
    await usePublicPtau(small).catch(() => undefined);
    expect(await readFile(join(ptauDirectory, "manifest.json"), "utf8")).toBe(before);
  });
});
