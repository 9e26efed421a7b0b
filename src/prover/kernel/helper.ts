import type { MessagePort } from "node:worker_threads";
import { toFailure } from "../proverMessages.ts";
import type { Engine } from "./engine.ts";
import type { HelperReply, HelperRequest } from "./kernelMessages.ts";
import { ThreadShare } from "./threadShare.ts";

interface LoadedKey {
  share: ThreadShare;
  witness: Uint8Array;
  h: Uint8Array;
}

/** A thread that sums what the lead tells it to. */
export class Helper {
  readonly #engine: Promise<Engine>;
  readonly #cacheDirectory: string | undefined;
  readonly #keys = new Map<string, LoadedKey>();
  /** Requests are answered in their order, also while a key is being loaded. */
  #last: Promise<void> = Promise.resolve();

  constructor(engine: Promise<Engine>, cacheDirectory: string | undefined, lead: MessagePort) {
    this.#engine = engine;
    this.#cacheDirectory = cacheDirectory;
    engine.catch(() => undefined); // told with the first reply
    lead.on("message", (request: HelperRequest) => {
      this.#last = this.#last.then(async () => {
        const reply = await this.#answer(request).catch(
          (error: unknown): HelperReply => ({ ok: false, failure: toFailure(error) }),
        );
        lead.postMessage(reply);
      });
    });
  }

  async wipe(): Promise<void> {
    for (const { share } of this.#keys.values()) share.forget();
    (await this.#engine).wipe();
  }

  async #answer(request: HelperRequest): Promise<HelperReply> {
    try {
      await this.#engine;
    } catch (error) {
      return { ok: false, unfit: error instanceof Error ? error.message : String(error) };
    }
    const start = performance.now();
    const points = await this.#run(request);
    const ms = performance.now() - start;
    const listMs = this.#keys.get(request.key)?.share.ms ?? [];
    return { ok: true, points, ms, listMs };
  }

  async #run(request: HelperRequest): Promise<Uint8Array[]> {
    if (request.type === "load") {
      this.#keys.set(request.key, {
        share: ThreadShare.load(await this.#engine, request.work, this.#cacheDirectory),
        witness: new Uint8Array(request.witness),
        h: new Uint8Array(request.h),
      });
      return [];
    }
    const { share, witness, h } = this.#keys.get(request.key) as LoadedKey;
    if (request.type === "sums") return share.sums(witness);
    if (request.type === "h") return [share.h(h, request.first, request.end)];
    share.forget();
    return [];
  }
}
