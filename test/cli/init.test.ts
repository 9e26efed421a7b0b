import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

describe("zkmandate init", () => {
  it("writes a configuration, an example policy and a .gitignore", async () => {
    const folder = join(await temporaryFolder(), "desk");
    const { code, json, stderr } = await zkmandateJson(["init", folder]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(json).toMatchObject({ ok: true, folder, kept: [] });
    expect((await readdir(folder)).sort()).toEqual([".gitignore", "policy.yaml", "zkmandate.yaml"]);
    expect(await readFile(join(folder, ".gitignore"), "utf8")).toContain("secrets/");
  });

  it("never overwrites, says what it kept, and may run again", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "policy.yaml"), "mine");
    const { code, stderr } = await zkmandate(["init"], { cwd: folder });
    expect(code).toBe(0);
    expect(stderr).toContain("policy.yaml exists and stays as it is");
    expect(await readFile(join(folder, "policy.yaml"), "utf8")).toBe("mine");
    const again = await zkmandateJson(["init"], { cwd: folder });
    expect(again).toMatchObject({ code: 0, json: { written: [] } });
    expect(again.json.kept).toHaveLength(3);
  });
});
