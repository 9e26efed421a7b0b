import type { MessagePort } from "node:worker_threads";
import { fromFailure } from "../proverMessages.ts";
import type { HelperReply, HelperRequest } from "./kernelMessages.ts";

type Answer = Extract<HelperReply, { ok: true }>;

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
}

/** A helper's engine does not work on this machine. */
export class UnfitError extends Error {
  override name = "UnfitError";
}

/** The lead's end of the line to a helper. */
export class HelperLink {
  readonly #port: MessagePort;
  readonly #waiting: Waiting[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (reply: HelperReply) => {
      const { resolve, reject } = this.#waiting.shift() as Waiting;
      if (reply.ok) resolve(reply);
      else if ("unfit" in reply) reject(new UnfitError(reply.unfit));
      else reject(fromFailure(reply.failure));
    });
  }

  /**
   * Has the helper do something; it answers in the order in which it was asked.
   *
   * @param transfer memory that goes over to the helper
   * @throws {ProvingError} if it failed
   * @throws {UnfitError} if it can do nothing here
   */
  ask(request: HelperRequest, transfer: ArrayBuffer[] = []): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    answer.catch(() => undefined); // the lead may have failed before it listens
    this.#port.postMessage(request, transfer);
    return answer;
  }
}
