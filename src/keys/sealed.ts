import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import type { BaseError } from "../errors/base.ts";
import { InvalidSealedFileError, KeyFileError, WrongPassphraseError } from "../errors/keys.ts";
import { parseWithBigints, stringifyWithBigints } from "./bigintJson.ts";
import { writeFileAtomic } from "./files.ts";
import { assertStrongPassphrase } from "./keystore.ts";

/** First line of every age file. */
const AGE_HEADER = "age-encryption.org/v1\n";
/** scrypt cost of a passphrase, as a power of two; age's own default. */
const WORK_FACTOR = 18;

/**
 * An age identity in memory: opens and writes sealed files at once, where a passphrase costs a second each time.
 * Never shows itself.
 */
export class SealIdentity {
  readonly recipient: string;
  readonly #identity: string;

  private constructor(identity: string, recipient: string) {
    this.#identity = identity;
    this.recipient = recipient;
  }

  /** A fresh identity. */
  static async generate(): Promise<SealIdentity> {
    return SealIdentity.from(await generateIdentity());
  }

  /** An identity from its text form, `AGE-SECRET-KEY-1…`. */
  static async from(identity: string): Promise<SealIdentity> {
    return new SealIdentity(identity, await identityToRecipient(identity));
  }

  /** Adds the identity to something that decrypts. */
  unlock(decrypter: Decrypter): void {
    decrypter.addIdentity(this.#identity);
  }

  /** The identity's text, to be sealed under a passphrase and nothing else. */
  reveal(): string {
    return this.#identity;
  }

  toJSON() {
    return { recipient: this.recipient };
  }

  [inspect.custom]() {
    return `SealIdentity(${this.recipient})`;
  }
}

/** What seals a file: a passphrase, or an identity. */
export type SealKey = string | SealIdentity;

/** Whether a text is an age recipient, `age1…`. */
export function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return text.startsWith("age1");
  } catch {
    return false;
  }
}

/** Whom a file is sealed to, by an age recipient: only the identity opens it. */
export type SealRecipient = Pick<SealIdentity, "recipient">;

export interface SealOptions {
  /** Whether an existing file may be replaced; never by default. */
  replace?: boolean;
  /** scrypt cost for a passphrase as a power of two; lower it in tests only. */
  workFactor?: number;
}

async function encrypt(
  text: string,
  key: SealKey | SealRecipient,
  { workFactor = WORK_FACTOR }: SealOptions,
) {
  const encrypter = new Encrypter();
  if (typeof key !== "string") {
    encrypter.addRecipient(key.recipient);
  } else {
    assertStrongPassphrase(key);
    encrypter.setScryptWorkFactor(workFactor);
    encrypter.setPassphrase(key);
  }
  return encrypter.encrypt(text);
}

async function decrypt(file: Uint8Array, key: SealKey, path: string): Promise<string> {
  assertAgeHeader(file, path);
  const decrypter = new Decrypter();
  if (key instanceof SealIdentity) key.unlock(decrypter);
  else decrypter.addPassphrase(key);
  try {
    return await decrypter.decrypt(file, "text");
  } catch (cause) {
    throw sealedFileError(path, cause);
  }
}

/**
 * @param start the file's first bytes, or all of them
 * @throws {InvalidSealedFileError} if it does not begin as an age file does
 */
export function assertAgeHeader(start: Uint8Array, path: string): void {
  if (new TextDecoder().decode(start.subarray(0, AGE_HEADER.length)) === AGE_HEADER) return;
  const received = start.length === 0 ? "an empty file" : "another format";
  throw new InvalidSealedFileError({ path, received });
}

/** What it means that age does not open a file. */
export function sealedFileError(path: string, cause: unknown): BaseError {
  const { message } = cause as Error;
  // age says this when no key of ours unwraps the file key; anything else is damage.
  if (message.includes("no identity matched")) return new WrongPassphraseError({ path });
  return new InvalidSealedFileError({ path, received: `damaged: ${message}`, cause });
}

/**
 * Encrypts a value into a file (age format, mode 0600), whole or not at all, and returns once it is on the disk.
 *
 * Anyone who knows an identity's recipient can write a file that the identity opens: sealing keeps a secret,
 * it does not say who wrote it. Check what is read against its commitment.
 *
 * @param value JSON with bigints
 * @param key a passphrase (about a second of scrypt), or an identity or its recipient (about a millisecond)
 * @throws {FileExistsError} if the file exists and `replace` is not set
 * @throws {WeakPassphraseError} if the passphrase is too short
 * @see https://age-encryption.org/v1
 *
 * @example
 * await writeSealed("policy.age", compiled, await loadSealIdentity("identity.age", passphrase));
 */
export async function writeSealed(
  path: string,
  value: unknown,
  key: SealKey | SealRecipient,
  options: SealOptions = {},
): Promise<void> {
  const { replace = false } = options;
  await writeFileAtomic(path, await encrypt(stringifyWithBigints(value), key, options), {
    replace,
  });
}

/**
 * Opens a sealed file.
 *
 * @returns what was sealed; the caller checks that it has the form of T
 * @throws {KeyFileError} if the file cannot be read
 * @throws {WrongPassphraseError} if the key does not open it
 * @throws {InvalidSealedFileError} if it is not a sealed file, or damaged
 *
 * @example
 * const policy = await readSealed<CompiledPolicy>("policy.age", identity);
 */
export async function readSealed<T>(path: string, key: SealKey): Promise<T> {
  const text = await decrypt(await read(path), key, path);
  try {
    return parseWithBigints(text) as T;
  } catch (cause) {
    // The parser's message quotes the text, which is secret.
    throw new InvalidSealedFileError({
      path,
      received: `content that is not JSON (${(cause as Error).name})`,
    });
  }
}

/**
 * Makes a fresh identity in a new file that a passphrase protects; the `age` tool can use it too (`age -d -i`).
 *
 * @param path never overwritten
 * @throws {FileExistsError} if the file exists
 * @throws {WeakPassphraseError} if the passphrase is too short
 */
export async function createSealIdentity(
  path: string,
  passphrase: string,
  options: Pick<SealOptions, "workFactor"> = {},
): Promise<SealIdentity> {
  const identity = await SealIdentity.generate();
  await writeFileAtomic(path, await encrypt(`${identity.reveal()}\n`, passphrase, options));
  return identity;
}

/**
 * Opens an identity file.
 *
 * @throws {KeyFileError} if the file cannot be read
 * @throws {WrongPassphraseError} if the passphrase does not open it
 * @throws {InvalidSealedFileError} if it does not hold an identity
 */
export async function loadSealIdentity(path: string, passphrase: string): Promise<SealIdentity> {
  const text = await decrypt(await read(path), passphrase, path);
  try {
    return await SealIdentity.from(text.trim());
  } catch {
    throw new InvalidSealedFileError({ path, received: "content that is not an age identity" });
  }
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new KeyFileError({ path, doing: "read", cause });
  }
}
