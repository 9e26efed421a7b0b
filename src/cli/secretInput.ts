import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { InputFileError, InterruptedError, UsageError } from "../errors/cli.ts";
import { isReadableByOthers } from "../keys/files.ts";

/** Where a secret is read from. Never the command line or the environment: other processes see those. */
export interface SecretSource {
  /** Path of a file that holds it. */
  file?: string | undefined;
  /** Number of an open file descriptor. */
  fd?: number | undefined;
}

export interface ReadSecretOptions {
  /** What is asked for: "Passphrase for agent.json". */
  prompt: string;
  /** Asks twice and compares; for new secrets, on a terminal. */
  confirm?: boolean;
  /** Names the options to use where there is no terminal. */
  hint: string;
  warn: (message: string) => void;
}

/**
 * Reads one line of secret text: from a file, a descriptor, or a prompt that does not echo.
 *
 * @throws {UsageError} if no source is given and there is no terminal, or the two answers differ
 * @throws {InterruptedError} if it is answered with Ctrl-C
 * @throws {InputFileError} if the file or descriptor cannot be read or is empty
 */
export async function readSecret(
  source: SecretSource,
  { prompt, confirm = false, hint, warn }: ReadSecretOptions,
): Promise<string> {
  if (source.file !== undefined && source.fd !== undefined) {
    throw new UsageError("A secret comes from a file or a descriptor, not both", {
      details: [hint],
    });
  }
  if (source.file !== undefined) {
    const text = await readOrRefuse(source.file, () => readFile(source.file as string));
    if (await isReadableByOthers(source.file)) {
      warn(`${source.file} can be read by others; protect it with: chmod 600 ${source.file}`);
    }
    return text;
  }
  if (source.fd !== undefined) {
    return readOrRefuse(`file descriptor ${source.fd}`, () => readDescriptor(source.fd as number));
  }
  if (!process.stdin.isTTY) {
    throw new UsageError(`${prompt} is needed and there is no terminal to ask on`, {
      details: [hint],
    });
  }
  const answer = await ask(`${prompt}: `);
  if (confirm && answer !== (await ask("Once more: "))) {
    throw new UsageError("The two answers differ");
  }
  if (answer === "") throw new UsageError("Nothing was entered");
  return answer;
}

async function readOrRefuse(path: string, read: () => Promise<Buffer>): Promise<string> {
  const expected = "one line of text";
  let content: Buffer;
  try {
    content = await read();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputFileError({
      path,
      expected,
      received: code === "ENOENT" ? "no such file" : `${code}`,
    });
  }
  const text = content.toString("utf8").replace(/\r?\n$/, "");
  content.fill(0);
  if (text === "") throw new InputFileError({ path, expected, received: "nothing" });
  if (text.includes("\n")) throw new InputFileError({ path, expected, received: "several lines" });
  return text;
}

async function readDescriptor(fd: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream("", { fd, autoClose: false })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function ask(prompt: string): Promise<string> {
  // readline echoes what is typed to its output; this one swallows it.
  const output = new Writable({ write: (_chunk, _encoding, next) => next() });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  // Only now that the terminal's own echo is off: who answers at once is not seen either.
  process.stderr.write(prompt);
  const interrupted = new Promise<never>((_, reject) => {
    terminal.once("SIGINT", () => reject(new InterruptedError()));
    terminal.once("close", () => reject(new UsageError("Nothing was entered")));
  });
  try {
    return await Promise.race([terminal.question(""), interrupted]);
  } finally {
    terminal.close();
    process.stderr.write("\n");
  }
}
