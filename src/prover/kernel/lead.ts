import type { CircuitName } from "../../action/circuits.ts";
import { ProvingError } from "../../errors/prover.ts";
import type { CircuitInput } from "../../witness/witness.ts";
import { loadSpecializedGenerator } from "../circom/cachedGenerator.ts";
import { readPinnedFile, readPinnedKey } from "../pinnedFile.ts";
import { publicInputs } from "../prover.ts";
import { toFailure } from "../proverMessages.ts";
import { WitnessCalculator } from "../witnessCalculator.ts";
import { randomRescaling } from "./blinding.ts";
import type { CircuitSource } from "./circuitSource.ts";
import type { Engine, Matrices } from "./engine.ts";
import {
  assembleRescaled,
  type Groth16Result,
  publicSignalsOf,
  type RescaledList,
  type Sums,
} from "./groth16.ts";
import { HBalance } from "./hBalance.ts";
import { type HelperLink, UnfitError } from "./helperLink.ts";
import type { KernelSettings, LeadReply, LeadRequest, StageTimes } from "./kernelMessages.ts";
import { POINT_BYTES, SCALAR_BYTES } from "./layout.ts";
import { createProofCheck, type ProofCheck } from "./pairingVerifier.ts";
import { planWork } from "./plan.ts";
import type { SummedList } from "./sums.ts";
import { memoryOf, ThreadShare, type ThreadWork, workOf } from "./threadShare.ts";
import { readWitnessFile } from "./witnessFile.ts";
import { GROUP_OF, type ProverKey, readProverKey } from "./zkeySections.ts";

interface LoadedCircuit {
  name: CircuitName;
  calculator: WitnessCalculator;
  key: Omit<ProverKey, "points" | "coefficients">;
  matrices: Matrices;
  check: ProofCheck;
  /** The lead's own share, and the lists that each helper sums. */
  share: ThreadShare;
  helperLists: readonly (readonly SummedList[])[];
  balance: HBalance;
  /** What all threads read: the witness, and the quotient's scalars. Secret. */
  witness: Uint8Array;
  h: Uint8Array;
}

const noTimes = (): StageTimes => ({
  witness: 0,
  evaluate: 0,
  quotient: 0,
  sums: 0,
  a: 0,
  b2: 0,
  c: 0,
  h: 0,
  wait: 0,
  assemble: 0,
  verify: 0,
  total: 0,
});

/** The thread that proves: it calculates the witness, leads the others and puts the proof together. */
export class Lead {
  readonly #settings: KernelSettings;
  readonly #engine: Promise<Engine>;
  readonly #helpers: readonly HelperLink[];
  readonly #announce: (secrets: readonly SharedArrayBuffer[]) => void;
  readonly #circuits = new Map<CircuitName, Promise<LoadedCircuit>>();

  /** @param announce told of the memory that all threads share, which holds secrets */
  constructor(
    settings: KernelSettings,
    engine: Promise<Engine>,
    helpers: readonly HelperLink[],
    announce: (secrets: readonly SharedArrayBuffer[]) => void = () => undefined,
  ) {
    this.#settings = settings;
    this.#engine = engine;
    this.#helpers = helpers;
    this.#announce = announce;
    engine.catch(() => undefined); // told with the first reply
  }

  /** Answers a request; one at a time. */
  async answer(request: LeadRequest): Promise<LeadReply> {
    let engine: Engine;
    try {
      engine = await this.#engine;
    } catch (error) {
      return { ok: false, unfit: error instanceof Error ? error.message : String(error) };
    }
    try {
      const circuit = await this.#warm(engine, request);
      if (request.type === "prepare") return await this.#prepare(engine, circuit, request.input);
      return await this.#prove(engine, circuit, request);
    } catch (error) {
      if (error instanceof UnfitError) return { ok: false, unfit: error.message };
      return { ok: false, failure: toFailure(error) };
    }
  }

