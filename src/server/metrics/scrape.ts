import type { Agent } from "../../agent/agent.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Readiness } from "../health/readiness.ts";
import type { Metrics } from "./metrics.ts";

export interface ScrapeSources {
  agent: Pick<Agent, "gates" | "lanes" | "budgets">;
  journal: Pick<Journal, "requests" | "transactions">;
  readiness: () => Promise<Readiness>;
  /** seconds after which an outer transaction counts as stuck */
  stuckSeconds: number;
}

/**
 * Reads what stands now and gives all metrics as Prometheus wants them. A source that fails leaves its
 * figures out and is named in `zkmandate_scrape_failed`; old figures are never shown as new.
 */
export async function scrape(
  { registry, gauges }: Metrics,
  sources: ScrapeSources,
): Promise<string> {
  const { agent, journal, readiness, stuckSeconds } = sources;
  const read = async (source: string, work: () => Promise<void>) => {
    try {
      await work();
      gauges.scrapeFailed.set({ source }, 0);
    } catch {
      gauges.scrapeFailed.set({ source }, 1);
    }
  };

  const lanes = async () => {
    const { laneState, laneOwned, laneInFlight, laneQueued, laneSeq } = gauges;
    for (const gauge of [laneState, laneOwned, laneInFlight, laneQueued, laneSeq]) gauge.reset();
    for (const { gate, lane, state, isOwned, inFlight, queued, seq } of await agent.lanes()) {
      laneState.set({ gate, lane, state }, 1);
      laneOwned.set({ gate, lane }, isOwned ? 1 : 0);
      laneInFlight.set({ gate, lane }, inFlight);
      laneQueued.set({ gate, lane }, queued);
      if (seq !== undefined) laneSeq.set({ gate, lane }, Number(seq));
    }
  };

  const requests = async () => {
    gauges.requests.reset();
    for (const [status, count] of Object.entries(await journal.requests.count())) {
      gauges.requests.set({ status }, count);
    }
  };

  const submitters = async () => {
    const { submitterOpen, submitterNonce, submitterOldest, submitterStuck } = gauges;
    for (const gauge of [submitterOpen, submitterNonce, submitterOldest, submitterStuck]) {
      gauge.reset();
    }
    const accounts = new Map(
      agent
        .gates()
        .map(({ chainId, submitter }) => [`${chainId}/${submitter}`, { chainId, submitter }]),
    );
    const now = Date.now();
    for (const { chainId, submitter } of accounts.values()) {
      const open = await journal.transactions.open(chainId, submitter);
      const labels = { chain: chainId, submitter };
      const seconds = (at: number | undefined) => (at === undefined ? 0 : (now - at) / 1_000);
      submitterOpen.set(labels, open.length);
      submitterStuck.set(
        labels,
        open.filter(({ attempts }) => seconds(attempts.at(-1)?.at) > stuckSeconds).length,
      );
      const [oldest] = open;
      if (!oldest) continue;
      submitterNonce.set(labels, oldest.nonce);
      submitterOldest.set(labels, seconds(oldest.attempts[0]?.at));
    }
  };

  const budgets = async () => {
    gauges.budgetHeadroom?.reset();
    for (const { gate, lane, budget, headroom } of await agent.budgets()) {
      gauges.budgetHeadroom?.set({ gate, lane, budget }, headroom);
    }
  };

  const ready = async () => {
    for (const { name, ok } of (await readiness()).checks) {
      gauges.ready.set({ check: name }, ok ? 1 : 0);
    }
  };

  await Promise.all([
    read("lanes", lanes),
    read("requests", requests),
    read("submitters", submitters),
    read("ready", ready),
    ...(gauges.budgetHeadroom ? [read("budgets", budgets)] : []),
  ]);
  return registry.metrics();
}
