import type { LaneReport } from "../../agent/agent.ts";
import { problemOf } from "../../agent/problem.ts";
import { BaseError } from "../../errors/base.ts";

/** One thing that the service needs to be of use. */
export interface ReadinessCheck {
  name: string;
  /** @throws if it is not there */
  run(): Promise<void>;
}

export interface Readiness {
  ready: boolean;
  /** For operators: what was looked at, and what is wrong. */
  checks: readonly { name: string; ok: boolean; problem?: string }[];
}

/** How long a check is waited for, milliseconds. */
const CHECK_TIMEOUT_MS = 5_000;
/** How long an answer stands, milliseconds: probes must not become load on the node. */
const ANSWER_STANDS_MS = 1_000;

/**
 * Tells whether all of a service's parts are there; looks at most once a second.
 *
 * @param onProblem told of a check that fails, with its error, and again when it fails otherwise
 */
export function createReadiness(
  checks: readonly ReadinessCheck[],
  onProblem: (name: string, error: unknown) => void,
): () => Promise<Readiness> {
  const problems = new Map<string, string>();
  let last: { answer: Promise<Readiness>; at: number } | undefined;

  const look = async (): Promise<Readiness> => {
    const results = await Promise.all(
      checks.map(async ({ name, run }) => {
        try {
          await within(CHECK_TIMEOUT_MS, run());
          problems.delete(name);
          return { name, ok: true };
        } catch (error) {
          const problem = textOf(error);
          if (problems.get(name) !== problem) onProblem(name, error);
          problems.set(name, problem);
          return { name, ok: false, problem };
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

/** What operators are told: words of ours, of other errors the name, since their texts may quote what is secret. */
function textOf(error: unknown): string {
  if (error instanceof BaseError) return problemOf(error);
  return error instanceof Error ? error.name : "unknown";
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
