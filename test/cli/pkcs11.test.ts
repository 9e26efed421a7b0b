import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PIN, type SoftHsm, startSoftHsm, unavailable } from "../keys/pkcs11/softhsm.ts";
import { passphraseFile, temporaryFolder, zkmandate, zkmandateJson } from "./run.ts";

const skipped = unavailable === undefined ? "" : ` (skipped: ${unavailable})`;

describe.skipIf(unavailable !== undefined)(`keys in hardware${skipped}`, () => {
  let hsm: SoftHsm;
  beforeAll(async () => {
    hsm = await startSoftHsm();
    hsm.addToken("desk");
  });
  afterAll(() => hsm.close());

  /** A workspace whose agent key is in the token. */
  async function workspace(key: string, pin = "pinFile: pin") {
    const cwd = await temporaryFolder();
    await zkmandate(["init"], { cwd });
    const pinFile = await passphraseFile(cwd, PIN);
    const file = join(cwd, "zkmandate.yaml");
    const entry = `{ pkcs11: { module: ${hsm.module}, token: desk, key: ${key}, ${pin} } }`;
    const config = await readFile(file, "utf8");
    await writeFile(
      file,
      config
        .replace("{ keystore: secrets/agent.json }", entry)
        .replace("pinFile: pin", `pinFile: ${pinFile}`),
    );
    return { cwd, pinFile };
  }

  it("keys new makes the key inside, keys show knows it without and with the PIN", async () => {
    const { cwd } = await workspace("agent");
    const made = await zkmandateJson(["keys", "new"], { cwd });
    expect(made.code).toBe(0);
    expect(made.json.pkcs11).toEqual({ module: hsm.module, token: "desk", key: "agent" });
    const shown = await zkmandateJson(["keys", "show"], { cwd });
    expect(shown.json).toMatchObject({
      address: made.json.address,
      onchain: { kind: 1 },
      checked: false,
    });
    const checked = await zkmandateJson(["keys", "show", "--check"], { cwd });
    expect(checked.json).toMatchObject({ address: made.json.address, checked: true });
    const again = await zkmandate(["keys", "new"], { cwd });
    expect(again.code).toBe(2);
    expect(again.stderr).toContain("has a key of this label already");
  });

  it("takes the PIN from a descriptor's or file's option where the workspace names none", async () => {
    const { cwd, pinFile } = await workspace("optional", "");
    const none = await zkmandate(["keys", "new"], { cwd });
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("PIN of token desk");
    const made = await zkmandate(["keys", "new", "--passphrase-file", pinFile], { cwd });
    expect(made.code).toBe(0);
  });

  it("a wrong PIN ends with 6, and shows no PIN", async () => {
    const { cwd, pinFile } = await workspace("wrong");
    await writeFile(pinFile, "9999-wrong\n");
    const { code, stderr, stdout } = await zkmandate(["keys", "new"], { cwd });
    expect(code).toBe(6);
    expect(stderr).toContain("PIN is wrong");
    expect(stderr + stdout).not.toContain("9999-wrong");
  });

  it("a key cannot be brought in", async () => {
    const { cwd } = await workspace("imported");
    const { code, stderr } = await zkmandate(["keys", "import"], { cwd, stdin: "" });
    expect(code).toBe(2);
    expect(stderr).toContain("in hardware");
  });

  it("doctor sees the token's key, and one that is missing", async () => {
    const { cwd } = await workspace("seen");
    const before = await zkmandateJson(["doctor"], { cwd });
    const checkOf = (run: {
      json: { checks: { name: string; status: string; detail: string }[] };
    }) => run.json.checks.find(({ name }) => name === "agent key");
    expect(checkOf(before)).toMatchObject({ status: "fail" });
    const made = await zkmandateJson(["keys", "new"], { cwd });
    const after = checkOf(await zkmandateJson(["doctor"], { cwd }));
    expect(after).toMatchObject({ status: "ok" });
    expect(after?.detail).toContain(made.json.address);
  });

  it("an entry that is neither a keystore nor a token is refused with what was expected", async () => {
    const { cwd } = await workspace("x");
    const file = join(cwd, "zkmandate.yaml");
    const config = await readFile(file, "utf8");
    await writeFile(file, config.replace("token: desk", "tokn: desk"));
    const { code, stderr } = await zkmandate(["keys", "show"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain("pkcs11: { module, token, key, pinFile }");
  });
});
