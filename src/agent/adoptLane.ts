import { getBlockNumber } from "viem/actions";
import { createGateReader } from "../chain/gateReader.ts";
import { QUIET_SECONDS } from "../chain/recoverState.ts";
import { LaneBlockedError } from "../errors/agent.ts";
import { StateMismatchError } from "../errors/signer.ts";
import type { Journal } from "../journal/journal.ts";
import { settle } from "../signer/settle.ts";
import type { LaneId } from "../state/laneStore.ts";
import { rebuildRecord } from "./assureRecord.ts";
import type { AgentGate, AgentLane } from "./options.ts";

/** How a journal goes on with a lane. */
export interface AdoptedLane extends LaneId {
  epoch: number;
  /**
   * What became of the journal's record: it was `kept`, was `rebuilt` since the chain has moved on without it, or
   * is `absent`, and made when the lane is served.
   */
  record: "kept" | "rebuilt" | "absent";
  /** unix seconds: nothing is signed until a finalized block is past it */
  quietUntil: bigint;
}

/**
 * Prepares a journal to go on with a lane that was signed for with another one, or with a later copy of it: the
 * lane stays quiet until nothing that was signed elsewhere before this call can land. Nothing may be signed
 * elsewhere after it.
 *
 * @throws {LaneBlockedError} if the lane or its mandate is missing
 * @throws {UnrecoverableLaneError} if the record has to be rebuilt and cannot be
 * @throws {LaneConflictError} if a process works with the journal meanwhile
 */
export async function adoptLane(
  gate: AgentGate,
  lane: AgentLane,
  journal: Pick<Journal, "lanes">,
): Promise<AdoptedLane> {
  const { client, chainId } = gate;
  const id: LaneId = { chainId, gate: gate.gate, lane: lane.lane };
  const reader = createGateReader(client, { gate: gate.gate });
  return journal.lanes.exclusive(id, async () => {
    const stored = await journal.lanes.read(id);
    const snapshot = await reader.snapshot({ lane: lane.lane, priceFeeds: [] });
    const { epoch, policy } = snapshot.lane;
    if (epoch === 0) {
      throw new LaneBlockedError({
        reason: "the gate has no such lane: no deployment or rotation named it",
      });
    }
    const quietUntil = later(snapshot.time + QUIET_SECONDS, stored?.quietUntil ?? 0n);
    if (stored === undefined) return { ...id, epoch, record: "absent", quietUntil };
    // A record of another epoch hands its quiet on to the one that takes its place.
    if (stored.epoch !== epoch || stands()) {
      await journal.lanes.write({ ...stored, quietUntil });
      return { ...id, epoch, record: "kept", quietUntil };
    }
    const mandate = await lane.mandate(policy);
    if (mandate?.committed.commitment !== policy) {
      throw new LaneBlockedError({ reason: "there is no mandate for its policy" });
    }
    const blockNumber = await getBlockNumber(client, { cacheTime: 0 });
    const { record } = await rebuildRecord(gate, lane, { epoch, mandate, blockNumber }, stored);
    const rebuilt = { ...record, ...id, quietUntil: later(record.quietUntil, quietUntil) };
    await journal.lanes.write({ ...rebuilt, version: stored.version });
    return { ...id, epoch, record: "rebuilt", quietUntil: rebuilt.quietUntil };

    function stands(): boolean {
      try {
        settle(stored as NonNullable<typeof stored>, snapshot);
        return true;
      } catch (error) {
        if (error instanceof StateMismatchError) return false;
        throw error;
      }
    }
  });
}

const later = (a: bigint, b: bigint) => (a > b ? a : b);
