import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { passphraseFile, temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

describe("a command line that is not one", () => {
  it.each([[[]], [["gate"]]])("shows the help where a command is missing: %j", async (words) => {
    const { code, stdout, stderr } = await zkmandate(words);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("Commands:");
    expect(stderr).not.toContain("outputHelp");
  });

  it("says so in one object for machines", async () => {
    const { code, json } = await zkmandateJson(["gate"]);
    expect(code).toBe(2);
    expect(json.error).toMatchObject({ name: "UsageError", message: "A command is missing" });
  });

  it("names the help of the command that was called", async () => {
    const { code, stderr } = await zkmandate(["gate", "status", "--lane", "x"]);
    expect(code).toBe(2);
    expect(stderr).toContain("see: zkmandate gate status --help");
  });
});

describe("a policy for another chain than the workspace's", () => {
  it("is warned of when it is checked, and not committed to", async () => {
    const cwd = await temporaryFolder();
    await zkmandate(["init"], { cwd });
    expect((await stat(join(cwd, "policy.yaml"))).mode & 0o777).toBe(0o600);
    const secret = await passphraseFile(cwd, "correct horse battery");
    const target = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    const rule = `{ name: pay, target: "${target}", call: none, amount: msg.value, max: 1 ETH, charge: { b: amount } }`;
    const budgets = "budgets: { b: { capacity: 1 ETH, refill: 24h } }";
    await writeFile(
      join(cwd, "policy.yaml"),
      `name: p\nchain: 1\n${budgets}\nrules:\n  - ${rule}\n`,
    );
    const checked = await zkmandateJson(["policy", "check"], { cwd });
    expect(checked.code).toBe(0);
    expect(checked.json.warnings.join()).toContain("chain 1, the workspace for chain 31337");
    const committed = await zkmandate(["policy", "commit", "--passphrase-file", secret], { cwd });
    expect(committed.code).toBe(2);
    expect(committed.stderr).toContain("another chain");
  });
});
