import type { AgentObserver } from "../agent/observer.ts";

/** One observer that tells several, in their order. */
export function joinObservers(observers: readonly AgentObserver[]): Required<AgentObserver> {
  return {
    onStage: (...told) => observers.forEach((each) => void each.onStage?.(...told)),
    onStatus: (...told) => observers.forEach((each) => void each.onStatus?.(...told)),
    onDenied: (...told) => observers.forEach((each) => void each.onDenied?.(...told)),
    onLane: (...told) => observers.forEach((each) => void each.onLane?.(...told)),
    onProblem: (...told) => observers.forEach((each) => void each.onProblem?.(...told)),
  };
}
