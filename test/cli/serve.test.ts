import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

describe("zkmandate serve", () => {
  it("refuses development keys in production mode, before it asks for a passphrase", async () => {
    const cwd = await temporaryFolder();
    const text = "version: 1\njournal: { sqlite: j.db }\ngates: [{ workspace: . }]\n";
    await writeFile(join(cwd, "serve.yaml"), text);
    const refused = await zkmandateJson(["serve"], { cwd, env: { ZKMANDATE_PRODUCTION: "1" } });
    expect(refused).toMatchObject({ code: 5, json: { error: { name: "DevelopmentKeysError" } } });
    const elsewhere = await zkmandate(["serve"], { cwd });
    expect(elsewhere.stderr).toContain("whoever ran it can forge proofs");
  });
});
