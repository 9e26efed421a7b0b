import { timingSafeEqual } from "node:crypto";
import { stat } from "node:fs/promises";
import { hashToken, isReserved, type TokenRecord } from "./token.ts";
import { readTokens } from "./tokenFile.ts";

/** How long the file is not looked at again, milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** Tells who calls. */
export interface Authenticator {
  /**
   * Who an `Authorization` header stands for.
   *
   * @returns nothing for a token that is unknown, revoked or expired, or a header that is none: nobody learns which
   */
  authenticate(authorization: string | undefined): Promise<TokenRecord | undefined>;
  /**
   * Reads the file anew.
   *
   * @throws {TokenFileError} if it cannot be used; nobody is let in until it can
   */
  reload(): Promise<void>;
}

export interface AuthenticatorOptions {
  /** The tokens file. */
  path: string;
  /** Told when the file cannot be used. */
  onError: (error: unknown) => void;
  /** unix milliseconds */
  now?: () => number;
}

/**
 * Knows the bearer tokens of a file, and notices within a second that the file was changed.
 *
 * @throws {TokenFileError} if the file cannot be used
 */
export async function createAuthenticator({
  path,
  onError,
  now = Date.now,
}: AuthenticatorOptions): Promise<Authenticator> {
  let known: readonly { record: TokenRecord; hash: Buffer }[] = [];
  let version = "";
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let latest = 0;

  const load = async (): Promise<void> => {
    const seen = await versionOf(path);
    try {
      const records = await readTokens(path);
      known = records.map((record) => ({ record, hash: Buffer.from(record.hash, "hex") }));
    } catch (error) {
      known = [];
      throw error;
    } finally {
      version = seen;
    }
  };

  const look = async (): Promise<void> => {
    try {
      if ((await versionOf(path)) !== version) await load();
    } catch (error) {
      onError(error);
    } finally {
      lookedAt = performance.now();
      looking = undefined;
    }
  };

  await load();
  return {
    reload: load,
    async authenticate(authorization) {
      if (performance.now() - lookedAt > LOOK_EVERY_MS) {
        looking ??= look();
        await looking;
      }
      // A clock that is set back revives nothing.
      latest = Math.max(latest, now());
      const presented = hashToken(bearerOf(authorization));
      // Every record is compared and every condition is evaluated, whatever the token is.
      let found: TokenRecord | undefined;
      for (const { record, hash } of known) {
        const { name, expiresAt, revokedAt } = record;
        const valid =
          revokedAt === undefined &&
          !isReserved(name) &&
          (expiresAt === undefined || latest < Date.parse(expiresAt));
        if (timingSafeEqual(hash, presented) && valid) found = record;
      }
      return found;
    },
  };
}

/** The token of a header; empty, which no token's hash is of, for anything else. */
function bearerOf(authorization = ""): string {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1] ?? "";
}

/** Changes whenever the file does: a new file has another inode, even within a clock tick. */
async function versionOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, size, mode } = await stat(path, { bigint: true });
    return [ino, mtimeNs, size, mode].join();
  } catch {
    return "missing";
  }
}
