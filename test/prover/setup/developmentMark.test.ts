import { createHash } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DevelopmentKeysError } from "../../../src/errors/setup.ts";
import { loadArtifact, loadArtifacts } from "../../../src/prover/artifacts.ts";
import { artifactsDirectory } from "../../../src/prover/manifest.ts";
import {
  applyBeaconToPhase2,
  contributeToPhase2,
  exportVerificationKey,
  verifyPhase2,
} from "../../../src/prover/setup/ceremony.ts";
import { checkProvingKey } from "../../../src/prover/setup/checkKey.ts";
import {
  DEVELOPMENT_CONTRIBUTION,
  isDevelopmentKey,
} from "../../../src/prover/setup/developmentMark.ts";
import { developmentSetup } from "../../../src/prover/setup/devSetup.ts";
import { checkTranscript, transcriptOf } from "../../../src/prover/setup/transcript.ts";
import { readProvingKey } from "../../../src/prover/setup/zkey.ts";
import { toyArtifacts } from "../fixtures/toy.ts";
import { makePhase1, product, r1csFile, temporaryFolder, testBeacon } from "./fixtures.ts";

const r1cs = r1csFile(product);
let folder: string;
let fresh: Uint8Array;
/** The development key after two honest contributions and a beacon, as a ceremony ends. */
let contributed: Uint8Array;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  fresh = (await developmentSetup(r1cs, "product.r1cs")).zkey;
  await writeFile(at("0.zkey"), fresh);
  await contributeToPhase2(at("0.zkey"), at("1.zkey"), "Alice");
  await contributeToPhase2(at("1.zkey"), at("2.zkey"), "Bob");
  await applyBeaconToPhase2(at("2.zkey"), at("3.zkey"), testBeacon);
  contributed = await readFile(at("3.zkey"));
});

const ceremony = {
  circuit: "gate",
  setup: "ceremony",
  date: "2029-01-01",
  tool: "snarkjs",
  r1csSha256: "",
  ptau: { file: "", sha256: "" },
  zkeySha256: "",
} as const;

/** The key with every occurrence of some bytes replaced by as many others. */
function replaced(key: Uint8Array, from: Uint8Array, to: Uint8Array): Uint8Array {
  const bytes = Buffer.from(key);
  const position = bytes.indexOf(from);
  if (position < 0) throw new Error("not found");
  bytes.set(to, position);
  return bytes;
}

describe("the mark of a development key", () => {
  it("is on a fresh one and stays after a whole ceremony on top", () => {
    for (const bytes of [fresh, contributed]) {
      const key = readProvingKey(bytes, "key");
      expect(isDevelopmentKey(key)).toBe(true);
      expect(key.contributions[0]?.name).toBe(DEVELOPMENT_CONTRIBUTION);
      expect(checkProvingKey(key)).toEqual([]);
    }
  });

  it("is not on a ceremony's key", async () => {
    const file = join(artifactsDirectory, "gate/gate.zkey");
    expect(isDevelopmentKey(readProvingKey(await readFile(file), file))).toBe(false);
  });

  it("stays when the contribution is renamed", () => {
    const name = Buffer.from(DEVELOPMENT_CONTRIBUTION);
    const renamed = replaced(contributed, name, Buffer.alloc(name.length, "x"));
    expect(isDevelopmentKey(readProvingKey(renamed, "renamed"))).toBe(true);
  });

  it("breaks the record when the circuit hash is changed as well", () => {
    const name = Buffer.from(DEVELOPMENT_CONTRIBUTION);
    const renamed = replaced(contributed, name, Buffer.alloc(name.length, "x"));
    const { circuitHash } = readProvingKey(renamed, "renamed");
    const stripped = replaced(renamed, Buffer.from(circuitHash, "hex"), Buffer.alloc(64, 7));
    const key = readProvingKey(stripped, "stripped");
    expect(isDevelopmentKey(key)).toBe(false);
    expect(checkProvingKey(key)).toContain("contribution 1 does not follow the ones before it");
  });

  it("is found by the check of a ceremony's transcript", () => {
    const key = readProvingKey(contributed, "key");
    expect(checkTranscript(transcriptOf(key, ceremony), key)).toEqual([
      "the key is marked as a development key, the transcript calls it a ceremony's",
    ]);
    const development = transcriptOf(key, { ...ceremony, setup: "development" });
    expect(checkTranscript(development, key)).toEqual([]);
  });

  it("is no key of any phase 1, whatever was contributed", async () => {
    await writeFile(at("product.r1cs"), r1cs);
    const files = { r1cs: at("product.r1cs"), ptau: await makePhase1(folder), zkey: at("3.zkey") };
    await expect(verifyPhase2(files)).rejects.toThrow("α or β is not the phase-1 file's");
  });
});

describe("production mode", () => {
  let toy: Awaited<ReturnType<typeof toyArtifacts>>;
  beforeAll(async () => {
    toy = await toyArtifacts();
  });
  afterAll(() => toy.remove());

  const pinned = (bytes: Uint8Array, file: string) => ({
    file,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });

  it.each([
    ["a fresh development key", () => fresh],
    ["one with contributions on top", () => contributed],
  ])("refuses %s that a manifest pins as a ceremony's", async (_, key) => {
    const path = (name: string) => join(toy.directory, name);
    await copyFile(path("manifest.json"), path("kept.json"));
    const zkey = key();
    const vkey = Buffer.from(JSON.stringify(await exportVerificationKey(zkey)));
    await writeFile(path("gate/dev.zkey"), zkey);
    await writeFile(path("gate/dev.json"), vkey);
    const manifest = JSON.parse(await readFile(path("manifest.json"), "utf8"));
    manifest.setup = "ceremony";
    manifest.circuits.gate.zkey = pinned(zkey, "gate/dev.zkey");
    manifest.circuits.gate.vkey = pinned(vkey, "gate/dev.json");
    await writeFile(path("manifest.json"), JSON.stringify(manifest));

    const options = { directory: toy.directory };
    const production = { ...options, production: true };
    await expect(loadArtifacts("gate", production)).rejects.toBeInstanceOf(DevelopmentKeysError);
    await expect(loadArtifact("gate", "zkey", production)).rejects.toThrow("marked as a dev");
    expect((await loadArtifacts("gate", { ...options, production: false })).zkey).toEqual(
      new Uint8Array(zkey),
    );
    await copyFile(path("kept.json"), path("manifest.json"));
  });
});
