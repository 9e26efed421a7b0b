/**
 * What a node has signed for a lane, so that it never helps to sign two digests that can both land for one sequence
 * number (docs/PROTOCOL.md §10). Unlike the signer's record it may have gaps: other nodes sign without this one.
 */
import type { Hex } from "viem";
import { NodeRefusalError } from "../errors/node.ts";
import type { GateSnapshot } from "../signer/gateReader.ts";

/** A transition that the node has signed. Commitments only: nothing here is secret. */
export interface SignedTransition {
  readonly epoch: number;
  readonly seq: bigint;
  readonly digest: Hex;
  /** unix seconds */
  readonly time: bigint;
  /** unix seconds */
  readonly deadline: bigint;
  /** State commitments. */
  readonly stateOld: bigint;
  readonly stateNew: bigint;
}

/** What a node has signed for one lane and may still matter. */
export type SignedRecord = readonly SignedTransition[];

/** Of a snapshot, what decides what can still land. */
export type ChainStanding = Pick<GateSnapshot, "finalizedTime" | "finalized" | "lane">;

/** How many transitions of a lane a node remembers at most that are neither final nor replaced for good. */
const MAX_RECORDED = 1_024;

/** Forgets what a finalized block has executed or overtaken. */
function remembered(record: SignedRecord, { finalized }: ChainStanding): SignedRecord {
  if (!finalized) return record;
  return record.filter(
    ({ epoch, seq }) =>
      epoch > finalized.epoch || (epoch === finalized.epoch && seq >= finalized.seq),
  );
}

/**
 * Forgets those past their deadline at a finalized block on which nothing stands and whose place a later one took: they
 * decide nothing any more, and while nothing lands there would be ever more of them.
 */
function withoutReplaced(record: SignedRecord, { finalizedTime }: ChainStanding): SignedRecord {
  let kept = record;
  for (const transition of record.toSorted((a, b) => Number(b.seq - a.seq))) {
    const { epoch, seq, time, deadline, stateNew } = transition;
    if (finalizedTime <= deadline) continue;
    const ofEpoch = kept.filter((other) => other.epoch === epoch);
    const isReplaced = ofEpoch.some((other) => other.seq === seq && other.time > time);
    const isFollowed = ofEpoch.some(
      (other) => other.seq === seq + 1n && other.stateOld === stateNew,
    );
    if (isReplaced && !isFollowed) kept = kept.filter((other) => other !== transition);
  }
  return kept;
}

/**
 * Which transitions of a record can land no more: past their deadline at a finalized block, or made for a state that
 * only such ones lead to. For the latter it matters that what takes the place of dead ones has a later time, hence
 * leads to another state (see signer/settle.ts). Other nodes may have signed what leads to the same one all the same:
 * whatever is made for the state in which the lane is lives.
 */
function deadOf(
  record: SignedRecord,
  { finalizedTime, finalized, lane }: ChainStanding,
): Set<SignedTransition> {
  const stands = ({ epoch, seq, stateOld }: SignedTransition) =>
    [lane, finalized].some((at) => at?.epoch === epoch && at.seq === seq && at.state === stateOld);
  const dead = new Set<SignedTransition>();
  for (const transition of record.toSorted((a, b) => Number(a.seq - b.seq))) {
    const parents = record.filter(
      ({ epoch, seq, stateNew }) =>
        epoch === transition.epoch &&
        seq === transition.seq - 1n &&
        stateNew === transition.stateOld,
    );
    const isOrphan = parents.length > 0 && parents.every((parent) => dead.has(parent));
    if ((isOrphan && !stands(transition)) || finalizedTime > transition.deadline)
      dead.add(transition);
  }
  return dead;
}

/** The transition before a sequence number that leads to a state and can still land. */
export function precedingOf(
  record: SignedRecord,
  standing: ChainStanding,
  { epoch, seq, stateOld }: Pick<SignedTransition, "epoch" | "seq" | "stateOld">,
): SignedTransition | undefined {
  const dead = deadOf(record, standing);
  return record.find(
    (signed) =>
      signed.epoch === epoch &&
      signed.seq === seq - 1n &&
      signed.stateNew === stateOld &&
      !dead.has(signed),
  );
}

/**
 * The record with a transition that is about to be signed.
 *
 * @returns the same record, if the digest is in it already
 * @throws {NodeRefusalError} `already-signed` if another digest of the sequence number can still land, `wrong-time` if
 * the transition is not later than the dead ones whose place it takes, `wrong-sequence` if too many are not final
 */
export function withTransition(
  record: SignedRecord,
  standing: ChainStanding,
  transition: SignedTransition,
): SignedRecord {
  const { epoch, seq, digest, time } = transition;
  const kept = withoutReplaced(remembered(record, standing), standing);
  if (kept.some((signed) => signed.digest === digest)) return record;
  const dead = deadOf(kept, standing);
  const rivals = kept.filter((signed) => signed.epoch === epoch && signed.seq >= seq);
  for (const rival of rivals) {
    // A later one that lives was made for the state of a rival that this node did not sign.
    if (!dead.has(rival)) throw new NodeRefusalError({ reason: "already-signed" });
    if (time <= rival.time) throw new NodeRefusalError({ reason: "wrong-time" });
  }
  if (kept.length >= MAX_RECORDED) throw new NodeRefusalError({ reason: "wrong-sequence" });
  return [...kept, transition];
}
