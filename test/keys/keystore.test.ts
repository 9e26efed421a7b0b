import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createKeystore,
  decryptKeystore,
  importKeystore,
  loadKeystore,
  parseKeystore,
} from "../../src/keys/keystore.ts";

const fast = { scryptN: 1024 };
const passphrase = "correct horse battery";

/** The test vectors of the Web3 Secret Storage definition. */
const official = {
  passphrase: "testpassword",
  secret: "0x7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d",
  address: "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b",
  pbkdf2: {
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "6087dab2f9fdbbfaddc31a909735c1e6" },
      ciphertext: "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
      kdf: "pbkdf2",
      kdfparams: {
        c: 262144,
        dklen: 32,
        prf: "hmac-sha256",
        salt: "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
      },
      mac: "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    version: 3,
  },
  scrypt: {
    crypto: {
      cipher: "aes-128-ctr",
      cipherparams: { iv: "83dbcc02d8ccb40e466191a123791e0e" },
      ciphertext: "d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c",
      kdf: "scrypt",
      kdfparams: {
        dklen: 32,
        n: 262144,
        r: 1,
        p: 8,
        salt: "ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19",
      },
      mac: "2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097",
    },
    id: "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    version: 3,
  },
} as const;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "zkmandate-keys-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A vector of the definition, open to damage. */
interface Draft {
  version: number;
  address?: string;
  crypto: { cipher: string; kdf: string; kdfparams: { c?: number; n?: number } };
}

async function rewritten(
  name: string,
  change: (keystore: Draft) => void,
  vector: Draft = official.pbkdf2,
): Promise<string> {
  const keystore = structuredClone(vector);
  change(keystore);
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(keystore));
  return path;
}

describe("the vectors of the definition", () => {
  it.each(["pbkdf2", "scrypt"] as const)("opens the %s vector", async (kdf) => {
    const keystore = parseKeystore(JSON.stringify(official[kdf]));
    const secret = await decryptKeystore(keystore, official.passphrase);
    expect(bytesToHex(secret)).toBe(official.secret);
  });

  it("opens one that calls its crypto section Crypto, as early geth did", async () => {
    const { crypto, ...rest } = official.pbkdf2;
    const keystore = parseKeystore(JSON.stringify({ ...rest, Crypto: crypto }));
    expect(bytesToHex(await decryptKeystore(keystore, official.passphrase))).toBe(official.secret);
  });
});

describe("a new keystore", () => {
  it("opens with its passphrase and gives the address it was made with", async () => {
    const path = join(folder, "new.json");
    const address = await createKeystore(path, passphrase, fast);
    const key = await loadKeystore(path, passphrase);
    expect(key.address).toBe(address);
    expect(await readFile(path, "utf8")).toContain(address.slice(2).toLowerCase());
  });

  it("is readable by its owner alone, and leaves no temporary file", async () => {
    const nested = join(folder, "nested", "keys");
    await createKeystore(join(nested, "a.json"), passphrase, fast);
    expect((await stat(join(nested, "a.json"))).mode & 0o777).toBe(0o600);
    expect(await readdir(nested)).toEqual(["a.json"]);
  });

  it("never overwrites a file", async () => {
    const path = join(folder, "taken.json");
    await writeFile(path, "mine");
    await expect(createKeystore(path, passphrase, fast)).rejects.toMatchObject({
      name: "FileExistsError",
    });
    expect(await readFile(path, "utf8")).toBe("mine");
  });

  it("derives its key at geth's standard cost", async () => {
    const path = join(folder, "standard.json");
    await createKeystore(path, passphrase);
    const { crypto } = JSON.parse(await readFile(path, "utf8"));
    expect(crypto.kdfparams).toMatchObject({ n: 262144, r: 8, p: 1, dklen: 32 });
  });

  it("refuses a short passphrase and writes nothing", async () => {
    const path = join(folder, "weak.json");
    await expect(createKeystore(path, "short", fast)).rejects.toMatchObject({
      name: "WeakPassphraseError",
    });
    await expect(stat(path)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("holds an imported key", async () => {
    const path = join(folder, "imported.json");
    const secret = Buffer.from(official.secret.slice(2), "hex");
    expect(await importKeystore(path, secret, passphrase, fast)).toBe(official.address);
  });

  it.each([
    ["too short", Buffer.alloc(31, 1)],
    ["zero", Buffer.alloc(32)],
    [
      "the curve's order",
      Buffer.from("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", "hex"),
    ],
  ])("refuses a private key that is %s", async (_, secret) => {
    await expect(
      importKeystore(join(folder, "bad-key.json"), secret, passphrase, fast),
    ).rejects.toMatchObject({
      name: "InvalidPrivateKeyError",
    });
  });
});

describe("a keystore that cannot be opened", () => {
  it("says that the passphrase is wrong", async () => {
    const path = join(folder, "wrong.json");
    await createKeystore(path, passphrase, fast);
    await expect(loadKeystore(path, "not the passphrase")).rejects.toMatchObject({
      name: "WrongPassphraseError",
      message: expect.stringContaining(path),
    });
  });

  it("says that the file is missing", async () => {
    await expect(loadKeystore(join(folder, "absent.json"), passphrase)).rejects.toMatchObject({
      name: "KeyFileError",
      message: expect.stringContaining("no such file"),
    });
  });

  it.each([
    ["not JSON", "name: yaml"],
    ["a JSON list", "[]"],
    ["an empty object", "{}"],
    ["no file at all", ""],
  ])("says what came: %s", async (name, text) => {
    const path = join(folder, `${name}.json`);
    await writeFile(path, text);
    await expect(loadKeystore(path, passphrase)).rejects.toMatchObject({
      name: "InvalidKeystoreError",
    });
  });

  it.each([
    [
      "version",
      (keystore: Draft) => {
        keystore.version = 1;
      },
    ],
    [
      "cipher",
      (keystore: Draft) => {
        keystore.crypto.cipher = "aes-128-cbc";
      },
    ],
    [
      "key derivation",
      (keystore: Draft) => {
        keystore.crypto.kdf = "argon2id";
      },
    ],
    [
      "key derivation cost",
      (keystore: Draft) => {
        keystore.crypto.kdfparams.c = 2 ** 40;
      },
    ],
  ])("names the unsupported %s", async (what, change) => {
    const path = await rewritten(`unsupported ${what}.json`, change);
    await expect(loadKeystore(path, official.passphrase)).rejects.toMatchObject({
      name: "UnsupportedKeystoreError",
      message: expect.stringContaining(what),
    });
  });

  it("refuses a scrypt cost that would exhaust the memory", async () => {
    const change = (keystore: Draft) => {
      keystore.crypto.kdfparams.n = 2 ** 30;
    };
    const path = await rewritten("greedy.json", change, official.scrypt);
    await expect(loadKeystore(path, official.passphrase)).rejects.toMatchObject({
      name: "UnsupportedKeystoreError",
    });
  });

  it("refuses a file that names another address than its key has", async () => {
    const path = await rewritten("other address.json", (keystore) => {
      keystore.address = "00000000000000000000000000000000000000aa";
    });
    await expect(loadKeystore(path, official.passphrase)).rejects.toMatchObject({
      name: "KeystoreAddressMismatchError",
    });
  });
});
