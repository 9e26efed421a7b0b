import type { Logger } from "snarkjs";

const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

/**
 * Runs one step of the setup and says on standard error what it is, how far it is and how long it took.
 *
 * @param work gets a logger for snarkjs, whose counters become the progress
 */
export async function step<Result>(
  name: string,
  work: (logger: Logger) => Promise<Result>,
): Promise<Result> {
  const start = performance.now();
  const live = process.stderr.isTTY;
  const show = (text: string) => {
    if (live) process.stderr.write(`\r\x1b[K${name}: ${text}`);
  };
  const logger: Logger = {
    debug: (message) => {
      const [, done, of] = /(\d+)\/(\d+)/.exec(message) ?? [];
      const share = done && of ? ` ${Math.floor((100 * Number(done)) / Number(of))} %` : "";
      show(`${message.split(":")[0]}${share}, ${seconds(start)}`);
    },
    info: () => undefined,
    warn: (message) => console.error(message),
    error: (message) => console.error(message),
  };
  if (!live) console.error(`${name} …`);
  show("…");
  const result = await work(logger);
  show("");
  console.error(live ? seconds(start) : `${name}: ${seconds(start)}`);
  return result;
}
