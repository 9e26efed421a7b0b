import type { Address, Hex } from "viem";
import type { State } from "./state.ts";

/** Names one lane of one gate. */
export interface LaneId {
  chainId: number;
  gate: Address;
  lane: number;
}

/** A transition that was prepared for signing and may have left: it can still land. */
export interface PendingTransition<Released> {
  /** keccak256 over what was asked for; the same request gets the same answer. */
  request: Hex;
  /** What the agent's signature covers. */
  digest: Hex;
  /** unix seconds: after a finalized block past it, the digest is dead */
  deadline: bigint;
  stateNew: State;
  /** What is handed out for this request. */
  released: Released;
}

/** What a signer knows of a lane. Secret. */
export interface LaneRecord<Released> extends LaneId {
  /** Counts the writes of the lane's record; absent before the first. The store sets it. */
  version?: number | undefined;
  epoch: number;
  /** The lane's sequence number at `state`. */
  seq: bigint;
  state: State;
  /**
   * unix seconds: until a finalized block is past it, nothing may be signed for this record, because
   * transitions that it has forgotten could still land (after recovery, or a restored backup)
   */
  quietUntil: bigint;
  pending?: PendingTransition<Released> | undefined;
}

/**
 * Where lane records live. Writing compares and swaps: whoever works from a record that another has
 * replaced meanwhile (after a pause of the process, on another host) cannot write, and so cannot sign.
 */
export interface LaneStore<Released> {
  read(lane: LaneId): Promise<LaneRecord<Released> | undefined>;
  /**
   * Replaces the record that this one was made from; durable (fsync) when it returns.
   *
   * @returns the record with its new version, to go on from
   * @throws {LaneConflictError} if the lane's record has another version than `record`
   */
  write(record: LaneRecord<Released>): Promise<LaneRecord<Released>>;
  /** Runs `work` while no other process or task holds the lane. */
  exclusive<T>(lane: LaneId, work: () => Promise<T>): Promise<T>;
}

/**
 * Writes a record over whatever stands there: for recovery and rotation, which start a lane's record anew.
 * To be called within `exclusive`.
 */
export async function replaceRecord<Released>(
  store: LaneStore<Released>,
  record: LaneRecord<Released>,
): Promise<LaneRecord<Released>> {
  return store.write({ ...record, version: (await store.read(record))?.version });
}
