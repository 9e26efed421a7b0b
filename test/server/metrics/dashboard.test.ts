import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createMetrics } from "../../../src/server/metrics/metrics.ts";

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

const dashboard = JSON.parse(
  await readFile(new URL("../../../ops/grafana/zkmandate.json", import.meta.url), "utf8"),
) as { panels: Panel[]; templating: { list: { query: unknown }[] } };

/** Functions and keywords of PromQL that the dashboard uses. */
const words = new Set([
  "sum",
  "min",
  "max",
  "by",
  "rate",
  "increase",
  "histogram_quantile",
  "label_values",
]);

/** Names of metrics that a query reads: identifiers outside of labels and groupings. */
function metricsOf(query: string): string[] {
  const bare = query
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\bby \([^)]*\)/g, "")
    .replace(/^label_values\((\w+),.*$/, "$1");
  return [...bare.matchAll(/[a-zA-Z_]\w*/g)]
    .map(([name]) => name)
    .filter((name) => !words.has(name));
}

/** Labels that a query groups by. */
const labelsOf = (query: string) =>
  [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => (list as string).split(/, */));

describe("the Grafana dashboard", () => {
  const { registry } = createMetrics({ exposeBudgets: true });
  const known = new Map<string, readonly string[]>();
  for (const { name, type, ...metric } of registry.getMetricsAsArray()) {
    const { labelNames = [] } = metric as { labelNames?: readonly string[] };
    for (const suffix of `${type}` === "histogram" ? ["_bucket", "_sum", "_count"] : [""]) {
      known.set(name + suffix, labelNames);
    }
  }
  const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [title, expr] as const),
  );

  it("asks for something in every panel", () => {
    expect(queries.length).toBeGreaterThan(20);
  });

  it.each(queries)("%s: asks for metrics and labels that there are: %s", (_title, query) => {
    const names = metricsOf(query);
    expect(names).not.toEqual([]);
    for (const name of names) {
      expect(known.has(name), name).toBe(true);
      for (const label of labelsOf(query)) {
        expect(["instance", "le", ...(known.get(name) ?? [])]).toContain(label);
      }
    }
  });

  it("shows every metric of the service", () => {
    const shown = new Set(queries.flatMap(([, query]) => metricsOf(query)));
    const missing = [...known.keys()].filter(
      (name) => name.startsWith("zkmandate_") && !/_(sum|count)$/.test(name) && !shown.has(name),
    );
    expect(missing).toEqual([]);
  });
});
