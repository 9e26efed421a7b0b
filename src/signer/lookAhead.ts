import type { GateSnapshot } from "./gateReader.ts";

/** How old a snapshot may be when it is used, in milliseconds: less than a node lags by one block. */
const GOOD_FOR = 1_000;

/** Reads the chain before the request is there that it is read for. */
export interface LookAhead {
  /** Begins to read, unless a good snapshot is there or on its way. */
  begin(): void;
  /** What was read, for one request only; undefined if nothing was, it failed, or it is too old. */
  take(): Promise<GateSnapshot | undefined>;
}

/** @param now milliseconds of a clock that is never set */
export function createLookAhead(
  read: () => Promise<GateSnapshot>,
  now = () => performance.now(),
): LookAhead {
  let begun: { at: number; snapshot: Promise<GateSnapshot | undefined> } | undefined;
  const isGood = () => begun !== undefined && now() - begun.at < GOOD_FOR;

  return {
    begin() {
      if (!isGood()) begun = { at: now(), snapshot: read().catch(() => undefined) };
    },
    async take() {
      const taken = isGood() ? begun : undefined;
      begun = undefined;
      return taken?.snapshot;
    },
  };
}
