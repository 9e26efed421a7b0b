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

/** A transition that a finalized block has executed. */
export interface FinalTransition {
  /** keccak256 over what was asked for. */
  request: Hex;
  digest: Hex;
}

/** Where a lane's record starts: a state that stands on-chain, and nothing signed on top of it. */
export interface LaneStart extends LaneId {
  epoch: number;
  /** The lane's sequence number at `state`. */
  seq: bigint;
  state: State;
  /**
   * unix seconds: until a finalized block is past it, nothing may be signed for this record, because
   * transitions that it has forgotten could still land (after recovery, or a restored backup)
   */
  quietUntil: bigint;
}

/**
 * What a signer knows of a lane. Secret.
 *
 * `seq` and `state` are the last position known to be final (where a record starts, the one it was started
 * from). Whatever was signed after it stays in `pending` until it is final or dead, landed or not, so that a
 * reorganisation only means that the chain stands at an earlier entry again.
 */
export interface LaneRecord<Released> extends LaneStart {
  /** Counts the writes of the lane's record; absent before the first. The store sets it. */
  version?: number | undefined;
  /** The transitions after `state`, in order: the i-th has the sequence number `seq + i`. */
  pending: readonly PendingTransition<Released>[];
  /** The last ones that became final, newest last: the last took the sequence number `seq − 1`. */
  final: readonly FinalTransition[];
}

/**
 * A record without transitions.
 *
 * @example
 * await store.write(startRecord({ chainId, gate, lane, epoch: 1, seq: 0n, state, quietUntil: 0n }));
 */
export function startRecord<Released>(start: LaneStart): LaneRecord<Released> {
  const { chainId, gate, lane, epoch, seq, state, quietUntil } = start;
  return { chainId, gate, lane, epoch, seq, state, quietUntil, pending: [], final: [] };
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
