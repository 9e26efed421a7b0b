import { readFile, stat } from "node:fs/promises";
import lockfile from "proper-lockfile";
import { z } from "zod";
import { schemaIssue } from "../../errors/schemaIssue.ts";
import { TokenFileError, TokenNameError } from "../../errors/server.ts";
import { writeFileAtomic } from "../../keys/files.ts";
import { hashToken, isReserved, newToken, type TokenRecord, tokenRecordSchema } from "./token.ts";

const schema = z.strictObject({ version: z.literal(1), tokens: z.array(tokenRecordSchema) });

/** What a new token may do. */
export type NewToken = Omit<TokenRecord, "hash" | "createdAt" | "revokedAt">;

/**
 * Reads the tokens file.
 *
 * @returns no tokens where there is no file
 * @throws {TokenFileError} if it is malformed, or others than its owner can write it
 */
export async function readTokens(path: string): Promise<readonly TokenRecord[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
    if (((await stat(path)).mode & 0o022) !== 0) {
      throw new TokenFileError({ path, problem: "others than its owner can write it" });
    }
  } catch (error) {
    if (error instanceof TokenFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new TokenFileError({ path, problem: `it cannot be read: ${code}` });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new TokenFileError({ path, problem: "it is not JSON" });
  }
  const parsed = schema.safeParse(json, { error: schemaIssue });
  if (parsed.success) return parsed.data.tokens;
  const [issue] = parsed.error.issues;
  throw new TokenFileError({ path, problem: `${issue?.path.join(".")}: ${issue?.message}` });
}

/**
 * Adds a token to the file.
 *
 * @returns the token itself, which is nowhere else
 * @throws {TokenNameError} if the name was ever given, or is the service's own: the audit log knows people by it
 * @throws {TokenFileError} as `readTokens`
 */
export async function addToken(path: string, wanted: NewToken): Promise<string> {
  if (isReserved(wanted.name)) {
    throw new TokenNameError({
      name: wanted.name,
      problem: "would pass for the service itself in the audit log",
      hint: "choose another name, such as who will use it",
    });
  }
  const token = newToken();
  await change(path, (tokens) => {
    if (tokens.some(({ name }) => name === wanted.name)) {
      throw new TokenNameError({
        name: wanted.name,
        problem: "is there already",
        hint: "choose another name: one is never given twice, not even after it was revoked",
      });
    }
    const hash = hashToken(token).toString("hex");
    return [...tokens, { ...wanted, hash, createdAt: new Date().toISOString() }];
  });
  return token;
}

/**
 * Revokes a token for good; a running service refuses it within a second.
 *
 * @throws {TokenNameError} if there is none of that name
 * @throws {TokenFileError} as `readTokens`
 */
export async function revokeToken(path: string, name: string): Promise<TokenRecord> {
  let revoked: TokenRecord | undefined;
  await change(path, (tokens) =>
    tokens.map((token) => {
      if (token.name !== name) return token;
      revoked = { ...token, revokedAt: token.revokedAt ?? new Date().toISOString() };
      return revoked;
    }),
  );
  if (!revoked)
    throw new TokenNameError({
      name,
      problem: "is not in the tokens file",
      hint: "see: zkmandate token list",
    });
  return revoked;
}

async function change(
  path: string,
  work: (tokens: readonly TokenRecord[]) => readonly TokenRecord[],
): Promise<void> {
  const release = await lockfile.lock(path, {
    realpath: false,
    retries: { retries: 20, minTimeout: 50 },
  });
  try {
    const tokens = work(await readTokens(path));
    const text = `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`;
    await writeFileAtomic(path, text, { replace: true });
  } finally {
    await release();
  }
}
