import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkProvingKey, checkVerificationKey } from "../../src/prover/setup/checkKey.ts";
import { readProvingKey } from "../../src/prover/setup/zkey.ts";
import { parseVerificationKey } from "../../src/prover/verificationKey.ts";
import { product, r1csFile } from "../prover/setup/fixtures.ts";
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

  describe("dev", () => {
    const constraints = async () => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, "c.r1cs"), r1csFile(product));
      return folder;
    };

    it("writes a proving key and its verification key, and warns", async () => {
      const cwd = await constraints();
      const args = ["setup", "dev", "c.r1cs", "--out", "c.zkey", "--vkey", "v.json"];
      const { code, json, stderr } = await zkmandateJson(args, { cwd });
      expect(code).toBe(0);
      expect(stderr).toContain("can forge proofs");
      const zkey = await readFile(join(cwd, "c.zkey"));
      const sha256 = createHash("sha256").update(zkey).digest("hex");
      expect(json).toMatchObject({ ok: true, sha256, rows: 1, domainSize: 8, publicSignals: 3 });
      const key = readProvingKey(zkey, "c.zkey");
      const vkey = parseVerificationKey(
        JSON.parse(await readFile(join(cwd, "v.json"), "utf8")),
        "v.json",
      );
      expect(checkVerificationKey(vkey, key)).toEqual([]);
      expect(checkProvingKey(key)).toEqual([]);
      expect((await readdir(cwd)).sort()).toEqual(["c.r1cs", "c.zkey", "v.json"]);
    });

    it("replaces a key only when told to", async () => {
      const cwd = await constraints();
      const args = ["setup", "dev", "c.r1cs", "--out", "c.zkey", "--vkey", "v.json"];
      await writeFile(join(cwd, "v.json"), "another circuit's");
      const refused = await zkmandateJson(args, { cwd });
      expect(refused).toMatchObject({ code: 2, json: { error: { name: "FileExistsError" } } });
      expect(refused.json.error.details.join()).toContain("--force");
      expect((await readdir(cwd)).sort()).toEqual(["c.r1cs", "v.json"]);

      for (const _ of [1, 2]) expect((await zkmandate([...args, "--force"], { cwd })).code).toBe(0);
      expect(JSON.parse(await readFile(join(cwd, "v.json"), "utf8")).protocol).toBe("groth16");
    });

    it("does nothing in production mode", async () => {
      const cwd = await constraints();
      const env = { ZKMANDATE_PRODUCTION: "1" };
      const { code } = await zkmandate(["setup", "dev", "c.r1cs", "--out", "c.zkey"], { cwd, env });
      expect(code).toBe(5);
      expect(await readdir(cwd)).toEqual(["c.r1cs"]);
    });

    it("says which file is missing, or is no constraint system", async () => {
      const cwd = await constraints();
      const absent = await zkmandate(["setup", "dev", "absent.r1cs", "--out", "c.zkey"], { cwd });
      expect(absent.code).toBe(2);
      expect(absent.stderr).toContain("absent.r1cs");
      await writeFile(join(cwd, "bad.r1cs"), "not that");
      const bad = await zkmandate(["setup", "dev", "bad.r1cs", "--out", "c.zkey"], { cwd });
      expect(bad.code).toBe(5);
      expect(bad.stderr).toContain("bad.r1cs");
    });
  });
});
