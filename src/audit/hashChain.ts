import { createHash } from "node:crypto";
import type { Hex } from "viem";
import type { AuditContent, AuditEntry } from "./auditEntry.ts";
import { canonicalJson } from "./canonicalJson.ts";

/** What the first entry names as the hash before it. */
export const GENESIS_HASH: Hex = `0x${"0".repeat(64)}`;

/** Where a log stood: a copy kept elsewhere shows later that nothing up to it was changed or cut off. */
export type AuditCheckpoint = Pick<AuditEntry, "index" | "hash">;

/** What became of a log. */
export type AuditVerification =
  | {
      isIntact: true;
      /** How many entries were read. */
      entries: number;
      /** The last one; undefined for an empty log. */
      head: AuditCheckpoint | undefined;
    }
  | {
      isIntact: false;
      /** The first link that does not hold: the index that should stand there. */
      index: number;
      /** What is wrong with it, in words. */
      problem: string;
    };

/**
 * Makes the next link of a log.
 *
 * @param previous the log's head; undefined for the first entry
 *
 * @example
 * const first = sealEntry({ event: "started", at: Date.now(), principal: "service" }, undefined);
 */
export function sealEntry(
  content: AuditContent,
  previous: AuditCheckpoint | undefined,
): AuditEntry {
  const link = { index: (previous?.index ?? 0) + 1, previous: previous?.hash ?? GENESIS_HASH };
  return { ...content, ...link, hash: entryHash({ ...content, ...link }) };
}

/** sha256 over the hash before (32 bytes) and the canonical JSON (UTF-8) of everything else but the hash. */
export function entryHash(entry: Omit<AuditEntry, "hash"> & { hash?: Hex }): Hex {
  const { previous, hash: _, ...content } = entry;
  const digest = createHash("sha256")
    .update(Buffer.from(previous.slice(2), "hex"))
    .update(canonicalJson(content))
    .digest("hex");
  return `0x${digest}`;
}

/**
 * Says what is wrong with an entry as the one that follows `previous`, or nothing if it is the next link.
 */
export function linkProblem(
  entry: AuditEntry,
  previous: AuditCheckpoint | undefined,
): string | undefined {
  const index = (previous?.index ?? 0) + 1;
  if (entry.index !== index) return `entry ${entry.index} stands where ${index} should`;
  if (entry.previous !== (previous?.hash ?? GENESIS_HASH)) {
    return "it does not name the hash of the entry before it";
  }
  return entry.hash === entryHash(entry) ? undefined : "its content does not have its hash";
}

/**
 * Checks every link of a log, from its beginning or from a point that is known.
 *
 * A log that was cut off at its end is a whole log to this check unless it is compared with a checkpoint.
 *
 * @param options.after the entry before the first one given; the log's beginning unless given
 * @param options.checkpoint a point that the log must reach and hold
 *
 * @example
 * const result = await verifyAuditLog(journal.audit.read(), { checkpoint });
 * if (!result.isIntact) throw new Error(`entry ${result.index}: ${result.problem}`);
 */
export async function verifyAuditLog(
  entries: AsyncIterable<AuditEntry> | Iterable<AuditEntry>,
  options: { after?: AuditCheckpoint | undefined; checkpoint?: AuditCheckpoint | undefined } = {},
): Promise<AuditVerification> {
  const { after, checkpoint } = options;
  let head = after;
  let count = 0;
  for await (const entry of entries) {
    const index = (head?.index ?? 0) + 1;
    const problem =
      linkProblem(entry, head) ??
      (entry.index === checkpoint?.index && entry.hash !== checkpoint.hash
        ? "it is not the one that the checkpoint names"
        : undefined);
    if (problem !== undefined) return { isIntact: false, index, problem };
    head = { index: entry.index, hash: entry.hash };
    count += 1;
  }
  const last = head?.index ?? 0;
  if (checkpoint !== undefined && checkpoint.index > last) {
    const problem = `the log ends before it; the checkpoint names entry ${checkpoint.index}`;
    return { isIntact: false, index: last + 1, problem };
  }
  return { isIntact: true, entries: count, head };
}
