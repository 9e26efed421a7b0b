import { ProvingError } from "../errors/prover.ts";

export interface RunOptions {
  signal?: AbortSignal | undefined;
  /** Called when time is up; its error ends the run. */
  timeout: { ms: number; error: () => Error };
}

/** A request under way. */
export interface Job<Request, Reply> {
  readonly request: Request;
  readonly timeout: RunOptions["timeout"];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (reason: unknown) => void;
  /** How many workers ended while they ran it. */
  crashes: number;
}

/** A job whose worker ends is run once more, by a new one. */
const MAX_CRASHES = 1;

/** Requests that wait for a worker: a process, or a team of threads. */
export class JobQueue<Request, Reply> {
  readonly #waiting: Job<Request, Reply>[] = [];
  readonly #workers: string;
  #closed = false;

  /** @param workers how errors call what runs the jobs */
  constructor(workers: string) {
    this.#workers = workers;
  }

  /**
   * Puts a request at the end of the queue.
   *
   * @param abandon called if the signal aborts before the job is settled
   * @throws the signal's reason, the timeout's error, or {ProvingError} if workers keep ending
   */
  add(
    request: Request,
    { signal, timeout }: RunOptions,
    abandon: (job: Job<Request, Reply>, reason: unknown) => void,
  ): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ProvingError("The prover is closed");
      signal?.throwIfAborted();
      const abort = () => abandon(job, signal?.reason);
      const settled = () => signal?.removeEventListener("abort", abort);
      const job: Job<Request, Reply> = {
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
      this.#waiting.push(job);
    });
  }

  /** Takes the next job out of the queue. */
  next(): Job<Request, Reply> | undefined {
    return this.#waiting.shift();
  }

  /** Takes a job out of the queue if it is there, and fails it; it is not retried either. */
  drop(job: Job<Request, Reply>, reason: unknown): void {
    const position = this.#waiting.indexOf(job);
    if (position >= 0) this.#waiting.splice(position, 1);
    job.crashes = MAX_CRASHES;
    job.reject(reason);
  }

  /** Puts a job whose worker ended at the front, or fails it if that happens again and again. */
  retry(job: Job<Request, Reply>, cause?: unknown): void {
    job.crashes++;
    if (job.crashes <= MAX_CRASHES) this.#waiting.unshift(job);
    else {
      job.reject(
        new ProvingError(`The prover's ${this.#workers} ended twice without a proof`, { cause }),
      );
    }
  }

  /** Fails what waits, and what is under way; nothing can be added any more. */
  close(underWay: readonly (Job<Request, Reply> | undefined)[]): void {
    this.#closed = true;
    for (const job of [...this.#waiting.splice(0), ...underWay]) {
      job?.reject(new ProvingError("The prover was closed"));
    }
  }
}
