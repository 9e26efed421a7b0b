import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { ProvingError } from "../../errors/prover.ts";
import type { KernelSettings, LeadReply, LeadRequest, ThreadData } from "./kernelMessages.ts";

export interface TeamRunOptions {
  signal?: AbortSignal | undefined;
  /** Called when time is up; its error ends the run. */
  timeout: { ms: number; error: () => Error };
}

interface Job {
  request: LeadRequest;
  timeout: TeamRunOptions["timeout"];
  resolve: (reply: LeadReply) => void;
  reject: (reason: unknown) => void;
  /** How many teams ended while they ran it. */
  crashes: number;
}

/** A job whose team breaks is run once more, by a new team. */
const MAX_CRASHES = 1;
/** How long threads get to wipe their secrets before they are ended. Milliseconds. */
const GRACE_MS = 1_000;

/** This module is TypeScript in the sources and JavaScript when built; so is the threads'. */
const threadModule = new URL(
  `./kernelWorker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`,
  import.meta.url,
);

/**
 * Threads that prove together, one proof at a time. They start with the first proof; idle ones never keep
 * the process alive. If one of them ends by itself, all are replaced.
 */
export class WorkerTeam {
  readonly #settings: KernelSettings;
  readonly #queue: Job[] = [];
  /** The lead first; empty while there is no team. */
  #workers: Worker[] = [];
  /** What the lead is busy with. It stays so when the job is given up: a proof cannot be interrupted. */
  #running: { job: Job; timer: NodeJS.Timeout } | undefined;
  #closed = false;

  constructor(settings: KernelSettings) {
    this.#settings = settings;
  }

  /** The threads' ids, the lead's first; empty before the first proof and after `close`. */
  get threadIds(): number[] {
    return this.#workers.map(({ threadId }) => threadId);
  }

  /**
   * Has the team answer a request.
   *
   * @throws the signal's reason, the timeout's error, or {ProvingError} if teams keep breaking
   */
  run(request: LeadRequest, { signal, timeout }: TeamRunOptions): Promise<LeadReply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ProvingError("The prover is closed");
      signal?.throwIfAborted();
      const abort = () => this.#giveUp(job, signal?.reason);
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

  /** Ends one thread as a crash would: for tests of what happens then. */
  async killThread(index: number): Promise<void> {
    await this.#workers[index]?.terminate();
  }

  /** Gives up on every run, has the threads wipe their secrets and waits until all have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = () => new ProvingError("The prover was closed");
    for (const job of this.#queue.splice(0)) job.reject(closed());
    const workers = this.#disband();
    this.#finish()?.reject(closed());
    await Promise.all(workers.map(endGently));
  }

  #dispatch(): void {
    if (this.#running !== undefined || this.#closed) return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    if (this.#workers.length === 0) this.#workers = this.#start();
    const { ms, error } = job.timeout;
    const timer = setTimeout(() => {
      job.reject(error());
      this.#abolish();
      this.#finish();
      this.#dispatch();
    }, ms);
    this.#running = { job, timer };
    for (const worker of this.#workers) worker.ref();
    this.#workers[0]?.postMessage({ type: "request", request: job.request });
  }

  #start(): Worker[] {
    const { threads } = this.#settings;
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
    const thread = (index: number, ports: MessagePort[]) => {
      const data: ThreadData = { settings: this.#settings, index, ports };
      const worker = new Worker(threadModule, {
        workerData: data,
        transferList: ports,
        execArgv: [],
        name: `zkmandate prover ${index}`,
      });
      worker.on("error", (error) => this.#broke(worker, error));
      worker.on("exit", () => this.#broke(worker));
      return worker;
    };
    const lead = thread(
      0,
      channels.map(({ port1 }) => port1),
    );
    lead.on("message", (reply: LeadReply) => {
      if (this.#workers[0] !== lead) return;
      for (const worker of this.#workers) worker.unref();
      this.#finish()?.resolve(reply);
      this.#dispatch();
    });
    return [lead, ...channels.map(({ port2 }, k) => thread(k + 1, [port2]))];
  }

  /** A thread ended by itself, so the others wait for nothing. */
  #broke(worker: Worker, cause?: unknown): void {
    if (!this.#workers.includes(worker)) return;
    this.#abolish();
    const job = this.#finish();
    if (job !== undefined) {
      job.crashes++;
      if (job.crashes <= MAX_CRASHES) this.#queue.unshift(job);
      else {
        const message = "The prover's threads ended twice without a proof";
        job.reject(new ProvingError(message, { cause }));
      }
    }
    this.#dispatch();
  }

  /** The caller no longer wants a job; if it is under way its result will be dropped. */
  #giveUp(job: Job, reason: unknown): void {
    const queued = this.#queue.indexOf(job);
    if (queued >= 0) this.#queue.splice(queued, 1);
    // Nor is it run again if the team breaks.
    job.crashes = MAX_CRASHES;
    job.reject(reason);
  }

  /** The job under way, which now is no longer. */
  #finish(): Job | undefined {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    return running?.job;
  }

  #disband(): Worker[] {
    const workers = this.#workers;
    this.#workers = [];
    return workers;
  }

  /** Ends all threads, whatever they do. */
  #abolish(): void {
    for (const worker of this.#disband()) void worker.terminate();
  }
}

async function endGently(worker: Worker): Promise<void> {
  if (worker.threadId < 0) return;
  worker.ref();
  const exit = once(worker, "exit");
  worker.postMessage({ type: "close" });
  const timer = setTimeout(() => void worker.terminate(), GRACE_MS);
  await exit;
  clearTimeout(timer);
}
