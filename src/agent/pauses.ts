import { RequestRefusedError } from "../errors/agent.ts";
import type { Journal } from "../journal/journal.ts";
import type { GateId } from "./agent.ts";

/** Which gates operators have paused: at once here, durably in the journal, and soon in other processes. */
export interface Pauses {
  /** As far as this process knows. */
  isPaused(gate: GateId): boolean;
  /** @throws {JournalUnavailableError} if it is not durable; the pause holds here nevertheless */
  set(gate: GateId | "*", isPaused: boolean): Promise<void>;
  /** Whether a pause of just this gate, or of all (`*`), holds, as far as this process knows. */
  has(gate: GateId | "*"): boolean;
  /** Takes over what other processes have set. */
  refresh(): Promise<void>;
  /**
   * Asks the journal, which other processes pause in too.
   *
   * @throws {RequestRefusedError} if the gate is paused
   * @throws {JournalUnavailableError} if it cannot be known: doubt denies
   */
  assertRunning(gate: GateId): Promise<void>;
}

export function createPauses(journal: Journal["pauses"]): Pauses {
  /** As the journal has them. */
  let recorded = new Set<string>();
  /** Asked for here and perhaps not durable yet. */
  const asked = new Set<string>();
  /** How often something was recorded from here: what was listed before that is outdated. */
  let changes = 0;
  const has = (gate: GateId | "*") =>
    namesOf(gate).some((name) => recorded.has(name) || asked.has(name));
  const isPaused = (gate: GateId) => has("*") || has(gate);

  async function refresh(): Promise<void> {
    for (let before = -1; before !== changes; ) {
      before = changes;
      const listed = await journal.list();
      if (before === changes) recorded = new Set(listed.map((name) => name.toLowerCase()));
    }
  }

  async function setOne(name: string, paused: boolean): Promise<void> {
    if (paused) asked.add(name);
    await journal.set(name, paused);
    if (paused) recorded.add(name);
    else recorded.delete(name);
    changes += 1;
    asked.delete(name);
  }

  return {
    isPaused,
    has,
    refresh,
    async set(gate, paused) {
      const [name, ...older] = namesOf(gate);
      if (paused) return setOne(name, true);
      for (const each of [name, ...older]) await setOne(each, false);
    },
    async assertRunning(gate) {
      if (!isPaused(gate)) await refresh();
      if (!isPaused(gate)) return;
      throw pausedError();
    },
  };
}

/** How the journal calls a pause; before chains were part of it, a gate's was called by its address. */
function namesOf(gate: GateId | "*"): [name: string, ...older: string[]] {
  if (gate === "*") return ["*"];
  const address = gate.gate.toLowerCase();
  return [`${gate.chainId}-${address}`, address];
}

export function pausedError(): RequestRefusedError {
  return new RequestRefusedError({
    reason: "paused",
    message: "Operators have paused the gate",
  });
}
