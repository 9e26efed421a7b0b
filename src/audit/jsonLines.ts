import { z } from "zod";
import { InvalidAuditEntryError } from "../errors/audit.ts";
import { type AuditEntry, auditEvents } from "./auditEntry.ts";
import { canonicalJson } from "./canonicalJson.ts";

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);

/** Only what the chain needs has a form here: a field that was added or changed shows in the hash. */
const entrySchema = z.looseObject({
  index: z.int().positive(),
  previous: hash,
  hash,
  event: z.enum(auditEvents),
  at: z.int(),
  principal: z.string(),
});

/**
 * An exported log: one entry per line, as canonical JSON (https://jsonlines.org).
 *
 * @example
 * await pipeline(formatAuditLog(journal.audit.read()), createWriteStream("audit.jsonl"));
 */
export async function* formatAuditLog(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
): AsyncIterable<string> {
  for await (const entry of entries) yield `${canonicalJson(entry)}\n`;
}

/**
 * Reads an exported log.
 *
 * @param lines without their line ends, as `node:readline` gives them; empty ones are skipped
 * @throws {InvalidAuditEntryError} at a line that is not an entry
 *
 * @example
 * await verifyAuditLog(parseAuditLog(createInterface({ input: createReadStream("audit.jsonl") })));
 */
export async function* parseAuditLog(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncIterable<AuditEntry> {
  let line = 0;
  for await (const text of lines) {
    line += 1;
    if (text.trim() !== "") yield parseAuditEntry(text, line);
  }
}

/**
 * Reads one line of an exported log.
 *
 * @param line its number, for the error
 * @throws {InvalidAuditEntryError} if it is not an entry
 */
export function parseAuditEntry(text: string, line: number): AuditEntry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InvalidAuditEntryError({ line, problem: "text that is not JSON" });
  }
  const parsed = entrySchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const problem = `${issue?.path.join(".") || "the line"}: ${issue?.message}`;
    throw new InvalidAuditEntryError({ line, problem });
  }
  return parsed.data as AuditEntry;
}
