import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { Decrypter, Encrypter } from "age-encryption";
import { BaseError } from "../errors/base.ts";
import { KeyFileError } from "../errors/keys.ts";
import { writeFileAtomic } from "./files.ts";
import { assertAgeHeader, type SealIdentity, sealedFileError } from "./sealed.ts";

/** The same as Node's, by the name that age's types know. */
type WebStream = globalThis.ReadableStream<Uint8Array>;

/** Longer than the line that every age file begins with. */
const HEADER_BYTES = 32;

/**
 * Encrypts lines into a file (age format, mode 0600) as they come, whole or not at all, and returns once it
 * is on the disk. `age -d` opens it.
 *
 * @param lines without line ends
 * @throws {FileExistsError} if the file exists
 * @throws {KeyFileError} if the file system refuses
 *
 * @example
 * await writeSealedLines("backup.age", lines(), identity);
 */
export async function writeSealedLines(
  path: string,
  lines: AsyncIterable<string>,
  { recipient }: SealIdentity,
): Promise<void> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const text = ReadableStream.from(encode(lines));
  await writeFileAtomic(path, chunksOf(await encrypter.encrypt(text as WebStream)));
}

async function* encode(lines: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  for await (const line of lines) yield Buffer.from(`${line}\n`);
}

/** A stream as it is read: what breaks it is thrown there. */
async function* chunksOf(stream: WebStream): AsyncIterable<Uint8Array> {
  yield* stream as ReadableStream<Uint8Array>;
}

/**
 * Opens a file of sealed lines. A line that is given is as it was sealed; that the file is whole is known at
 * its end.
 *
 * @throws {KeyFileError} if the file cannot be read
 * @throws {WrongPassphraseError} if the identity does not open it
 * @throws {InvalidSealedFileError} if it is not a sealed file, or damaged
 *
 * @example
 * for await (const line of readSealedLines("backup.age", identity)) console.log(line);
 */
export async function* readSealedLines(
  path: string,
  identity: SealIdentity,
): AsyncIterable<string> {
  const file = await open(path).catch((cause: unknown) => {
    throw new KeyFileError({ path, doing: "read", cause });
  });
  try {
    await assertSealed(file, path);
    const decrypter = new Decrypter();
    identity.unlock(decrypter);
    const sealed = Readable.toWeb(file.createReadStream({ start: 0, autoClose: false }));
    yield* linesOf(chunksOf(await decrypter.decrypt(sealed as WebStream)));
  } catch (cause) {
    throw cause instanceof BaseError ? cause : sealedFileError(path, cause);
  } finally {
    await file.close();
  }
}

async function assertSealed(file: FileHandle, path: string): Promise<void> {
  const { buffer, bytesRead } = await file.read({
    buffer: Buffer.alloc(HEADER_BYTES),
    position: 0,
  });
  assertAgeHeader(buffer.subarray(0, bytesRead), path);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
