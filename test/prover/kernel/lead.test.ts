import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type CircuitSource, loadCircuitSource } from "../../../src/prover/kernel/circuitSource.ts";
import type { Engine } from "../../../src/prover/kernel/engine.ts";
import { Helper } from "../../../src/prover/kernel/helper.ts";
import { HelperLink } from "../../../src/prover/kernel/helperLink.ts";
import type {
  HelperReply,
  HelperRequest,
  KernelSettings,
  LeadReply,
} from "../../../src/prover/kernel/kernelMessages.ts";
import { Lead } from "../../../src/prover/kernel/lead.ts";
import { createReferenceEngine } from "../../../src/prover/kernel/referenceEngine.ts";
import { toyArtifacts, toyInput } from "../fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
let source: CircuitSource;
beforeAll(async () => {
  toy = await toyArtifacts();
  source = await loadCircuitSource("gate", { directory: toy.directory, production: false });
});
afterAll(() => toy.remove());

const settings = (): KernelSettings => ({
  engine: "kernel",
  threads: 1,
  verify: true,
  production: false,
  tableBytes: 0,
  cacheDirectory: undefined,
});

/** A lead without helpers, whose engine gives a wrong sum when told to. */
async function faultyLead() {
  const reference = createReferenceEngine();
  const faults = { wrongSums: 0, errors: 0 };
  const engine = new Proxy(reference, {
    get(target, property: keyof Engine) {
      if (property === "msm") {
        return (...args: Parameters<Engine["msm"]>) => {
          const sum = target.msm(...args);
          if (faults.errors > 0) {
            faults.errors--;
            throw new Error("broken");
          }
          if (faults.wrongSums === 0) return sum;
          faults.wrongSums--;
          return target.add(args[0].group, sum, sum);
        };
      }
      const own = target[property];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
  const lead = new Lead(settings(), Promise.resolve(engine), []);
  const prove = (amount: bigint): Promise<LeadReply> =>
    lead.answer({ type: "prove", circuit: "gate", source, input: toyInput({ amount }) });
  return { lead, faults, prove };
}

/** A thread that fails its sums, or that is slow with them; `log` gets what it has answered. */
function helper(isBroken: boolean, log: string[]): HelperLink {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  let last = Promise.resolve();
  const answer = async ({ type }: HelperRequest) => {
    const fails = type === "sums" && isBroken;
    if (type === "sums" && !isBroken) await sleep(30);
    log.push(type);
    port2.postMessage(
      (fails
        ? { ok: false, failure: { shortMessage: "broken", details: [] } }
        : { ok: true, points: [], ms: 0, listMs: [] }) satisfies HelperReply,
    );
  };
  port2.on("message", (request) => {
    last = last.then(() => answer(request));
  });
  return new HelperLink(port1);
}

describe("Lead", () => {
  it("answers a failed preparation when no thread reads the witness any more", async () => {
    const logs: string[][] = [[], []];
    const lead = new Lead({ ...settings(), threads: 3 }, Promise.resolve(createReferenceEngine()), [
      helper(true, logs[0] as string[]),
      helper(false, logs[1] as string[]),
    ]);
    const input = toyInput();
    expect(await lead.answer({ type: "prepare", circuit: "gate", source, input })).toMatchObject({
      ok: false,
      failure: { shortMessage: "broken" },
    });
    expect(logs).toEqual([
      ["load", "sums", "forget"],
      ["load", "sums", "forget"],
    ]);
  });

  it("proves once more from nothing when a proof does not verify", async () => {
    const { faults, prove } = await faultyLead();
    expect(await prove(3n)).toMatchObject({ ok: true });
    faults.wrongSums = 1;
    expect(await prove(4n)).toMatchObject({ ok: true });
    expect(faults.wrongSums).toBe(0);
    expect(await prove(5n)).toMatchObject({ ok: true });
  });

  it("hands out no proof that does not verify, and recovers", async () => {
    const { faults, prove } = await faultyLead();
    faults.wrongSums = Number.POSITIVE_INFINITY;
    const reply = await prove(3n);
    const shortMessage = expect.stringContaining("does not verify");
    expect(reply).toMatchObject({ ok: false, failure: { shortMessage } });
    faults.wrongSums = 0;
    expect(await prove(4n)).toMatchObject({ ok: true });
  });

  it("recovers from an error in the middle of the sums", async () => {
    const { faults, prove } = await faultyLead();
    expect(await prove(3n)).toMatchObject({ ok: true });
    faults.errors = 1;
    expect(await prove(4n)).toMatchObject({ ok: false });
    expect(await prove(5n)).toMatchObject({ ok: true });
  });

  it("says that the engine does not work here instead of proving with it", async () => {
    const broken = new Lead(settings(), Promise.reject(new Error("no relaxed SIMD")), []);
    const reply = await broken.answer({
      type: "prove",
      circuit: "gate",
      source,
      input: toyInput(),
    });
    expect(reply).toEqual({ ok: false, unfit: "no relaxed SIMD" });
  });

  it("says so too when the engine works in its own thread alone", async () => {
    const { port1, port2 } = new MessageChannel();
    onTestFinished(() => port1.close());
    new Helper(Promise.reject(new Error("no memory")), undefined, port2);
    const lead = new Lead({ ...settings(), threads: 2 }, Promise.resolve(createReferenceEngine()), [
      new HelperLink(port1),
    ]);
    const prove = () => lead.answer({ type: "prove", circuit: "gate", source, input: toyInput() });
    expect(await prove()).toEqual({ ok: false, unfit: "no memory" });
    expect(await prove()).toEqual({ ok: false, unfit: "no memory" });
  });

  it("wipes what is loaded although something else cannot be", async () => {
    const { lead, prove } = await faultyLead();
    expect(await prove(3n)).toMatchObject({ ok: true });
    const missing = { ...source, directory: "/nowhere" };
    const request = { type: "prove", source: missing, input: toyInput() } as const;
    const failing = lead.answer({ ...request, circuit: "wide" });
    // Loading has begun, and no file was looked for yet.
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    await expect(lead.wipe()).resolves.toBeUndefined();
    expect(await failing).toMatchObject({ ok: false });
  });

  it("proves again after it was wiped", async () => {
    const { lead, prove } = await faultyLead();
    await prove(3n);
    await lead.wipe();
    expect(await prove(4n)).toMatchObject({ ok: true });
  });
});
