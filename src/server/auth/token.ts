import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";

/** How every token starts, so that scanners find one that was pasted where it should not be. */
const TOKEN_PREFIX = "zkm_";
const TOKEN_BYTES = 32;

/** What a token looks like: the prefix and 256 bits in base64url. */
export const tokenPattern = /zkm_[A-Za-z0-9_-]{43}/;

/** What the audit log calls callers that are no client's: the service itself, operators on its host, its own process. */
const reservedNames: readonly string[] = ["service", "operator", "local"];

/** Whether a token of that name would pass for somebody else in the audit log. */
export const isReserved = (name: string): boolean => reservedNames.includes(name);

const instant = z.iso.datetime();

/** What is kept of a token: never the token itself. */
export const tokenRecordSchema = z.strictObject({
  /** What logs and the audit log call whoever uses it; never given twice. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "not a token's name"),
  /** sha256 of the token, hexadecimal. A token is 256 random bits: nothing slower is needed. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, "not a sha256"),
  /** Names of the gates that it may act for; others do not exist for it. */
  gates: z.union([z.literal("*"), z.array(z.string().min(1)).min(1)]),
  /** Methods that it may call: names, or beginnings that end with `*`. */
  methods: z.array(z.string().min(1)).min(1),
  /** Whether it may pause, resume, reload and read explanations, which reveal limits. */
  operator: z.boolean(),
  /** Calls in a minute; the configuration's unless given. */
  callsPerMinute: z.int().positive().optional(),
  createdAt: instant,
  expiresAt: instant.optional(),
  revokedAt: instant.optional(),
});
export type TokenRecord = z.infer<typeof tokenRecordSchema>;

/** A fresh token, 256 random bits. It is shown once and kept by its owner alone. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString("base64url");
}

/** What the tokens file keeps of a token: its sha256. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest();
}

/** Whether a list of methods, as a token has it, names a method. */
export function namesMethod(methods: readonly string[], method: string): boolean {
  return methods.some((entry) =>
    entry.endsWith("*") ? method.startsWith(entry.slice(0, -1)) : entry === method,
  );
}
