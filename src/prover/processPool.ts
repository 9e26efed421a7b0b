import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { ProvingError } from "../errors/prover.ts";

export interface ProcessPoolOptions {
  /** Path of the module that a process runs: it answers each message with one message. */
  module: string;
  /** The module's command line. */
  args: readonly string[];
  /** How many processes at most; each starts when it is needed. */
  size: number;
}

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Called when time is up; its error ends the run. */
  timeout: { ms: number; error: () => Error };
}

interface Job {
  request: object;
  timeout: RunOptions["timeout"];
  resolve: (reply: unknown) => void;
  reject: (reason: unknown) => void;
  /** How many processes ended while they ran it. */
  crashes: number;
}

interface Slot {
  process?: ChildProcess | undefined;
  job?: Job | undefined;
  timer?: NodeJS.Timeout | undefined;
}

/** A job whose process ends is run once more, by a new one. */
const MAX_CRASHES = 1;

/**
 * Processes that answer requests one at a time each. Idle ones never keep this process alive, and end
 * with it.
 */
export class ProcessPool {
  readonly #options: ProcessPoolOptions;
  readonly #slots: Slot[];
  readonly #queue: Job[] = [];
  #closed = false;

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
  run(request: object, { signal, timeout }: RunOptions): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ProvingError("The prover is closed");
      signal?.throwIfAborted();
      const abort = () => this.#abandon(job, signal?.reason);
      const settled = () => signal?.removeEventListener("abort", abort);
      const job: Job = {
        request,
        timeout,
        crashes: 0,
        resolve: (reply) => {
          settled();
          resolve(reply);
        },
        reject: (reason) => {
          settled();
          reject(reason);
        },
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Gives up on every run and waits until all processes have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = () => new ProvingError("The prover was closed");
    for (const job of this.#queue.splice(0)) job.reject(closed());
    const endings = this.#slots.map(async (slot) => {
      const { process, job } = slot;
      this.#stop(slot);
      job?.reject(closed());
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
      const job = this.#queue.shift();
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
      if (job !== undefined) this.#retry(job);
      this.#dispatch();
    };
    process.on("exit", ended);
    process.on("error", ended);
    return process;
  }

  #retry(job: Job): void {
    job.crashes++;
    if (job.crashes <= MAX_CRASHES) this.#queue.unshift(job);
    else job.reject(new ProvingError("The prover's process ended twice without a proof"));
  }

  #abandon(job: Job, reason: unknown): void {
    const queued = this.#queue.indexOf(job);
    if (queued >= 0) this.#queue.splice(queued, 1);
    const slot = this.#slots.find((candidate) => candidate.job === job);
    if (slot) this.#stop(slot);
    job.reject(reason);
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
