import { Command } from "commander";
import { parseCount } from "../actionOptions.ts";
import type { Timing } from "../bench/measure.ts";
import { action, examples } from "../cli.ts";
import { table } from "../output.ts";

/** `zkmandate bench`: time, memory and gas on this machine. */
export function benchCommand(): Command {
  return new Command("bench")
    .description(
      "Measures each circuit's stages (evaluate, witness, prove, verify, sign, pipeline; median and 95th " +
        "percentile, warm), signatures by kind of key, a start from nothing, the service over HTTP, memory, and the " +
        "gas of each operation on a local chain. Takes minutes.",
    )
    .option("--runs <number>", "runs that count, of each stage", parseCount, 20)
    .addHelpText("after", examples(["zkmandate bench", "zkmandate bench --runs 50 --json"]))
    .action(
      action<{ runs: number }>(async (_cli, { runs }) => {
        // Hardhat comes with the repository, not with the package.
        const { runBench } = await import("../bench/bench.ts");
        const onProgress = (what: string) => process.stderr.write(`${what}\n`);
        const result = await runBench({ runs, onProgress });
        const lines = (of: Record<string, Record<string, Timing>>, name: string) =>
          Object.entries(of).flatMap(([circuit, timings]) =>
            Object.entries(timings).map(
              ([what, { medianMs, p95Ms }]) =>
                [
                  `${circuit} ${name}${what}`,
                  `${medianMs.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms`,
                ] as const,
            ),
          );
        const timings = [
          ...lines(result.stages, ""),
          ...lines(result.prove, "proof alone, "),
          ...lines(result.kernel, "kernel's "),
          ...lines({ signature: { ...result.keys } }, "by key in "),
          ...lines({ "key generation": { ...result.keyGeneration.frost3of5 } }, "of 3 of 5, "),
        ];
        const { machine, circuits, start, setupDev, service, memoryMb, gas } = result;
        return {
          data: { ...result },
          text: table([
            ["machine", `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`],
            ...Object.entries(circuits).map(
              ([circuit, { rows, wires }]) =>
                [`circuit ${circuit}`, `${rows} rows, ${wires} wires`] as const,
            ),
            ...timings,
            ["first proof, tables on disk", `${start.firstProofMs} ms`],
            ["first proof, no tables", `${start.firstProofNoTablesMs} ms`],
            ["from process start to first proof", `${start.processToProofMs} ms`],
            [
              "resident memory",
              `${start.residentMb} MB (before the prover: ${start.residentBeforeMb} MB)`,
            ],
            ...(setupDev === undefined
              ? []
              : [
                  [
                    `development setup, domain ${setupDev.domainSize}`,
                    `${setupDev.ms} ms`,
                  ] as const,
                ]),
            [
              "service, request to signed call",
              `${service.requestMedianMs.toFixed(1)} ms, p95 ${service.requestP95Ms.toFixed(1)} ms; ` +
                `decision to signature beside it ${service.pipelineMedianMs.toFixed(1)} ms`,
            ],
            [
              "service, load to landing",
              `${service.load.accepted} accepted in ${service.load.seconds} s, ` +
                `${service.load.lost} lost, ${service.load.duplicated} duplicated`,
            ],
            ["peak memory of the bench", `${memoryMb} MB`],
            ...Object.entries(gas).map(([name, amount]) => [`gas ${name}`, `${amount}`] as const),
          ]),
        };
      }),
    );
}
