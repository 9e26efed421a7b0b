import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createAuthenticator } from "../../src/server/auth/authenticator.ts";
import { temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

async function folderWithConfig(): Promise<string> {
  const cwd = await temporaryFolder();
  const text = "version: 1\njournal: { sqlite: j.db }\ngates: [{ workspace: ., name: desk }]\n";
  await writeFile(join(cwd, "serve.yaml"), text);
  return cwd;
}

describe("zkmandate token", () => {
  it("makes a token that the service knows, lists it without it, and revokes it", async () => {
    const cwd = await folderWithConfig();
    const made = await zkmandateJson(
      ["token", "new", "bot", "--gates", "desk", "--methods", "eth_*", "--expires", "2d"],
      { cwd },
    );
    expect(made.json).toMatchObject({ ok: true, name: "bot", gates: ["desk"], operator: false });
    const path = join(cwd, "tokens.json");
    expect(await readFile(path, "utf8")).not.toContain(made.json.token);
    const onError = (error: unknown) => {
      throw error;
    };
    const header = `Bearer ${made.json.token}`;
    const before = await createAuthenticator({ path, onError });
    expect(await before.authenticate(header)).toMatchObject({ name: "bot", methods: ["eth_*"] });

    const listed = await zkmandate(["token", "list"], { cwd });
    expect(listed.stdout).toMatch(/bot +valid, gates: desk, methods: eth_\*/);
    expect(listed.stdout).not.toContain(made.json.token);

    expect((await zkmandateJson(["token", "revoke", "bot"], { cwd })).json.ok).toBe(true);
    const after = await createAuthenticator({ path, onError });
    expect(await after.authenticate(header)).toBeUndefined();
    expect((await zkmandateJson(["token", "list"], { cwd })).json.tokens).toMatchObject([
      { name: "bot", standing: "revoked" },
    ]);
    const again = await zkmandateJson(["token", "new", "bot"], { cwd });
    expect(again).toMatchObject({ code: 2, json: { error: { name: "TokenNameError" } } });
  });

  it("refuses what makes no sense", async () => {
    const cwd = await folderWithConfig();
    const run = (...args: string[]) => zkmandateJson(["token", ...args], { cwd });
    expect((await run("new", "bot", "--gates", "other")).json.error.details).toEqual([
      "its gates: desk",
    ]);
    const idle = await run("new", "bot", "--methods", "eth_*", "metric");
    expect(idle.code).toBe(2);
    expect(idle.json.error.details.join()).toContain("metrics");
    expect((await run("new", "Bot Two")).code).toBe(2);
    expect((await run("new", "bot", "--expires", "2020-01-01")).code).toBe(2);
    expect((await run("revoke", "nobody")).code).toBe(2);
    const elsewhere = await zkmandateJson(["token", "list"], { cwd: await temporaryFolder() });
    expect(elsewhere.json.error.details.join()).toContain("zkmandate service init");
  });
});
