import type { Hex } from "viem";
import { InvalidCheckpointError } from "../errors/audit.ts";
import type { AuditCheckpoint } from "./hashChain.ts";

/** A checkpoint as one word, `<index>:<hash>`, to be kept where the log's host cannot change it. */
export const formatCheckpoint = ({ index, hash }: AuditCheckpoint): string => `${index}:${hash}`;

/**
 * Reads what `formatCheckpoint` wrote.
 *
 * @throws {InvalidCheckpointError} if it is something else
 *
 * @example
 * parseCheckpoint(`12:0x${"ab".repeat(32)}`).index; // 12
 */
export function parseCheckpoint(text: string): AuditCheckpoint {
  const [, index, hash] = /^([1-9]\d{0,14}):(0x[0-9a-f]{64})$/.exec(text.trim()) ?? [];
  if (index === undefined || hash === undefined) {
    throw new InvalidCheckpointError({ received: text });
  }
  return { index: Number(index), hash: hash as Hex };
}