  async wipe(): Promise<void> {
    for (const loading of this.#circuits.values()) {
      // A circuit that was not loaded has seen no secret.
      const circuit = await loading.catch(() => undefined);
      if (circuit === undefined) continue;
      for (const secret of [circuit.witness, circuit.h]) secret.fill(0);
      circuit.share.forget();
      circuit.calculator.wipe();
    }
    (await this.#engine).wipe();
  }

  #warm(engine: Engine, { circuit, source }: LeadRequest): Promise<LoadedCircuit> {
    const known = this.#circuits.get(circuit);
    if (known !== undefined) return known;
    const loading = this.#load(engine, circuit, source);
    this.#circuits.set(circuit, loading);
    loading.catch(() => this.#circuits.delete(circuit));
    return loading;
  }

  async #load(
    engine: Engine,
    name: CircuitName,
    { directory, vkey, ...pinned }: CircuitSource,
  ): Promise<LoadedCircuit> {
    const { production } = this.#settings;
    const [wasm, zkey] = await Promise.all([
      readPinnedFile(directory, pinned.wasm),
      readPinnedKey(name, directory, pinned.zkey, production),
    ]);
    const { points, coefficients, ...key } = readProverKey(zkey, `${name} zkey`);
    const full = { ...key, points, coefficients };
    const plan = planWork(full, this.#settings.threads);
    const [own, ...others] = plan.map((shares) => workOf(full, shares));
    const witness = new SharedArrayBuffer(key.wires * SCALAR_BYTES);
    const h = new SharedArrayBuffer(key.domainSize * SCALAR_BYTES);
    this.#announce([witness, h]);
    const loading = this.#helpers.map((helper, k) => {
      const work = others[k] as ThreadWork;
      return helper.ask({ type: "load", key: name, work, witness, h }, memoryOf(work));
    });
    const loaded: LoadedCircuit = {
      name,
      calculator: await WitnessCalculator.create(
        name,
        wasm,
        loadSpecializedGenerator(wasm, this.#settings.cacheDirectory),
      ),
      key,
      matrices: engine.loadMatrices(coefficients, key.domainSize),
      check: createProofCheck(vkey),
      share: ThreadShare.load(engine, own as ThreadWork, this.#settings.cacheDirectory),
      helperLists: others.map(({ terms }) => terms.map(({ list }) => list)),
      balance: new HBalance(key.domainSize, this.#settings.threads),
      witness: new Uint8Array(witness),
      h: new Uint8Array(h),
    };
    await Promise.all(loading);
    return loaded;
  }

  async #prepare(engine: Engine, circuit: LoadedCircuit, input: CircuitInput): Promise<LeadReply> {
    moveInto(circuit.witness, await circuit.calculator.calculateValues(input));
    await this.#orForget(engine, circuit, async () => {
      const others = this.#helpers.map((link) => link.ask({ type: "sums", key: circuit.name }));
      circuit.share.sums(circuit.witness);
      await Promise.all(others);
    });
    return { ok: true, points: [], publicSignals: [], times: noTimes() };
  }

  async #prove(
    engine: Engine,
    circuit: LoadedCircuit,
    request: Exclude<LeadRequest, { type: "prepare" }>,
  ): Promise<LeadReply> {
    const times = noTimes();
    const start = performance.now();
    if (request.type === "prove") {
      moveInto(circuit.witness, await circuit.calculator.calculateValues(request.input));
      this.#checkPublicInputs(circuit, request.input);
    } else {
      moveInto(circuit.witness, readWitnessFile(request.witness, circuit.key.wires));
    }
    times.witness = performance.now() - start;
    const attempt = () =>
      this.#orForget(engine, circuit, () => this.#attempt(engine, circuit, times));
    let result = await attempt();
    if (result === undefined) {
      // Something kept is wrong: once more from nothing.
      await this.#forget(engine, circuit);
      if (request.type === "prove") {
        moveInto(circuit.witness, await circuit.calculator.calculateAnew(request.input));
        this.#checkPublicInputs(circuit, request.input);
      }
      result = await attempt();
    }
    if (result === undefined) {
      await this.#forget(engine, circuit);
      throw new ProvingError(`The proof for circuit ${circuit.name} does not verify`);
    }
    times.total = performance.now() - start;
    return { ok: true, ...result, times };
  }

  #checkPublicInputs({ name, witness }: LoadedCircuit, input: CircuitInput): void {
    const signals = publicSignalsOf(witness, publicInputs.length);
    if (publicInputs.some((signal, k) => signals[k] !== input[signal])) {
      throw new ProvingError(`The proof for circuit ${name} is for other public inputs`);
    }
  }

  /** @returns undefined if the proof does not verify */
  async #attempt(
    engine: Engine,
    circuit: LoadedCircuit,
    times: StageTimes,
  ): Promise<Groth16Result | undefined> {
    const lap = stopwatch();
    const sums = await this.#sum(engine, circuit, times);
    lap();
    const points = assembleRescaled(engine, circuit.key, sums, randomRescaling());
    for (const sum of Object.values(sums)) sum.fill(0);
    times.assemble = lap();
    const publicSignals = publicSignalsOf(circuit.witness, circuit.key.publicSignals);
    const isValid = !this.#settings.verify || circuit.check(points, publicSignals);
    times.verify = lap();
    return isValid ? { points, publicSignals } : undefined;
  }

  /** All four sums, with the helpers' shares. */
  async #sum(
    engine: Engine,
    circuit: LoadedCircuit,
    times: StageTimes,
  ): Promise<Pick<Sums, RescaledList>> {
    const { name: key, matrices, share, witness, h, balance } = circuit;
    const start = performance.now();
    const lap = stopwatch();
    const theirSums = this.#helpers.map((helper) => helper.ask({ type: "sums", key }));
    engine.quotientOf(matrices, witness, h, () => {
      times.evaluate = lap();
    });
    times.quotient = lap();
    const ready = performance.now() - start;

    const shares = balance.split();
    let next = shares[0] as number;
    const theirH = this.#helpers.map((helper, k) => {
      const first = next;
      next += shares[k + 1] as number;
      return next > first ? helper.ask({ type: "h", key, first, end: next }) : undefined;
    });
    const ownSums = share.sums(witness);
    times.sums = lap();
    const before = performance.now() - start;
    const ownH = shares[0] ? [share.h(h, 0, shares[0])] : [];
    times.h = lap();
    const sumReplies = await Promise.all(theirSums);
    const hReplies = await Promise.all(theirH);
    const theirPoints = hReplies.flatMap((reply) => reply?.points ?? []);
    times.wait = lap();
    balance.learn(shares, [
      { before, h: times.h },
      ...sumReplies.map(({ ms }, k) => ({ before: Math.max(ms, ready), h: hReplies[k]?.ms ?? 0 })),
    ]);
    times.sums = Math.max(times.sums, ...sumReplies.map(({ ms }) => ms));
    times.h = Math.max(times.h, ...hReplies.map((reply) => reply?.ms ?? 0));

    const sums: Record<RescaledList, Uint8Array> = {
      a: new Uint8Array(POINT_BYTES.g1),
      b2: new Uint8Array(POINT_BYTES.g2),
      c: new Uint8Array(POINT_BYTES.g1),
      h: new Uint8Array(POINT_BYTES.g1),
    };
    const add = (list: RescaledList, point: Uint8Array) => {
      sums[list] = engine.add(GROUP_OF[list], sums[list], point);
    };
    const take = (
      lists: readonly SummedList[],
      points: readonly Uint8Array[],
      ms: readonly number[],
    ) => {
      for (const [k, list] of lists.entries()) {
        add(list, points[k] as Uint8Array);
        times[list] += ms[k] as number;
      }
    };
    take(share.lists, ownSums, share.ms);
    for (const [helper, { points, listMs }] of sumReplies.entries()) {
      take(circuit.helperLists[helper] ?? [], points, listMs);
    }
    for (const point of [...ownH, ...theirPoints]) add("h", point);
    return sums;
  }

  /**
   * Does work that changes what is kept; if it fails, everything is forgotten, and no thread reads the
   * witness any more.
   */
  async #orForget<T>(engine: Engine, circuit: LoadedCircuit, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#forget(engine, circuit);
      throw error;
    }
  }

  async #forget(engine: Engine, { name: key, share, matrices }: LoadedCircuit): Promise<void> {
    share.forget();
    engine.forget(matrices);
    await Promise.all(this.#helpers.map((helper) => helper.ask({ type: "forget", key })));
  }
}

/** Moves secret values: the source is overwritten, not left to the garbage collector. */
function moveInto(to: Uint8Array, values: Uint8Array): void {
  to.set(values);
  values.fill(0);
}

/** Milliseconds since the last call, or the start. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const lap = now - last;
    last = now;
    return lap;
  };
}
