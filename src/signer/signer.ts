import { isAddressEqual, zeroAddress } from "viem";
import type { Action } from "../action/context.ts";
import {
  DeniedError,
  InvalidSignerOptionError,
  LaneBusyError,
  RequestExecutedError,
  StaleChainError,
} from "../errors/signer.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { type Allowed, decide, type Verdict } from "../policy/evaluate.ts";
import { explainDenial } from "../policy/explain.ts";
import type { PolicyLabels } from "../policy/labels.ts";
import type { Prover } from "../prover/prover.ts";
import type { LaneId, LaneRecord, LaneStore, PendingTransition } from "../state/laneStore.ts";
import { assertReady } from "./assertReady.ts";
import { busyUntil, MAX_PENDING } from "./busyUntil.ts";
import type { SignedGateCall } from "./gateCall.ts";
import type { GateReader } from "./gateReader.ts";
import { gateTransition } from "./gateTransition.ts";
import { createLaneViews, type LaneView } from "./laneViews.ts";
import { predictedState, stateBefore } from "./settle.ts";
import { requestHash, type SigningRequest, validityOf } from "./signingRequest.ts";
import { type LaneStanding, type SigningStage, standingOf } from "./standing.ts";

/** What a signer is made of; the later folders come in as ports. */
export interface SignerOptions extends LaneId {
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes. */
  secret: Uint8Array;
  key: AgentKey;
  prover: Prover;
  reader: GateReader;
  store: LaneStore<SignedGateCall>;
  /** For readable denials. */
  labels?: PolicyLabels | undefined;
  /**
   * How many signed actions may be in flight at a time, 1 to 256; 1 by default. Each is made for the state after
   * the one before it, and dies with it. Landed ones do not count, final or not.
   */
  maxInFlight?: number | undefined;
  /** Told after each stage of signing how many milliseconds it took, failed or not. Must not throw. */
  onStage?: ((stage: SigningStage, ms: number) => void) | undefined;
}

/** Signs actions of one lane, each only with a proof that the hidden policy allows it. */
export interface Signer {
  /** A request is about to come: begins to read the chain for it. Changes nothing, and never fails. */
  prepare(): void;
  /** What the policy says of the action now, after all that is in flight; nothing is reserved or signed. */
  check(request: SigningRequest): Promise<Verdict>;
  /**
   * Decides, reserves, proves and signs.
   *
   * @returns what the gate's `execute` takes; the same request gets the same answer while it can land, and with
   *   an id while the record knows of it
   * @throws {DeniedError} if no rule allows the action
   * @throws {LaneBusyError} if as many transitions of the lane as are allowed can still land
   * @throws {RequestExecutedError} if the request with this id was executed, in a finalized block
   * @throws {GateNotReadyError | StateMismatchError | UnknownLaneError} if the gate would refuse
   * @throws {StaleChainError} if the node lags behind what was known already; ask again
   * @throws {LaneConflictError} if another process has worked on the lane meanwhile
   * @throws {WitnessError | ProvingError | ProvingTimeoutError} if no valid proof came out
   */
  sign(request: SigningRequest): Promise<SignedGateCall>;
  /**
   * What became of the transitions that were signed. Changes nothing, and answers for a paused gate too.
   *
   * @throws {StateMismatchError | StaleChainError | UnknownLaneError} as `sign` does
   */
  standing(): Promise<LaneStanding>;
}

/** What was made for a request already, or the verdict to make it by. */
type Plan = { view: LaneView } & (
  | { known: PendingTransition<SignedGateCall>; verdict?: undefined }
  | { verdict: Allowed; known?: undefined }
);

/**
 * Makes the signer of one lane.
 *
 * @throws {InvalidSignerOptionError} if `maxInFlight` is out of range
 *
 * @example
 * const signer = createSigner({ chainId, gate, lane: 0, committed, secret, key, prover, reader, store });
 * const signed = await signer.sign({ target, value: 0n, data, submitter });
 */
