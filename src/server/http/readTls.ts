import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { TlsFileError } from "../../errors/server.ts";
import type { ServeConfig } from "../config/serveConfig.ts";
import type { TlsMaterial } from "./app.ts";

/**
 * Reads the certificate and the key that the configuration names, and sees to it that they belong together.
 *
 * @throws {TlsFileError} if a file is missing, is something else, or is of another certificate
 */
export async function readTls({
  cert,
  key,
}: NonNullable<ServeConfig["tls"]>): Promise<TlsMaterial> {
  const [certPem, keyPem] = await Promise.all([
    read("tls.cert", cert, "a certificate in PEM"),
    read("tls.key", key, "a private key in PEM"),
  ]);
  const certificate = parse(() => new X509Certificate(certPem), {
    entry: "tls.cert",
    path: cert,
    expected: "a certificate in PEM",
  });
  const privateKey = parse(() => createPrivateKey(keyPem), {
    entry: "tls.key",
    path: key,
    expected: "a private key in PEM, without a passphrase",
  });
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsFileError({
      entry: "tls.key",
      path: key,
      expected: `the private key of the first certificate in ${cert}`,
      received: "another key",
    });
  }
  return { cert: certPem, key: keyPem };
}

async function read(entry: string, path: string, expected: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const received = code === "ENOENT" ? "no such file" : `a file that cannot be read: ${code}`;
    throw new TlsFileError({ entry, path, expected, received });
  }
}

function parse<Value>(
  read: () => Value,
  place: { entry: string; path: string; expected: string },
): Value {
  try {
    return read();
  } catch (cause) {
    throw new TlsFileError({ ...place, received: "something else", cause });
  }
}
