import type { Generated, Kysely, Transaction } from "kysely";

/** Names a lane in a row; the gate's address in lower case. */
export interface LaneColumns {
  chain_id: number;
  gate: string;
  lane: number;
}

/** An encrypted record, and the version that it was encrypted for. */
interface SealedColumns {
  /** Counts the writes of the row from 1. */
  version: number;
  payload: Uint8Array;
}

/**
 * The journal's tables, the same in both databases. Columns beside `payload` are what queries need; what
 * they say stands in the payload too, and a row where the two differ is refused.
 */
export interface Schema {
  /** One row: whose journal it is. */
  journal: {
    id: number;
    /** A UUID, drawn when the journal was made. */
    name: string;
    key_salt: Uint8Array;
    key_check: Uint8Array;
    /** Changed to see whether the database can be written. */
    pings: number;
  };
  lanes: LaneColumns & SealedColumns;
  leases: LaneColumns & {
    /** null when it was given back. */
    owner: string | null;
    /** Counts takings, renewals and returns; never goes back. */
    term: number;
    ttl_ms: number;
  };
  requests: LaneColumns &
    SealedColumns & {
      /** Order of arrival. */
      ordinal: Generated<number>;
      id: string;
      /** Keyed hash of principal and idempotency key; null without one. */
      dedup: string | null;
      kind: string;
      status: string;
      /** 1 while it is reported as failed and can land all the same. */
      may_land: number | null;
      /** unix milliseconds */
      updated_at: number;
    };
  transactions: SealedColumns & {
    chain_id: number;
    submitter: string;
    nonce: number;
    request_id: string | null;
    status: string;
    /** unix milliseconds */
    updated_at: number;
  };
  /** Which request a transaction hash belongs to. */
  transaction_hashes: { hash: string; request_id: string };
  /** One row per submitter: locked while a nonce is taken. */
  submitters: { chain_id: number; address: string; next_nonce: number };
  audit: { position: number; entry: string };
  /** One row: where the audit log stands; locked while it grows. */
  audit_head: { id: number; position: number; hash: string; mac: string };
  pauses: { gate: string };
}

/** What queries run on: a connection or a transaction. */
export type Queries = Kysely<Schema> | Transaction<Schema>;
