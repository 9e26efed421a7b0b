import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { type Job, JobQueue, type RunOptions } from "./jobQueue.ts";

export interface ProcessPoolOptions {
  /** Path of the module that a process runs: it answers each message with one message. */
  module: string;
  /** The module's command line. */
  args: readonly string[];
  /** How many processes at most; each starts when it is needed. */
  size: number;
}

type PoolJob = Job<object, unknown>;

interface Slot {
  process?: ChildProcess | undefined;
  job?: PoolJob | undefined;
  timer?: NodeJS.Timeout | undefined;
}

/**
 * Processes that answer requests one at a time each. Idle ones never keep this process alive, and end
 * with it.
 */
export class ProcessPool {
  readonly #options: ProcessPoolOptions;
  readonly #slots: Slot[];
  readonly #queue = new JobQueue<object, unknown>("process");

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.size }, () => ({}));
  }

  /**
   * Has a process answer a request.
   *
   * @param request structured-cloneable
   * @throws the signal's reason, the timeout's error, or {ProvingError} if processes keep ending
   */
  run(request: object, options: RunOptions): Promise<unknown> {
    const reply = this.#queue.add(request, options, (job, reason) => this.#abandon(job, reason));
    this.#dispatch();
    return reply;
  }

  /** Gives up on every run and waits until all processes have ended. */
  async close(): Promise<void> {
    this.#queue.close(this.#slots.map(({ job }) => job));
    const endings = this.#slots.map(async (slot) => {
      const { process } = slot;
      this.#stop(slot);
      if (process && process.exitCode === null && process.signalCode === null) {
        process.ref();
        await once(process, "exit");
      }
    });
    await Promise.all(endings);
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (slot.job !== undefined) continue;
      const job = this.#queue.next();
      if (job === undefined) return;
      slot.job = job;
      slot.process ??= this.#start(slot);
      slot.process.ref();
      slot.process.channel?.ref();
      const { ms, error } = job.timeout;
      slot.timer = setTimeout(() => this.#abandon(job, error()), ms);
      slot.process.send(job.request);
    }
  }

  #start(slot: Slot): ChildProcess {
    const { module, args } = this.#options;
    const process = fork(module, args, {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    process.on("message", (reply) => {
      if (slot.process !== process) return;
      const { job } = slot;
      this.#free(slot);
      process.unref();
      process.channel?.unref();
      job?.resolve(reply);
      this.#dispatch();
    });
    const ended = () => {
      if (slot.process !== process) return;
      const { job } = slot;
      slot.process = undefined;
      this.#free(slot);
      if (job !== undefined) this.#queue.retry(job);
      this.#dispatch();
    };
    process.on("exit", ended);
    process.on("error", ended);
    return process;
  }

  #abandon(job: PoolJob, reason: unknown): void {
    this.#queue.drop(job, reason);
    const slot = this.#slots.find((candidate) => candidate.job === job);
    if (slot) this.#stop(slot);
    this.#dispatch();
  }

  /** Ends the slot's process, whatever it does; a proof under way cannot be interrupted otherwise. */
  #stop(slot: Slot): void {
    const { process } = slot;
    slot.process = undefined;
    this.#free(slot);
    process?.kill("SIGKILL");
  }

  #free(slot: Slot): void {
    clearTimeout(slot.timer);
    slot.timer = undefined;
    slot.job = undefined;
  }
}
