import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { readTls } from "../../../src/server/http/readTls.ts";

const fixture = (name: string) =>
  fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url));
const cert = fixture("cert");
const key = fixture("key");

async function written(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "zkmandate-tls-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "file.pem");
  await writeFile(path, text);
  return path;
}

describe("a service's certificate", () => {
  it("is read with its key", async () => {
    const material = await readTls({ cert, key });
    expect(material.cert).toEqual(await readFile(cert));
    expect(material.key).toEqual(await readFile(key));
  });

  it("that is missing or something else is named, with the entry", async () => {
    await expect(readTls({ cert: "/nowhere.pem", key })).rejects.toMatchObject({
      name: "TlsFileError",
      details: ["file: /nowhere.pem", "expected: a certificate in PEM", "received: no such file"],
    });
    await expect(readTls({ cert: key, key })).rejects.toThrow("tls.cert");
    await expect(readTls({ cert, key: cert })).rejects.toThrow("tls.key");
    const text = await written("hello\n");
    await expect(readTls({ cert: text, key })).rejects.toMatchObject({ name: "TlsFileError" });
  });

  it("needs its own key, open", async () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const another = await written(privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    await expect(readTls({ cert, key: another })).rejects.toMatchObject({
      details: expect.arrayContaining(["received: another key"]),
    });
    const locked = privateKey.export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "locked",
    });
    await expect(readTls({ cert, key: await written(locked.toString()) })).rejects.toMatchObject({
      details: expect.arrayContaining(["expected: a private key in PEM, without a passphrase"]),
    });
  });
});
