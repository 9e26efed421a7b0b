import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { passphraseFile, temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

const passphrase = "correct horse battery";
const secret = "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d";
const address = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b";

async function workspace() {
  const cwd = await temporaryFolder();
  await zkmandate(["init"], { cwd });
  return { cwd, secretFile: await passphraseFile(cwd, passphrase) };
}

describe("zkmandate keys new", () => {
  it("makes an agent's keystore that its passphrase opens", async () => {
    const { cwd, secretFile } = await workspace();
    const made = await zkmandateJson(["keys", "new", "--passphrase-file", secretFile], { cwd });
    expect(made.code).toBe(0);
    expect(made.json.keystore).toBe(join(cwd, "secrets", "agent.json"));
    expect((await stat(made.json.keystore)).mode & 0o777).toBe(0o600);
    const shown = await zkmandateJson(
      ["keys", "show", "--check", "--passphrase-file", secretFile],
      { cwd },
    );
    expect(shown).toMatchObject({
      code: 0,
      json: {
        ok: true,
        address: made.json.address,
        kind: "ecdsa",
        onchain: { kind: 1 },
        checked: true,
      },
    });
  });

  it("takes the passphrase from the file that the workspace names for the account", async () => {
    const { cwd } = await workspace();
    const config = await readFile(join(cwd, "zkmandate.yaml"), "utf8");
    await writeFile(
      join(cwd, "zkmandate.yaml"),
      config.replace(
        "{ keystore: secrets/agent.json }",
        "{ keystore: secrets/agent.json, passphraseFile: passphrase }",
      ),
    );
    expect((await zkmandate(["keys", "new", "agent"], { cwd })).code).toBe(0);
    expect((await zkmandateJson(["keys", "show", "--check"], { cwd })).json.checked).toBe(true);
  });

  it("refuses to overwrite, before it asks for a passphrase", async () => {
    const { cwd } = await workspace();
    await writeFile(join(cwd, "mine.json"), "mine");
    const { code, stderr } = await zkmandate(["keys", "new", "--out", "mine.json"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("is not overwritten");
    expect(await readFile(join(cwd, "mine.json"), "utf8")).toBe("mine");
  });

  it("refuses where there is no terminal to ask on, and says what to use", async () => {
    const { cwd } = await workspace();
    const { code, stderr } = await zkmandate(["keys", "new"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("--passphrase-file");
  });

  it("refuses a short passphrase", async () => {
    const cwd = await temporaryFolder();
    const file = await passphraseFile(cwd, "short");
    const { code, json } = await zkmandateJson(
      ["keys", "new", "--out", "k.json", "--passphrase-file", file],
      { cwd },
    );
    expect(code).toBe(2);
    expect(json.error).toMatchObject({ name: "WeakPassphraseError" });
  });

  it("warns when others can read the passphrase file", async () => {
    const { cwd, secretFile } = await workspace();
    await chmod(secretFile, 0o644);
    const { code, stderr, json } = await zkmandateJson(
      ["keys", "new", "--passphrase-file", secretFile],
      { cwd },
    );
    expect(code).toBe(0);
    expect(stderr).toContain("can be read by others");
    expect(json.warnings).toHaveLength(1);
  });
});

describe("zkmandate keys import", () => {
  it("takes a private key from a file and a passphrase from a descriptor", async () => {
    const { cwd } = await workspace();
    await writeFile(join(cwd, "key.hex"), `0x${secret}\n`, { mode: 0o600 });
    const imported = await zkmandateJson(
      ["keys", "import", "submitter", "--private-key-file", "key.hex", "--passphrase-fd", "0"],
      { cwd, stdin: `${passphrase}\n` },
    );
    expect(imported).toMatchObject({ code: 0, json: { address } });
    // Progress may be shown; no warning is.
    expect(imported.stderr).not.toContain("protect it");
    expect(imported.stdout).not.toContain(secret);
    const shown = await zkmandateJson(["keys", "show", "submitter"], { cwd });
    expect(shown.json).toMatchObject({
      address,
      onchain: { kind: 1, id: `0x${"0".repeat(24)}${address.slice(2).toLowerCase()}` },
    });
  });

  it.each(["hello", "0x1234", "00".repeat(32), ""])(
    "refuses %j without showing it",
    async (text) => {
      const { cwd, secretFile } = await workspace();
      await writeFile(join(cwd, "key.hex"), text, { mode: 0o600 });
      const { code, stderr } = await zkmandate(
        ["keys", "import", "--private-key-file", "key.hex", "--passphrase-file", secretFile],
        { cwd },
      );
      expect(code).toBe(2);
      expect(stderr).toContain("expected:");
      if (text !== "") expect(stderr).not.toContain(text);
    },
  );
});

describe("zkmandate keys show", () => {
  it("says that the passphrase is wrong, with exit code 6", async () => {
    const { cwd, secretFile } = await workspace();
    await zkmandate(["keys", "new", "--passphrase-file", secretFile], { cwd });
    const wrong = join(cwd, "wrong");
    await writeFile(wrong, "another passphrase", { mode: 0o600 });
    const { code, json } = await zkmandateJson(
      ["keys", "show", "--check", "--passphrase-file", wrong],
      { cwd },
    );
    expect(code).toBe(6);
    expect(json.error).toMatchObject({ name: "WrongPassphraseError" });
  });

  it("says that the keystore is missing, or is none, with exit code 6", async () => {
    const { cwd } = await workspace();
    expect(await zkmandate(["keys", "show"], { cwd })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("make it with: zkmandate keys new agent"),
    });
    expect(await zkmandate(["keys", "show", "--keystore", "policy.yaml"], { cwd })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("not JSON"),
    });
  });

  it("warns when others can read the keystore", async () => {
    const { cwd, secretFile } = await workspace();
    const { json } = await zkmandateJson(["keys", "new", "--passphrase-file", secretFile], { cwd });
    await chmod(json.keystore, 0o640);
    const { code, stderr } = await zkmandate(["keys", "show"], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain("chmod 600 secrets/agent.json");
  });
});
