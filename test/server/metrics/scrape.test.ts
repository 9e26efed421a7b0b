import { describe, expect, it } from "vitest";
import type { OuterTransaction } from "../../../src/journal/journal.ts";
import { createMetrics } from "../../../src/server/metrics/metrics.ts";
import { type ScrapeSources, scrape } from "../../../src/server/metrics/scrape.ts";
import { createMemoryAgent, gate, submitter } from "../support/memoryAgent.ts";

function sources(): ScrapeSources {
  const sent = (nonce: number, ageSeconds: number): OuterTransaction => ({
    chainId: 31_337,
    submitter,
    nonce,
    to: gate,
    value: 0n,
    data: "0x",
    gas: 0n,
    status: "sent",
    attempts: [
      {
        hash: "0x",
        raw: "0x",
        maxFeePerGas: 0n,
        maxPriorityFeePerGas: 0n,
        at: Date.now() - ageSeconds * 1_000,
      },
    ],
  });
  return {
    agent: createMemoryAgent(),
    journal: {
      requests: { count: async () => ({ queued: 3, final: 9 }) },
      transactions: { open: async () => [sent(41, 3_600), sent(42, 0)] },
    } as unknown as ScrapeSources["journal"],
    readiness: async () => ({ ready: false, checks: [{ name: "journal", ok: false }] }),
    stuckSeconds: 30,
  };
}

describe("what the metrics show", () => {
  it("is what stands: lanes, requests, transactions, readiness", async () => {
    const text = await scrape(createMetrics({ exposeBudgets: false }), sources());
    const lane = `gate="${gate}",lane="0"`;
    const account = `chain="31337",submitter="${submitter}"`;
    for (const line of [
      `zkmandate_lane_state{${lane},state="serving"} 1`,
      `zkmandate_lane_queued{${lane}} 2`,
      `zkmandate_lane_in_flight{${lane}} 1`,
      `zkmandate_lane_seq{${lane}} 7`,
      'zkmandate_requests{status="queued"} 3',
      `zkmandate_submitter_open_transactions{${account}} 2`,
      `zkmandate_submitter_stuck_transactions{${account}} 1`,
      `zkmandate_submitter_open_nonce{${account}} 41`,
      'zkmandate_ready{check="journal"} 0',
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  });

  it("tells budgets only where the operator wants it", async () => {
    const shown = await scrape(createMetrics({ exposeBudgets: true }), sources());
    expect(shown).toContain('budget="daily"} 0.25');
    const hidden = await scrape(createMetrics({ exposeBudgets: false }), sources());
    expect(hidden).not.toMatch(/headroom|daily/);
  });

  it("never shows old figures as new: a source that fails leaves a gap and is named", async () => {
    const metrics = createMetrics({ exposeBudgets: true });
    const read = sources();
    await scrape(metrics, read);
    const away = () => Promise.reject(new Error("planted"));
    const text = await scrape(metrics, {
      ...read,
      agent: { ...read.agent, lanes: away, budgets: away },
      journal: { requests: { count: away }, transactions: { open: away } } as never,
    });
    for (const source of ["lanes", "requests", "submitters", "budgets"]) {
      expect(text).toContain(`zkmandate_scrape_failed{source="${source}"} 1`);
    }
    expect(text).not.toMatch(/^zkmandate_(lane_state|requests|submitter_\w+|budget_\w+)\{/m);
    expect(text).not.toContain("planted");
  });
});
