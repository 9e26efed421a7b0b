/**
 * A node's identity as TLS knows it: a self-signed X.509 certificate (RFC 5280) of its Ed25519 key (RFC 8410). Peers
 * pin the key, so that nothing else in the certificate matters: it is made anew at each start, and never expires.
 */
import { createPrivateKey, sign, type X509Certificate } from "node:crypto";
import { bytesToHex, type Hex, hexToBytes } from "viem";
import type { NodeIdentity } from "../../keys/frost/identity.ts";

const tags = {
  integer: 0x02,
  bitString: 0x03,
  objectId: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
} as const;

/** A DER element; every one here is shorter than 256 bytes. */
function der(tag: keyof typeof tags, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([tags[tag], ...length]), content]);
}

const bytes = (...values: readonly number[]) => Uint8Array.from(values);
/** 1.3.101.112 */
const ed25519Algorithm = der("sequence", der("objectId", bytes(0x2b, 0x65, 0x70)));
/** PKCS #8 before the 32 bytes of an Ed25519 key. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

const pem = (label: string, content: Uint8Array) =>
  `-----BEGIN ${label}-----\n${Buffer.from(content).toString("base64")}\n-----END ${label}-----\n`;

/** Key and certificate as Node's TLS takes them. The key is secret. */
export function tlsIdentity(identity: NodeIdentity): { key: string; cert: string } {
  const pkcs8 = Buffer.concat([PKCS8_PREFIX, hexToBytes(identity.reveal())]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  // commonName
  const attribute = der("sequence", der("objectId", bytes(0x55, 0x04, 0x03)), der("utf8", "node"));
  const name = der("sequence", der("set", attribute));
  const certificate = der(
    "sequence",
    der("version", der("integer", bytes(2))),
    der("integer", bytes(1)),
    ed25519Algorithm,
    name,
    der("sequence", der("utcTime", "200101000000Z"), der("generalizedTime", "99991231235959Z")),
    name,
    der("sequence", ed25519Algorithm, der("bitString", bytes(0), hexToBytes(identity.publicKey))),
  );
  const signed = der(
    "sequence",
    certificate,
    ed25519Algorithm,
    der("bitString", bytes(0), sign(null, certificate, key)),
  );
  return { key: pem("PRIVATE KEY", pkcs8), cert: pem("CERTIFICATE", signed) };
}

/** The Ed25519 key that a TLS peer has shown to hold; nothing if it showed none. */
export function peerKey(certificate: X509Certificate | undefined): Hex | undefined {
  if (certificate?.publicKey.asymmetricKeyType !== "ed25519") return undefined;
  const { x } = certificate.publicKey.export({ format: "jwk" });
  return x === undefined ? undefined : bytesToHex(Buffer.from(x, "base64url"));
}
