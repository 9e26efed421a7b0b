import type { RequestRecord, RequestStatus } from "../journal/request.ts";
import type { Restriction } from "../policy/finding.ts";
import type { LaneReport } from "./agent.ts";

/** What a request's time goes into, in order. */
export const stages = [
  "read",
  "evaluate",
  "reserve",
  "prove",
  "sign",
  "record",
  "submit",
  "confirm",
] as const;
export type Stage = (typeof stages)[number];

/**
 * Told what happens, for metrics, logs and traces. Calls are synchronous and short; what one throws is
 * swallowed. Nothing that is handed over is a secret or a limit, but restriction words hint at limits.
 */
export interface AgentObserver {
  /** A stage of a request has ended. */
  onStage?(stage: Stage, milliseconds: number, request: RequestRecord): void;
  /** A request stands elsewhere; `from` is undefined for a new one. */
  onStatus?(request: RequestRecord, from: RequestStatus | undefined): void;
  /** The policy denied a request; the restrictions that failed in the rules that came closest. */
  onDenied?(request: RequestRecord, restrictions: readonly Restriction[]): void;
  /** A lane's report has changed. */
  onLane?(lane: LaneReport): void;
  /** Something went wrong that is tried again; of errors only message lines fit for a log. */
  onProblem?(problem: { where: string; error: unknown; lane?: number; gate?: string }): void;
}

/** The same observer, whose errors disturb nobody. */
export function quietObserver(observer: AgentObserver): AgentObserver {
  const quiet =
    <Arguments extends unknown[]>(tell: ((...told: Arguments) => void) | undefined) =>
    (...told: Arguments) => {
      try {
        tell?.(...told);
      } catch {
        // Whoever watches must not stop what is watched.
      }
    };
  return {
    onStage: quiet(observer.onStage?.bind(observer)),
    onStatus: quiet(observer.onStatus?.bind(observer)),
    onDenied: quiet(observer.onDenied?.bind(observer)),
    onLane: quiet(observer.onLane?.bind(observer)),
    onProblem: quiet(observer.onProblem?.bind(observer)),
  };
}
