import type { LaneReport } from "../../agent/agent.ts";

/** One thing that the service needs to be of use. */
export interface ReadinessCheck {
  name: string;
  /** @throws if it is not there */
  run(): Promise<void>;
}

export interface Readiness {
  ready: boolean;
  /** For operators: what was looked at, and what is wrong in a word. */
  checks: readonly { name: string; ok: boolean; problem?: string }[];
}

/** How long a check is waited for, milliseconds. */
const CHECK_TIMEOUT_MS = 5_000;
/** How long an answer stands, milliseconds: probes must not become load on the node. */
const ANSWER_STANDS_MS = 1_000;

/**
 * Tells whether all of a service's parts are there; looks at most once a second.
 *
 * @param onProblem told of each failed check with its error
 */
export function createReadiness(
  checks: readonly ReadinessCheck[],
  onProblem: (name: string, error: unknown) => void,
): () => Promise<Readiness> {
  let last: { answer: Promise<Readiness>; at: number } | undefined;

  const look = async (): Promise<Readiness> => {
    const results = await Promise.all(
      checks.map(async ({ name, run }) => {
        try {
          await within(CHECK_TIMEOUT_MS, run());
          return { name, ok: true };
        } catch (error) {
          onProblem(name, error);
          return { name, ok: false, problem: error instanceof Error ? error.name : "unknown" };
        }
      }),
    );
    return { ready: results.every(({ ok }) => ok), checks: results };
  };

  return () => {
    const now = performance.now();
    if (last === undefined || now - last.at > ANSWER_STANDS_MS) last = { answer: look(), at: now };
    return last.answer;
  };
}

/** Lanes that neither this process nor, as far as it knows, another one works on. */
export function blockedLanes(lanes: readonly LaneReport[]): readonly LaneReport[] {
  return lanes.filter(({ state }) => state === "blocked");
}

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error("no answer in time");
      error.name = "TimeoutError";
      reject(error);
    }, milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
