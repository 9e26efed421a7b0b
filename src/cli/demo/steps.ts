import pc from "picocolors";

/** One scene of the demo and how it ended. */
export interface DemoStep {
  name: string;
  outcome: string;
  /** Whether the outcome is the one that should be. */
  ok: boolean;
  /** Gas of the step's transactions, refused ones too; 0 where nothing went on-chain. */
  gas: number;
  ms: number;
  /** Why, where there is more to say: a denial's explanation. */
  details: readonly string[];
}

/** What a scene reports. */
export type SceneResult = Pick<DemoStep, "outcome" | "ok"> & {
  gas?: bigint;
  details?: readonly string[];
};

/** Plays scenes one after the other, times them and tells about them. */
export interface Stage {
  readonly steps: readonly DemoStep[];
  chapter(title: string): void;
  /** Plays a scene; one that throws is a step that is not ok, and the show goes on. */
  scene(name: string, play: () => Promise<SceneResult>): Promise<void>;
  /** A line of narration. */
  say(text: string): void;
}

const NAME_WIDTH = 34;
const OUTCOME_WIDTH = 48;
const INDENT = " ".repeat(NAME_WIDTH + 5);

/**
 * @param output where the story is told to people; absent when only the steps matter
 */
export function createStage(output?: NodeJS.WriteStream): Stage {
  const steps: DemoStep[] = [];
  const write = (line: string) => output?.write(`${line}\n`);
  /** On a terminal, the scene that is playing; its result takes the line's place. */
  const announce = (name: string) => {
    if (output?.isTTY) output.write(pc.dim(`  … ${name}`));
  };
  const clearLine = () => {
    if (output?.isTTY) output.write("\r\x1b[K");
  };
  return {
    steps,
    chapter(title) {
      write(`\n${pc.bold(title)}`);
    },
    say(text) {
      write(pc.dim(`  ${text}`));
    },
    async scene(name, play) {
      const start = performance.now();
      announce(name);
      const {
        details = [],
        gas = 0n,
        ...result
      } = await play().catch(
        (error: unknown): SceneResult => ({
          ok: false,
          outcome: `failed: ${error instanceof Error ? error.message : String(error)}`,
        }),
      );
      const step: DemoStep = {
        name,
        ...result,
        gas: Number(gas),
        ms: Math.round(performance.now() - start),
        details,
      };
      steps.push(step);
      clearLine();
      const mark = step.ok ? pc.green("✓") : pc.red("✗");
      const figures = [
        `${(step.ms / 1_000).toFixed(1)} s`,
        ...(step.gas === 0 ? [] : [`${step.gas.toLocaleString("en")} gas`]),
      ];
      const columns = [name.padEnd(NAME_WIDTH), step.outcome.padEnd(OUTCOME_WIDTH)];
      write(`  ${mark} ${columns.join(" ")} ${pc.dim(figures.join(", "))}`);
      for (const line of details) write(`${INDENT}${pc.dim(line)}`);
    },
  };
}
