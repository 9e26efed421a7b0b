import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { benchChart, chartFile, figuresFile } from "../../scripts/bench-chart.ts";

test("the chart that is shown is that of the figures beside it", () => {
  const figures = JSON.parse(readFileSync(figuresFile, "utf8"));
  expect(readFileSync(chartFile, "utf8")).toBe(benchChart(figures));
});
