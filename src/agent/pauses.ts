import type { Address } from "viem";
import { RequestRefusedError } from "../errors/agent.ts";
import type { Journal } from "../journal/journal.ts";

/** Which gates operators have paused: at once here, durably in the journal, and soon in other processes. */
export interface Pauses {
  /** As far as this process knows. */
  isPaused(gate: Address): boolean;
  /** @throws {JournalUnavailableError} if it is not durable; the pause holds here nevertheless */
  set(gate: Address | "*", isPaused: boolean): Promise<void>;
  /** Takes over what other processes have set. */
  refresh(): Promise<void>;
  /**
   * Asks the journal, which other processes pause in too.
   *
   * @throws {RequestRefusedError} if the gate is paused
   * @throws {JournalUnavailableError} if it cannot be known: doubt denies
   */
  assertRunning(gate: Address): Promise<void>;
}

export function createPauses(journal: Journal["pauses"]): Pauses {
  /** In lower case; as the journal has them. */
  let recorded = new Set<string>();
  /** Asked for here and perhaps not durable yet. */
  const asked = new Set<string>();
  /** How often something was recorded from here: what was listed before that is outdated. */
  let changes = 0;
  const has = (gate: string) => recorded.has(gate) || asked.has(gate);
  const isPaused = (gate: Address) => has("*") || has(gate.toLowerCase());

  async function refresh(): Promise<void> {
    for (let before = -1; before !== changes; ) {
      before = changes;
      const listed = await journal.list();
      if (before === changes) recorded = new Set(listed.map((gate) => gate.toLowerCase()));
    }
  }

  return {
    isPaused,
    refresh,
    async set(gate, paused) {
      const name = gate.toLowerCase();
      if (paused) asked.add(name);
      await journal.set(gate, paused);
      if (paused) recorded.add(name);
      else recorded.delete(name);
      changes += 1;
      asked.delete(name);
    },
    async assertRunning(gate) {
      if (!isPaused(gate)) await refresh();
      if (!isPaused(gate)) return;
      throw pausedError();
    },
  };
}

export function pausedError(): RequestRefusedError {
  return new RequestRefusedError({
    reason: "paused",
    message: "Operators have paused the gate",
  });
}
