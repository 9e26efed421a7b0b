import type { Address, Hex } from "viem";
import type { AuditContent, AuditEntry } from "../audit/auditEntry.ts";
import type { SignedGateCall } from "../signer/gateCall.ts";
import type { LaneId, LaneStore } from "../state/laneStore.ts";
import type { PruneOptions, PruneReturnType } from "./prune.ts";
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

/**
 * Who works on a lane; a lease that its owner renews and that others may take when it has run out. No clock
 * that can be set has a part in it (see `leaseWatch.ts`).
 */
export interface Ownership {
  /**
   * Takes or renews the lease. Others get a lease that was not given back when they have seen it unrenewed
   * for its whole length, so they ask again and again, at least once per length.
   *
   * @param owner names the process, differently each time that it starts
   * @returns whether `owner` holds the lane: for `ttlMs` from before the call, by his own monotonic clock
   */
  claim(lane: LaneId, owner: string, ttlMs: number): Promise<boolean>;
  release(lane: LaneId, owner: string): Promise<void>;
}

/**
 * The service's memory: what it was asked, what it signed, what it sent. Every method is one transaction of
 * the database and durable when it returns; secrets are encrypted record by record.
 *
 * @throws {JournalUnavailableError} from any method, if the database cannot be reached or written. Whether
 *   the change was made is not known when the database went away at the end of it: the same call may be made
 *   again, and where it compares and swaps, it then tells whether it was.
 * @throws {JournalDamagedError} from any method that reads, if a record is not what was written
 */
export interface Journal {
  /**
   * Tells it from every other: drawn when the journal was made, so that a restored one has another. Of a journal
   * in a file it says where the file is too: a copy is another.
   */
  readonly name: string;
  lanes: LaneStore<SignedGateCall>;
  ownership: Ownership;
  requests: {
    /**
     * Records a request, or finds the one with the same principal and idempotency key (whichever lane it
     * was given).
     *
     * @throws {IdempotencyConflictError} if that one asked for something else
     */
    add(request: NewRequest): Promise<{ request: RequestRecord; isNew: boolean }>;
    /**
     * The request that `add` would find, by principal and idempotency key.
     *
     * @throws {IdempotencyConflictError} if that one asked for something else
     */
    find(request: NewRequest): Promise<RequestRecord | undefined>;
    get(id: string): Promise<RequestRecord | undefined>;
    /** By any hash of an outer transaction that ever carried it. */
    byTransaction(hash: Hex): Promise<RequestRecord | undefined>;
    /** Oldest first. */
    list(filter: {
      lane?: LaneId | undefined;
      kind?: RequestRecord["kind"] | undefined;
      statuses?: readonly RequestStatus[] | undefined;
      /** Only those that are reported as failed and may land. */
      mayLand?: true | undefined;
      limit?: number | undefined;
    }): Promise<RequestRecord[]>;
    /**
     * Compare-and-swap on the status.
     *
     * @param audit appended to the audit log in the same transaction: both are recorded, or neither
     * @throws {RequestConflictError} if the request does not stand at `from`
     */
    advance(
      id: string,
      from: RequestStatus,
      change: Partial<
        Pick<RequestRecord, "status" | "signed" | "transactions" | "failure" | "mayLand">
      >,
      audit?: AuditContent,
    ): Promise<RequestRecord>;
    /** How many stand where, of a lane or of all. */
    count(lane?: LaneId): Promise<Partial<Record<RequestStatus, number>>>;
  };
  transactions: {
    /**
     * Takes the submitter's next nonce: above every recorded one, and at least `atLeast`.
     * The same request always gets the same transaction.
     *
     * @throws {RequestConflictError} if there is no such request, or it has ended
     */
    reserve(
      input: Omit<OuterTransaction, "nonce" | "attempts" | "status" | "mined"> & {
        atLeast: number;
      },
    ): Promise<OuterTransaction>;
    /**
     * Replaces a reserved transaction.
     *
     * @throws {TransactionConflictError} if its nonce was not reserved, if it carries another request, or if
     *   it lacks an attempt that is recorded
     */
    save(transaction: OuterTransaction): Promise<void>;
    /** Those that are not mined, and all from the nonce `from` on, mined or not; by nonce. */
    open(chainId: number, submitter: Address, from?: number): Promise<OuterTransaction[]>;
    ofRequest(request: string): Promise<OuterTransaction | undefined>;
  };
  audit: {
    append(content: AuditContent): Promise<AuditEntry>;
    /**
     * In order, from an index on; each link is checked.
     *
     * @throws {JournalDamagedError} at the first link that does not hold, or if entries are missing at the end
     */
    read(fromIndex?: number): AsyncIterable<AuditEntry>;
    head(): Promise<AuditEntry | undefined>;
  };
  /** What operators have paused, as the agent calls it, in lower case. Survives a restart. */
  pauses: {
    list(): Promise<string[]>;
    set(name: string, isPaused: boolean): Promise<void>;
  };
  /**
   * Forgets finished requests and their transactions; the audit log never. A client's idempotency key is
   * forgotten with its request: keep them for as long as clients may ask again, and past every deadline.
   */
  prune(options: PruneOptions): Promise<PruneReturnType>;
  /** Whether the database answers and can be written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
