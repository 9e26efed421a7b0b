import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

describe("zkmandate setup", () => {
  it("finds the installed setup sound, and says that its keys are development keys", async () => {
    const { code, json, stderr } = await zkmandateJson(["setup", "verify"]);
    expect(json).toMatchObject({ ok: true, sound: true, setup: "development", findings: [] });
    expect(Object.keys(json.circuits)).toEqual(["gate", "wide"]);
    expect(stderr).toContain("can forge proofs");
    expect(code).toBe(0);
  });

  it("refuses development keys in production mode, with exit code 5", async () => {
    const { code, json } = await zkmandateJson(["setup", "verify"], {
      env: { ZKMANDATE_PRODUCTION: "1" },
    });
    expect(code).toBe(5);
    expect(json.error.name).toBe("DevelopmentKeysError");
  });

  it("does not install a phase-1 file whose hash nobody published", async () => {
    const manifest = new URL("../../ptau/manifest.json", import.meta.url);
    const before = await readFile(manifest);
    const path = join(await temporaryFolder(), "powersOfTau28_hez_final_14.ptau");
    await writeFile(path, "ptau, but not that one");
    const { code, stderr } = await zkmandate(["setup", "import-ptau", path]);
    expect(code).toBe(5);
    expect(stderr).toContain("eeefbcf7c3803b52");
    expect(await readFile(manifest)).toEqual(before);
  });

  it("says which file is missing", async () => {
    const { code, stderr } = await zkmandate(["setup", "import-ptau", "absent.ptau"]);
    expect(code).toBe(5);
    expect(stderr).toContain("absent.ptau");
  });
});
