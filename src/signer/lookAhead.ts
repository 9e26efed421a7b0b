import type { GateSnapshot } from "./gateReader.ts";

/** How old a glance may be when it is taken, in milliseconds: nodes lag as much. */
const GOOD_FOR = 1_000;

/** Glances at the chain before the request is there that the glance is for. */
export interface LookAhead {
  /** Begins a glance, unless a good one is there or on its way. */
  begin(): void;
  /** The glance, for one request only; undefined if none was begun, it failed, or it is too old. */
  take(): Promise<GateSnapshot | undefined>;
}

/** @param now milliseconds of a clock that is never set */
export function createLookAhead(
  glance: () => Promise<GateSnapshot | undefined>,
  now = () => performance.now(),
): LookAhead {
  let begun: { at: number; snapshot: Promise<GateSnapshot | undefined> } | undefined;
  const isGood = () => begun !== undefined && now() - begun.at < GOOD_FOR;

  return {
    begin() {
      if (!isGood()) begun = { at: now(), snapshot: glance().catch(() => undefined) };
    },
    async take() {
      const taken = isGood() ? begun : undefined;
      begun = undefined;
      return taken?.snapshot;
    },
  };
}
