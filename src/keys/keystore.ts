import { pbkdf2, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { scryptAsync } from "@noble/hashes/scrypt.js";
import * as Keystore from "ox/Keystore";
import { type Address, bytesToHex, getAddress } from "viem";
import { z } from "zod";
import {
  InvalidKeystoreError,
  KeyFileError,
  KeystoreAddressMismatchError,
  UnsupportedKeystoreError,
  WeakPassphraseError,
  WrongPassphraseError,
} from "../errors/keys.ts";
import { schemaIssue } from "../errors/schemaIssue.ts";
import { addressOf, ecdsaKey } from "./ecdsaKey.ts";
import { writeFileAtomic } from "./files.ts";
import type { AgentKey } from "./keys.ts";

/** Web3 Secret Storage version 3, as geth and every wallet write it. */
export type KeystoreFile = Keystore.Keystore & { address: string };

/** Cost of the key derivation for new keystores: scrypt with N = 2^18, r = 8, p = 1, as geth's standard. */
export const SCRYPT_N = 262_144;
/** Shortest passphrase that a new keystore accepts, in characters. */
export const MIN_PASSPHRASE_LENGTH = 8;
/** A keystore may not ask for more memory than this to be opened, bytes. */
const MAX_SCRYPT_MEMORY = 2 ** 30;
const MAX_PBKDF2_ITERATIONS = 10_000_000;

const derivePbkdf2 = promisify(pbkdf2);

const hexDigits = (bytes?: number) =>
  z
    .string()
    .transform((text) => text.replace(/^0x/, "").toLowerCase())
    .refine((text) => /^([0-9a-f]{2})*$/.test(text), "not hexadecimal")
    .refine((text) => bytes === undefined || text.length === 2 * bytes, `not ${bytes} bytes`);

const keystoreSchema = z.object({
  version: z.literal(3),
  id: z.string().default(""),
  address: hexDigits(20).optional(),
  crypto: z.object({
    cipher: z.literal("aes-128-ctr"),
    ciphertext: hexDigits(32),
    cipherparams: z.object({ iv: hexDigits(16) }),
    mac: hexDigits(32),
    kdf: z.enum(["scrypt", "pbkdf2"]),
    kdfparams: z.object({
      dklen: z.literal(32),
      salt: hexDigits(),
      n: z.int().positive().optional(),
      r: z.int().positive().optional(),
      p: z.int().positive().optional(),
      c: z.int().positive().optional(),
      prf: z.literal("hmac-sha256").optional(),
    }),
  }),
});
type ParsedKeystore = z.infer<typeof keystoreSchema>;

/** Where a keystore came from, for errors. */
interface Origin {
  path?: string | undefined;
}

/**
 * Reads the JSON of a keystore and checks its form; the passphrase is not needed.
 *
 * @throws {InvalidKeystoreError} if the text is not a keystore
 * @throws {UnsupportedKeystoreError} if it is one of another version, cipher or key derivation
 */
export function parseKeystore(text: string, { path }: Origin = {}): ParsedKeystore {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidKeystoreError({ path, problems: ["not JSON"] });
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new InvalidKeystoreError({ path, problems: ["not a JSON object"] });
  }
  // Early geth wrote "Crypto".
  const { Crypto, ...file } = json as { Crypto?: unknown; crypto?: unknown; version?: unknown };
  const candidate = { ...file, crypto: file.crypto ?? Crypto };
  refuseUnsupported(candidate, { path });
  const parsed = keystoreSchema.safeParse(candidate, { error: schemaIssue });
  if (parsed.success) return parsed.data;
  throw new InvalidKeystoreError({
    path,
    problems: parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "file"}: ${issue.message}`,
    ),
  });
}

function refuseUnsupported(candidate: { version?: unknown; crypto?: unknown }, { path }: Origin) {
  const refuse = (what: string, expected: string, received: unknown) => {
    throw new UnsupportedKeystoreError({ path, what, expected, received: String(received) });
  };
  const { version } = candidate;
  if (version !== undefined && version !== 3) refuse("version", "3", version);
  const crypto = (candidate.crypto ?? {}) as { cipher?: unknown; kdf?: unknown };
  if (typeof crypto.cipher === "string" && crypto.cipher !== "aes-128-ctr") {
    refuse("cipher", "aes-128-ctr", crypto.cipher);
  }
  if (typeof crypto.kdf === "string" && crypto.kdf !== "scrypt" && crypto.kdf !== "pbkdf2") {
    refuse("key derivation", "scrypt or pbkdf2", crypto.kdf);
  }
}

async function deriveKey(
  { crypto: { kdf, kdfparams } }: ParsedKeystore,
  passphrase: string,
  { path }: Origin,
): Promise<Uint8Array> {
  const salt = Buffer.from(kdfparams.salt, "hex");
  if (kdf === "pbkdf2") {
    const { c, prf, dklen } = kdfparams;
    if (c === undefined || prf === undefined) {
      throw new InvalidKeystoreError({ path, problems: ["crypto.kdfparams: c or prf is missing"] });
    }
    if (c > MAX_PBKDF2_ITERATIONS) {
      throw new UnsupportedKeystoreError({
        path,
        what: "key derivation cost",
        expected: `at most ${MAX_PBKDF2_ITERATIONS} iterations`,
        received: `${c}`,
      });
    }
    return derivePbkdf2(passphrase, salt, c, dklen, "sha256");
  }
  const { n, r, p, dklen } = kdfparams;
  if (n === undefined || r === undefined || p === undefined) {
    throw new InvalidKeystoreError({ path, problems: ["crypto.kdfparams: n, r or p is missing"] });
  }
  if (128 * r * (n + p) > MAX_SCRYPT_MEMORY || p > 64 || n < 2 || !Number.isInteger(Math.log2(n))) {
    throw new UnsupportedKeystoreError({
      path,
      what: "key derivation cost",
      expected: `n a power of two, p ≤ 64, at most ${MAX_SCRYPT_MEMORY} bytes of memory`,
      received: `n ${n}, r ${r}, p ${p}`,
    });
  }
  // Not node:crypto: OpenSSL refuses n ≥ 2^(16·r), which wallets and the definition's own vector use (r = 1).
  return scryptAsync(passphrase, salt, { N: n, r, p, dkLen: dklen, maxmem: 2 * MAX_SCRYPT_MEMORY });
}

/**
 * Encrypts a private key: scrypt, AES-128-CTR, keccak256 MAC.
 *
 * @param privateKey 32 bytes
 * @param passphrase at least MIN_PASSPHRASE_LENGTH characters, used as UTF-8
 * @param scryptN cost, a power of two; lower it in tests only
 * @throws {WeakPassphraseError} if the passphrase is too short
 * @throws {InvalidPrivateKeyError} if the bytes are not a private key
 * @see https://ethereum.org/en/developers/docs/data-structures-and-encoding/web3-secret-storage/
 */
export async function encryptKeystore(
  privateKey: Uint8Array,
  passphrase: string,
  { scryptN = SCRYPT_N }: { scryptN?: number } = {},
): Promise<KeystoreFile> {
  assertStrongPassphrase(passphrase);
  const address = addressOf(privateKey).slice(2).toLowerCase();
  const salt = randomBytes(32);
  const derived = await scryptAsync(passphrase, salt, {
    N: scryptN,
    r: 8,
    p: 1,
    dkLen: 32,
    maxmem: 2 * MAX_SCRYPT_MEMORY,
  });
  try {
    const keystore = Keystore.encrypt(privateKey, bytesToHex(derived), {
      kdf: "scrypt",
      kdfparams: { dklen: 32, n: scryptN, p: 1, r: 8, salt: salt.toString("hex") },
      iv: randomBytes(16),
    });
    return { address, ...keystore };
  } finally {
    derived.fill(0);
  }
}

/**
 * Decrypts a keystore.
 *
 * @returns the private key, 32 bytes; the caller wipes it
 * @throws {WrongPassphraseError} if the passphrase does not open it
 * @throws {KeystoreAddressMismatchError} if the file names another address
 */
export async function decryptKeystore(
  keystore: ParsedKeystore,
  passphrase: string,
  { path }: Origin = {},
): Promise<Uint8Array> {
  const derived = await deriveKey(keystore, passphrase, { path });
  let privateKey: Uint8Array;
  try {
    privateKey = Keystore.decrypt(keystore as Keystore.Keystore, bytesToHex(derived), {
      as: "Bytes",
    });
  } catch {
    throw new WrongPassphraseError({ path });
  } finally {
    derived.fill(0);
  }
  const derivedAddress = addressOf(privateKey);
  if (keystore.address !== undefined) {
    const named = getAddress(`0x${keystore.address}`);
    if (named !== derivedAddress) {
      privateKey.fill(0);
      throw new KeystoreAddressMismatchError({ path, named, derived: derivedAddress });
    }
  }
  return privateKey;
}

/**
 * Refuses a passphrase that is too short for a new file.
 *
 * @throws {WeakPassphraseError}
 */
export function assertStrongPassphrase(passphrase: string): void {
  const received = [...passphrase].length;
  if (received < MIN_PASSPHRASE_LENGTH) {
    throw new WeakPassphraseError({ minimum: MIN_PASSPHRASE_LENGTH, received });
  }
}

/**
 * Encrypts a private key into a new file, mode 0600.
 *
 * @param path never overwritten
 * @returns the key's address
 * @throws {FileExistsError} if the file exists
 */
export async function importKeystore(
  path: string,
  privateKey: Uint8Array,
  passphrase: string,
  options: { scryptN?: number } = {},
): Promise<Address> {
  const keystore = await encryptKeystore(privateKey, passphrase, options);
  await writeFileAtomic(path, `${JSON.stringify(keystore, null, 2)}\n`);
  return getAddress(`0x${keystore.address}`);
}

/**
 * Makes a fresh key in a new keystore file, mode 0600.
 *
 * @param path never overwritten
 * @returns the key's address
 * @throws {FileExistsError} if the file exists
 *
 * @example
 * const address = await createKeystore("keys/agent.json", passphrase);
 */
export async function createKeystore(
  path: string,
  passphrase: string,
  options: { scryptN?: number } = {},
): Promise<Address> {
  const privateKey = secp256k1.utils.randomSecretKey();
  try {
    return await importKeystore(path, privateKey, passphrase, options);
  } finally {
    privateKey.fill(0);
  }
}

/**
 * Opens a keystore file.
 *
 * @throws {KeyFileError} if the file cannot be read
 * @throws {InvalidKeystoreError} if it is not a keystore
 * @throws {WrongPassphraseError} if the passphrase does not open it
 *
 * @example
 * const key = await loadKeystore("keys/agent.json", passphrase);
 */
export async function loadKeystore(path: string, passphrase: string): Promise<AgentKey> {
  const privateKey = await decryptKeystore(await readKeystore(path), passphrase, { path });
  try {
    return ecdsaKey(privateKey);
  } finally {
    privateKey.fill(0);
  }
}

/**
 * Reads a keystore file without opening it.
 *
 * @throws {KeyFileError} if the file cannot be read
 * @throws {InvalidKeystoreError} if it is not a keystore
 */
export async function readKeystore(path: string): Promise<ParsedKeystore> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new KeyFileError({ path, doing: "read", cause });
  }
  return parseKeystore(text, { path });
}
