import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { DevelopmentKeysError } from "../../../src/errors/setup.ts";
import { artifactsDirectory } from "../../../src/prover/manifest.ts";
import { checkSetup } from "../../../src/prover/setup/checkSetup.ts";
import { checkTranscript, parseTranscript } from "../../../src/prover/setup/transcript.ts";
import { readProvingKey } from "../../../src/prover/setup/zkey.ts";
import { temporaryFolder } from "./fixtures.ts";

const readTranscript = async () => {
  const file = join(artifactsDirectory, "gate/transcript.json");
  return parseTranscript(JSON.parse(await readFile(file, "utf8")), file);
};
const readKey = async () =>
  readProvingKey(await readFile(join(artifactsDirectory, "gate/gate.zkey")), "gate.zkey");

describe("checkSetup", () => {
  it("finds nothing wrong with the committed setup, which says that it is a development one", async () => {
    const report = await checkSetup({ production: false });
    expect(report.findings).toEqual([]);
    expect(report.setup).toBe("development");
    expect(report.ptau.compared).toBe(true);
    expect(report.circuits.gate?.contributions).toHaveLength(3);
  });

  it("refuses it in production mode", async () => {
    await expect(checkSetup({ production: true })).rejects.toBeInstanceOf(DevelopmentKeysError);
  });

  it("finds a manifest that calls development keys a ceremony's", async () => {
    const directory = await temporaryFolder();
    await cp(artifactsDirectory, directory, { recursive: true });
    const file = join(directory, "manifest.json");
    const manifest = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...manifest, setup: "ceremony" }));
    const { findings } = await checkSetup({ directory, production: true });
    expect(findings).toEqual([
      "gate: manifest and transcript differ in setup",
      "wide: manifest and transcript differ in setup",
    ]);
  });
});

describe("checkTranscript", () => {
  it("accepts the committed transcript", async () => {
    expect(checkTranscript(await readTranscript(), await readKey())).toEqual([]);
  });

  it("refuses a renamed contributor, another hash, another circuit", async () => {
    const [transcript, key] = [await readTranscript(), await readKey()];
    const [first, ...rest] = transcript.contributions;
    const renamed = { ...transcript, contributions: [{ ...first, name: "nobody" }, ...rest] };
    expect(checkTranscript(renamed as typeof transcript, key)).toEqual([
      "the transcript's contributions are not the key's",
    ]);
    expect(checkTranscript({ ...transcript, circuitHash: "00" }, key)).toEqual([
      "the transcript is about another circuit's key",
    ]);
  });

  it("demands two contributions and a beacon at the end", async () => {
    const [transcript, key] = [await readTranscript(), await readKey()];
    const contributions = key.contributions.slice(0, 1);
    const short = { ...key, contributions };
    const recorded = contributions.map(({ name, hash }) => ({ name, hash }));
    expect(checkTranscript({ ...transcript, contributions: recorded }, short)).toEqual([
      "1 contributions, expected at least 2",
      "the ceremony does not end with a beacon",
    ]);
  });
});

describe("the ceremony's commands", () => {
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["scripts/setup/phase2.ts", ...args]);

  it("say what is missing", async () => {
    await expect(run("contribute", "a.zkey", "b.zkey")).rejects.toThrow("contribute needs --name");
    await expect(run("begin", "nothing", "b.zkey")).rejects.toThrow("expected: gate, wide");
    await expect(run("verify")).rejects.toThrow("usage:");
  });
});