export function createSigner(options: SignerOptions): Signer {
  const { chainId, gate, lane, committed, secret, key, prover, reader, store } = options;
  const { maxInFlight = 1, onStage } = options;
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > MAX_PENDING) {
    const expected = `a whole number from 1 to ${MAX_PENDING}`;
    throw new InvalidSignerOptionError({
      option: "maxInFlight",
      expected,
      received: `${maxInFlight}`,
    });
  }
  const { policy } = committed;
  const priceFeeds = policy.rules
    .map(({ priceFeed }) => priceFeed)
    .filter(
      (feed, i, all) =>
        !isAddressEqual(feed, zeroAddress) && all.findIndex((f) => isAddressEqual(f, feed)) === i,
    );
  const views = createLaneViews({ chainId, gate, lane, store, reader, priceFeeds });
  const usableView = () => views.now((snapshot) => assertReady(snapshot, options));
  const actionOf = ({ target, value, data }: SigningRequest): Action => ({
    chainId,
    gate,
    target,
    value,
    data,
  });

  async function timed<T>(stage: SigningStage, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      onStage?.(stage, performance.now() - start);
    }
  }

  const decideOn = (request: SigningRequest, { snapshot, settlement }: LaneView): Verdict =>
    decide(policy, {
      action: actionOf(request),
      time: snapshot.time,
      prices: snapshot.prices.map(({ feed, answer, updatedAt }) => ({
        priceFeed: feed,
        priceAnswer: answer,
        priceUpdatedAt: updatedAt,
      })),
      riskAnswer: snapshot.risk?.answer ?? 0n,
      levels: predictedState(settlement.record).levels,
      tier: "gate",
    });

  /** Refuses a time before that of any transition that the new one follows or takes the place of (see settle.ts). */
  function assertLater({ snapshot: { time }, settlement: { record, dead } }: LaneView): void {
    const last = record.pending.at(-1)?.released.proof.time ?? 0n;
    const earliest = dead.reduce(
      (latest, { released }) => (released.proof.time >= latest ? released.proof.time + 1n : latest),
      last,
    );
    if (time >= earliest) return;
    throw new StaleChainError({
      lane,
      reason: "its latest block is before an action that was signed",
      expected: `a block from ${earliest} on`,
      received: `${time}`,
    });
  }

  /** What was already made for a request, if that is to get the same answer. */
  function knownTransition(request: SigningRequest, { settlement, snapshot }: LaneView) {
    const { record, final, landed, inFlight } = settlement;
    const asked = requestHash(request);
    const isAsked = (transition: { request: string }) => transition.request === asked;
    if (request.id !== undefined) {
      const known = [...final, ...landed].find(isAsked);
      if (known) return known;
      const executed = record.final.find(isAsked);
      if (executed) throw new RequestExecutedError({ lane, digest: executed.digest });
    }
    const index = inFlight.findIndex(isAsked);
    const isLanding = inFlight
      .slice(0, index + 1)
      .every(({ deadline }) => snapshot.time <= deadline);
    return isLanding ? inFlight[index] : undefined;
  }

  /** Throws where nothing may leave. */
  async function plan(request: SigningRequest, view: LaneView): Promise<Plan> {
    const { snapshot, settlement } = view;
    assertReady(snapshot, options);
    const known = knownTransition(request, view);
    if (known) return { view, known };
    const until = busyUntil(settlement, snapshot, maxInFlight);
    if (until !== undefined) {
      throw new LaneBusyError({ lane, until, finalizedTime: snapshot.finalizedTime });
    }
    assertLater(view);
    const verdict = await timed("evaluate", () => decideOn(request, view));
    if (verdict.allowed) return { view, verdict };
    const explanation = explainDenial(verdict.rules, options.labels);
    throw new DeniedError({ verdict, explanation });
  }

  /** Plans on a glance, if there is one; but only a whole view refuses. */
  async function planFor(request: SigningRequest): Promise<Plan> {
    const view = await timed("read", async () => (await views.earlier()) ?? usableView());
    try {
      return await plan(request, view);
    } catch (error) {
      if (!view.isEarlier) throw error;
    }
    return plan(request, await timed("read", usableView));
  }

  /** Signs what is reserved and records the signature; nothing else of the record changes. */
  async function complete(
    record: LaneRecord<SignedGateCall>,
    { digest, released }: PendingTransition<SignedGateCall>,
  ): Promise<SignedGateCall> {
    const { call, proof, epoch, seq } = released;
    const stateOld = stateBefore(record, digest);
    const evidence = { chainId, gate, epoch, seq, call, proof, stateOld };
    const signature = await timed("sign", () => key.sign(digest, evidence));
    const signed = { ...released, signature };
    const pending = record.pending.map((transition) =>
      transition.digest === digest ? { ...transition, released: signed } : transition,
    );
    await timed("record", () => store.write({ ...record, pending }));
    return signed;
  }

  /** Proves and signs one allowed transition; it is durable before the signature exists. */
  async function release(
    request: SigningRequest,
    { snapshot, settlement: { record } }: LaneView,
    verdict: Allowed,
  ): Promise<SignedGateCall> {
    const deadline = snapshot.time + validityOf(request, snapshot.maxDelay);
    const transition = await timed("prove", async () => {
      const { unproven, stateNew, input } = gateTransition({
        action: actionOf(request),
        lane,
        epoch: record.epoch,
        seq: record.seq + BigInt(record.pending.length),
        committed,
        secret,
        stateOld: predictedState(record),
        verdict,
        snapshot,
        deadline,
        submitter: request.submitter,
      });
      const { points } = await prover.prove(verdict.circuit, input, { signal: request.signal });
      const released = { ...unproven, proof: { ...unproven.proof, points } };
      const { digest } = released;
      return { request: requestHash(request), digest, deadline, stateNew, released };
    });
    const pending = [...record.pending, transition];
    const reserved = await timed("reserve", () => store.write({ ...record, pending }));
    return complete(reserved, transition);
  }

  return {
    prepare: views.prepare,

    async check(request) {
      return decideOn(request, await usableView());
    },

    sign(request) {
      return store.exclusive({ chainId, gate, lane }, async () => {
        const { view, known, verdict } = await planFor(request);
        if (verdict) return release(request, view, verdict);
        return known.released.signature === "0x" ? complete(view.stored, known) : known.released;
      });
    },

    async standing() {
      const { settlement, snapshot } = await views.now();
      return standingOf(settlement, snapshot, maxInFlight);
    },
  };
}
