import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { JournalDamagedError } from "../errors/journal.ts";
import { parseWithBigints, stringifyWithBigints } from "../keys/bigintJson.ts";
import type { SealIdentity } from "../keys/sealed.ts";

/** First byte of every payload. */
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Bytes of a journal's key salt. */
export const KEY_SALT_BYTES = 32;

/** Which version of which row a payload belongs to. */
export interface RowName {
  table: string;
  key: string;
  version: number;
}

/**
 * Encrypts records one by one. A payload opens only in the row and version that it was made for: it cannot
 * be put into another row, and an earlier one does not pass for a later. (A whole row that was set back,
 * version included, shows against the chain: the lane does not stand where its record says.)
 */
export interface RecordCipher {
  /** @param value JSON with bigints */
  seal(row: RowName, value: unknown): Uint8Array;
  /** @throws {JournalDamagedError} if the payload is not what was sealed for this row and version */
  open<T>(row: RowName, payload: Uint8Array): T;
  /** Keyed hash, as hex: of what must be found or checked but not read. */
  mac(purpose: string, text: string): string;
}

/**
 * AES-256-GCM with a fresh nonce per payload (at most 2^32 per table and journal), under keys that
 * HKDF-SHA256 derives from the identity and the journal's salt, one per table.
 *
 * @param salt the journal's, 32 random bytes
 * @see https://www.rfc-editor.org/rfc/rfc5869
 * @see https://doi.org/10.6028/NIST.SP.800-38D section 8.3 for the bound
 */
export function createRecordCipher(identity: SealIdentity, salt: Uint8Array): RecordCipher {
  const keys = new Map<string, Uint8Array>();
  function keyFor(use: string): Uint8Array {
    const known = keys.get(use);
    if (known) return known;
    const key = new Uint8Array(
      hkdfSync("sha256", identity.reveal(), salt, `zkmandate journal v1: ${use}`, 32),
    );
    keys.set(use, key);
    return key;
  }

  return {
    seal(row, value) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keyFor(`records of ${row.table}`), nonce);
      cipher.setAAD(associatedData(row));
      const text = Buffer.concat([cipher.update(stringifyWithBigints(value)), cipher.final()]);
      return Buffer.concat([Uint8Array.of(FORMAT), nonce, cipher.getAuthTag(), text]);
    },

    open<T>(row: RowName, payload: Uint8Array): T {
      const [start, middle] = [1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES];
      try {
        if (payload[0] !== FORMAT || payload.length < middle) throw new Error("another format");
        const key = keyFor(`records of ${row.table}`);
        const decipher = createDecipheriv("aes-256-gcm", key, payload.subarray(1, start), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(associatedData(row));
        decipher.setAuthTag(payload.subarray(start, middle));
        const text = Buffer.concat([decipher.update(payload.subarray(middle)), decipher.final()]);
        return parseWithBigints(text.toString()) as T;
      } catch {
        // No cause: a parser's message would quote the record.
        throw new JournalDamagedError({
          what: `${row.table}, ${row.key}, version ${row.version}`,
          problem: "the record does not decrypt",
        });
      }
    },

    mac(purpose, text) {
      return createHmac("sha256", keyFor(`hashes for ${purpose}`))
        .update(text)
        .digest("hex");
    },
  };
}

/** The row's identity, unambiguous as JSON. */
const associatedData = ({ table, key, version }: RowName) =>
  Buffer.from(JSON.stringify([table, key, version]));
