import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type Job, JobQueue, type RunOptions } from "../jobQueue.ts";
import type {
  KernelSettings,
  LeadReply,
  LeadRequest,
  SharedSecrets,
  ThreadData,
} from "./kernelMessages.ts";

type TeamJob = Job<LeadRequest, LeadReply>;

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
 *
 * Threads that are told to close wipe their secrets. Threads that are ended otherwise (one crashed, or time
 * is up) cannot: what they share, the witness and the quotient's scalars, is wiped from here once they have
 * ended. Their own memory (running sums and their last witness, the witness generator's wires) is given
 * back to the system as it is; the system zeroes pages before another process gets them, but not before
 * this one does.
 */
export class WorkerTeam {
  readonly #settings: KernelSettings;
  readonly #queue = new JobQueue<LeadRequest, LeadReply>("threads");
  /** The lead first; empty while there is no team. */
  #workers: Worker[] = [];
  #secrets: SharedArrayBuffer[] = [];
  /** What the lead is busy with. It stays so when the job is given up: a proof cannot be interrupted. */
  #running: { job: TeamJob; timer: NodeJS.Timeout } | undefined;

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
  run(request: LeadRequest, options: RunOptions): Promise<LeadReply> {
    // What is given up while under way goes on, as a proof cannot be interrupted; its result is dropped.
    const reply = this.#queue.add(request, options, (job, reason) => this.#queue.drop(job, reason));
    this.#dispatch();
    return reply;
  }

  /** The memory that the threads share, which holds secrets: for tests of its wiping. */
  get sharedMemory(): readonly SharedArrayBuffer[] {
    return this.#secrets;
  }

  /** Ends one thread as a crash would: for tests of what happens then. */
  async killThread(index: number): Promise<void> {
    await this.#workers[index]?.terminate();
  }

  /** Gives up on every run, has the threads wipe their secrets and waits until all have ended. */
  async close(): Promise<void> {
    const { workers, wipe } = this.#disband();
    this.#queue.close([this.#finish()]);
    await Promise.all(workers.map(endGently));
    wipe();
  }

  #dispatch(): void {
    if (this.#running !== undefined) return;
    const job = this.#queue.next();
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
    lead.on("message", (reply: LeadReply | SharedSecrets) => {
      if (this.#workers[0] !== lead) return;
      if ("shared" in reply) {
        this.#secrets.push(...reply.shared);
        return;
      }
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
    if (job !== undefined) this.#queue.retry(job, cause);
    this.#dispatch();
  }

  /** The job under way, which now is no longer. */
  #finish(): TeamJob | undefined {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.timer);
    return running?.job;
  }

  /** Lets go of the threads; what they shared is wiped by the caller when they have ended. */
  #disband(): { workers: Worker[]; wipe: () => void } {
    const [workers, secrets] = [this.#workers, this.#secrets];
    this.#workers = [];
    this.#secrets = [];
    const wipe = () => {
      for (const secret of secrets) new Uint8Array(secret).fill(0);
    };
    return { workers, wipe };
  }

  /** Ends all threads, whatever they do. */
  #abolish(): void {
    const { workers, wipe } = this.#disband();
    void Promise.all(workers.map((worker) => worker.terminate())).then(wipe);
  }
}

async function endGently(worker: Worker): Promise<void> {
  if (worker.threadId < 0) return;
  worker.ref();
  const exit = new Promise((resolve) => worker.once("exit", resolve)); // whether or not by an error
  worker.postMessage({ type: "close" });
  const timer = setTimeout(() => void worker.terminate(), GRACE_MS);
  await exit;
  clearTimeout(timer);
}
