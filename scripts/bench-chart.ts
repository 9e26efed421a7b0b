/**
 * Draws the bench's figures, `docs/bench.json`, as the chart in the README, `docs/bench.svg`.
 *
 * @example
 * npm run --silent bench -- --runs 30 --json > docs/bench.json
 * node scripts/bench-chart.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchResult } from "../src/cli/bench/bench.ts";

export const figuresFile = new URL("../docs/bench.json", import.meta.url);
export const chartFile = new URL("../docs/bench.svg", import.meta.url);

const WIDTH = 760;
const LEFT = 168;
const RIGHT = 132;
const ROW = 26;
const BAR = 16;

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .note { fill: #59636e; font-size: 12px; }
  .snarkjs { fill: #afb8c1; }
  .kernel { fill: #0969da; }
  .stage { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .snarkjs { fill: #656c76; }
    .kernel { fill: #4493f8; }
    .stage { fill: #3fb950; }
  }`;

interface Bar {
  label: string;
  ms: number;
  kind: "snarkjs" | "kernel" | "stage";
  note?: string;
}

interface Panel {
  title: string;
  note: string;
  bars: Bar[];
}

const shortMs = (ms: number) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en-US"));

function panelsOf({ prove, stages, kernel, circuits, runs }: BenchResult): Panel[] {
  const provers = (["gate", "wide"] as const).flatMap((circuit): Bar[] => {
    const { snarkjs, kernel: own } = prove[circuit];
    const factor = `${(snarkjs.medianMs / own.medianMs).toFixed(1)}× faster`;
    return [
      { label: `snarkjs, ${circuit}`, ms: snarkjs.medianMs, kind: "snarkjs" },
      { label: `kernel, ${circuit}`, ms: own.medianMs, kind: "kernel", note: factor },
    ];
  });
  const { evaluate, witness, sign, pipeline } = stages.gate;
  const parts: Bar[] = [
    { label: "evaluate policy", ms: evaluate.medianMs, kind: "stage" },
    { label: "witness", ms: witness.medianMs, kind: "stage" },
    ...Object.entries(kernel.gate).map(
      ([name, { medianMs }]): Bar => ({ label: `proof: ${name}`, ms: medianMs, kind: "kernel" }),
    ),
    { label: "sign", ms: sign.medianMs, kind: "stage" },
    { label: "decision to signature", ms: pipeline.medianMs, kind: "stage" },
  ];
  const rows = (circuit: "gate" | "wide") => circuits[circuit].rows.toLocaleString("en-US");
  return [
    {
      title: "A Groth16 proof from a ready witness",
      note: `gate: ${rows("gate")} rows, wide: ${rows("wide")} rows; median of ${runs}, warm, all cores`,
      bars: provers,
    },
    {
      title: "Decision to signature, gate circuit",
      note: "each stage alone; the parts of a proof overlap where threads work side by side",
      bars: parts.filter(({ ms }) => ms > 0.05),
    },
  ];
}

/** The chart of a bench's result, as SVG. */
export function benchChart(result: BenchResult): string {
  const lines: string[] = [];
  let y = 28;
  const text = (x: number, content: string, kind = "", anchor = "start") =>
    lines.push(
      `<text x="${x}" y="${y}"${kind && ` class="${kind}"`} text-anchor="${anchor}">${content}</text>`,
    );
  for (const { title, note, bars } of panelsOf(result)) {
    text(16, title, "title");
    y += 18;
    text(16, note, "note");
    y += 24;
    const longest = Math.max(...bars.map(({ ms }) => ms));
    for (const { label, ms, kind, note: remark } of bars) {
      const width = Math.max(1, ((WIDTH - LEFT - RIGHT) * ms) / longest);
      text(LEFT - 10, label, "", "end");
      lines.push(
        `<rect class="${kind}" x="${LEFT}" y="${y - 12}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      );
      text(LEFT + width + 8, `${shortMs(ms)} ms${remark ? `, ${remark}` : ""}`);
      y += ROW;
    }
    y += 24;
  }
  const { date, machine } = result;
  text(16, `${date}, ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`, "note");
  const height = y + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Proving times of snarkjs and of the kernel">`,
    `<style>${style}\n</style>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const result = JSON.parse(readFileSync(figuresFile, "utf8")) as BenchResult;
  writeFileSync(chartFile, benchChart(result));
}
