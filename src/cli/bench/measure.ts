/** Milliseconds of repeated runs. */
export interface Timing {
  medianMs: number;
  p95Ms: number;
}

/** The runs before the counted ones: code is compiled, artifacts are loaded. */
const WARM_UP_RUNS = 3;

const rounded = (ms: number) => Math.round(ms * 1_000) / 1_000;

/** Median and 95th percentile (nearest rank). */
export function summarize(samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = (share: number) =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { medianMs: rounded(rank(0.5)), p95Ms: rounded(rank(0.95)) };
}

/**
 * Times `work`, warm.
 *
 * @param runs how many runs count, at least 1
 * @param prepare done before each run and not timed
 */
export async function measure(
  runs: number,
  work: () => unknown,
  prepare: () => unknown = () => {},
): Promise<Timing> {
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    await prepare();
    await work();
  }
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) {
    await prepare();
    samples.push(await timeOf(work));
  }
  return summarize(samples);
}

/** Milliseconds that one run takes. */
export async function timeOf(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
