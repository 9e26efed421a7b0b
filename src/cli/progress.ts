import cliProgress from "cli-progress";
import pc from "picocolors";

/** How long work may last before a line about its end is worth reading, milliseconds. */
const WORTH_TELLING_MS = 2_000;

/**
 * Shows that something is under way, on stderr: a running line on a terminal, plain lines elsewhere.
 *
 * @param label what is done, in the present participle: "proving"
 * @returns what `work` returns
 */
export async function withProgress<T>(label: string, work: () => Promise<T>): Promise<T> {
  return process.stderr.isTTY ? onTerminal(label, work) : inLines(label, work);
}

async function onTerminal<T>(label: string, work: () => Promise<T>): Promise<T> {
  const bar = new cliProgress.SingleBar({
    format: `${pc.cyan("•")} ${label} ${pc.dim("{duration_formatted}")}`,
    stream: process.stderr,
    clearOnComplete: true,
    forceRedraw: true,
    // Nothing to put back: an interrupt may end the process at any moment.
    hideCursor: false,
    linewrap: true,
    fps: 5,
  });
  bar.start(1, 0);
  try {
    return await work();
  } finally {
    bar.stop();
  }
}

async function inLines<T>(label: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  // Work that ends soon says nothing.
  const timer = setTimeout(() => process.stderr.write(`${label} …\n`), WORTH_TELLING_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    const elapsed = performance.now() - start;
    if (elapsed > WORTH_TELLING_MS) {
      process.stderr.write(`${label}: ${(elapsed / 1_000).toFixed(1)} s\n`);
    }
  }
}
