import type { Address, Hex } from "viem";
import type { AuditContent, AuditEntry } from "../audit/auditEntry.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { LaneId, LaneStore } from "../state/laneStore.ts";
import type { NewRequest, RequestRecord, RequestStatus } from "./request.ts";

/** An outer transaction of the submitter's account: its nonce is taken for good once it is recorded. */
export interface OuterTransaction {
  chainId: number;
  submitter: Address;
  nonce: number;
  /** The request that it carries; undefined for one that only fills a gap. */
  request?: string | undefined;
  to: Address;
  /** wei */
  value: bigint;
  data: Hex;
  gas: bigint;
  /** Every version that was signed, the newest last; a version is recorded before it is sent. */
  attempts: readonly {
    hash: Hex;
    raw: Hex;
    maxFeePerGas: bigint;
    maxPriorityFeePerGas: bigint;
    /** unix milliseconds */
    at: number;
  }[];
  status: "reserved" | "sent" | "mined";
  /** The version that was mined. */
  mined?: { hash: Hex; blockNumber: bigint; blockHash: Hex; success: boolean } | undefined;
}

/** Who works on a lane; a lease that its owner renews and that others may take when it has run out. */
export interface Ownership {
  /**
   * Takes or renews the lease.
   *
   * @returns whether `owner` holds the lane for the next `ttlMs` by the database's clock
   */
  claim(lane: LaneId, owner: string, ttlMs: number): Promise<boolean>;
  release(lane: LaneId, owner: string): Promise<void>;
}

/**
 * The service's memory: what it was asked, what it signed, what it sent. Every method is one transaction of
 * the database and durable when it returns; secrets are encrypted record by record.
 *
 * @throws {JournalUnavailableError} from any method, if the database cannot be reached or written: nothing
 *   has changed then, or the same call may be made again
 */
export interface Journal {
  lanes: LaneStore<SignedGateCall>;
  ownership: Ownership;
  requests: {
    /** Records a request, or finds the one with the same principal and idempotency key. */
    add(request: NewRequest): Promise<{ request: RequestRecord; isNew: boolean }>;
    get(id: string): Promise<RequestRecord | undefined>;
    /** By any hash of an outer transaction that ever carried it. */
    byTransaction(hash: Hex): Promise<RequestRecord | undefined>;
    /** Oldest first. */
    list(filter: {
      lane?: LaneId | undefined;
      statuses?: readonly RequestStatus[] | undefined;
      limit?: number | undefined;
    }): Promise<RequestRecord[]>;
    /**
     * Compare-and-swap on the status.
     *
     * @throws {RequestConflictError} if the request does not stand at `from`
     */
    advance(
      id: string,
      from: RequestStatus,
      change: Partial<Pick<RequestRecord, "status" | "signed" | "transactions" | "failure">>,
    ): Promise<RequestRecord>;
    count(): Promise<Partial<Record<RequestStatus, number>>>;
  };
  transactions: {
    /**
     * Takes the submitter's next nonce: above every recorded one, and at least `atLeast`.
     * The same request always gets the same transaction.
     */
    reserve(
      input: Omit<OuterTransaction, "nonce" | "attempts" | "status" | "mined"> & {
        atLeast: number;
      },
    ): Promise<OuterTransaction>;
    save(transaction: OuterTransaction): Promise<void>;
    /** Those that are not mined, by nonce. */
    open(chainId: number, submitter: Address): Promise<OuterTransaction[]>;
    ofRequest(request: string): Promise<OuterTransaction | undefined>;
  };
  audit: {
    append(content: AuditContent): Promise<AuditEntry>;
    /** In order, from an index on. */
    read(fromIndex?: number): AsyncIterable<AuditEntry>;
    head(): Promise<AuditEntry | undefined>;
  };
  /** Gates that operators have paused; `*` is all. Survives a restart. */
  pauses: {
    list(): Promise<string[]>;
    set(gate: Address | "*", isPaused: boolean): Promise<void>;
  };
  /** Whether the database answers and can be written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
