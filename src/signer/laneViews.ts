import type { Address } from "viem";
import { UnknownLaneError } from "../errors/signer.ts";
import type { LaneId, LaneRecord, LaneStore } from "../state/laneStore.ts";
import type { SignedGateCall } from "./gateCall.ts";
import type { GateReader, GateSnapshot } from "./gateReader.ts";
import { createLookAhead } from "./lookAhead.ts";
import { type Settlement, settle } from "./settle.ts";

/** A lane's record, what was seen of the chain, and what the one makes of the other. */
export interface LaneView {
  stored: LaneRecord<SignedGateCall>;
  snapshot: GateSnapshot;
  settlement: Settlement<SignedGateCall>;
  /** Whether the chain was only glanced at, before the record was read. */
  isEarlier: boolean;
}

/** Looks at one lane, in the record and on the chain. */
export interface LaneViews {
  /** Begins a glance at the chain for the next `earlier`. */
  prepare(): void;
  /**
   * The record beside the chain; read again when it was written while the chain was read.
   *
   * @param assertUsable throws if the snapshot will not do
   * @throws {StateMismatchError | StaleChainError | UnknownLaneError} if they do not fit
   */
  now(assertUsable?: (snapshot: GateSnapshot) => void): Promise<LaneView>;
  /**
   * The record beside a glance at the chain from before it was read: as a node shows it that lags.
   *
   * @returns undefined where there is none, or it does not fit: look `now`
   */
  earlier(): Promise<LaneView | undefined>;
}

/** @param options.priceFeeds feeds whose rounds are wanted */
export function createLaneViews(
  options: LaneId & {
    store: LaneStore<SignedGateCall>;
    reader: GateReader;
    priceFeeds: readonly Address[];
  },
): LaneViews {
  const { chainId, gate, lane, store, reader, priceFeeds } = options;
  // Asynchronous, so that whatever a reader throws is a glance that failed.
  const lookAhead = createLookAhead(async () => reader.glance?.({ lane, priceFeeds }));

  async function storedRecord(): Promise<LaneRecord<SignedGateCall>> {
    const stored = await store.read({ chainId, gate, lane });
    if (!stored) throw new UnknownLaneError({ lane });
    return stored;
  }

  return {
    prepare: lookAhead.begin,

    async now(assertUsable) {
      for (;;) {
        const stored = await storedRecord();
        const snapshot = await reader.snapshot({ lane, priceFeeds });
        assertUsable?.(snapshot);
        try {
          return { stored, snapshot, settlement: settle(stored, snapshot), isEarlier: false };
        } catch (error) {
          if ((await storedRecord()).version === stored.version) throw error;
        }
      }
    },

    async earlier() {
      const snapshot = await lookAhead.take();
      if (!snapshot) return undefined;
      const stored = await storedRecord();
      try {
        return { stored, snapshot, settlement: settle(stored, snapshot), isEarlier: true };
      } catch {
        return undefined;
      }
    },
  };
}
