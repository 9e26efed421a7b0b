import { type Address, type Hex, isAddressEqual, keccak256, stringToHex, zeroAddress } from "viem";
import { circuits } from "../action/circuits.ts";
import type { Action } from "../action/context.ts";
import { challenge, gatedActionDigest } from "../action/digest.ts";
import {
  DeniedError,
  InvalidRequestError,
  LaneBusyError,
  UnknownLaneError,
} from "../errors/signer.ts";
import type { AgentKey } from "../keys/keys.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { type Allowed, decide, type Verdict } from "../policy/evaluate.ts";
import { explainDenial } from "../policy/explain.ts";
import type { PolicyLabels } from "../policy/labels.ts";
import type { Prover } from "../prover/prover.ts";
import type { LaneId, LaneRecord, LaneStore } from "../state/laneStore.ts";
import { actionSalt } from "../state/salt.ts";
import type { State } from "../state/state.ts";
import { bindTransition, circuitInput, type Transition } from "../witness/witness.ts";
import { assertReady } from "./assertReady.ts";
import type { SignedGateCall } from "./gateCall.ts";
import type { GateReader, GateSnapshot } from "./gateReader.ts";
import { reconcile } from "./reconcile.ts";

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
}

/** What may be asked of a signer: a call from the gate. */
export interface SigningRequest {
  target: Address;
  /** wei, below 2^128 */
  value: bigint;
  data: Hex;
  /** The only account that may submit. Zero = anyone, where the gate allows that. */
  submitter: Address;
  /** seconds the signed call can land after its time; at most and by default the gate's maxDelay */
  validFor?: bigint | undefined;
  signal?: AbortSignal | undefined;
}

/** Signs actions of one lane, each only with a proof that the hidden policy allows it. */
export interface Signer {
  /** What the policy says of the action now; nothing is reserved or signed. */
  check(request: SigningRequest): Promise<Verdict>;
  /**
   * Decides, reserves, proves and signs.
   *
   * @returns what the gate's `execute` takes; the same request gets the same answer while it can land
   * @throws {DeniedError} if no rule allows the action
   * @throws {LaneBusyError} if another transition of the lane can still land
   * @throws {GateNotReadyError | StateMismatchError | UnknownLaneError} if the gate would refuse
   * @throws {LaneConflictError} if another process has worked on the lane meanwhile
   * @throws {WitnessError | ProvingError | ProvingTimeoutError} if no valid proof came out
   */
  sign(request: SigningRequest): Promise<SignedGateCall>;
}

function requestHash({ target, value, data, submitter, validFor }: SigningRequest): Hex {
  const parts = [target.toLowerCase(), value, data.toLowerCase(), submitter.toLowerCase()];
  return keccak256(stringToHex([...parts, validFor ?? "default"].join("|")));
}

/** seconds of validity, checked against what the gate allows */
function validity({ validFor }: SigningRequest, maxDelay: bigint): bigint {
  if (validFor === undefined) return maxDelay;
  if (validFor < 1n || validFor > maxDelay) {
    throw new InvalidRequestError({
      option: "validFor",
      expected: `1 to ${maxDelay} seconds (the gate's maxDelay)`,
      received: `${validFor}`,
    });
  }
  return validFor;
}

/**
 * Makes the signer of one lane.
 *
 * @example
 * const signer = createSigner({ chainId, gate, lane: 0, committed, secret, key, prover, reader, store });
 * const signed = await signer.sign({ target, value: 0n, data, submitter });
 */
export function createSigner(options: SignerOptions): Signer {
  const { chainId, gate, lane, committed, secret, key, prover, reader, store } = options;
  const { policy } = committed;
  const priceFeeds = policy.rules
    .map(({ priceFeed }) => priceFeed)
    .filter(
      (feed, i, all) =>
        !isAddressEqual(feed, zeroAddress) && all.findIndex((f) => isAddressEqual(f, feed)) === i,
    );
  const actionOf = ({ target, value, data }: SigningRequest): Action => ({
    chainId,
    gate,
    target,
    value,
    data,
  });

  const decideOn = (request: SigningRequest, snapshot: GateSnapshot, { levels }: State): Verdict =>
    decide(policy, {
      action: actionOf(request),
      time: snapshot.time,
      prices: snapshot.prices.map(({ feed, answer, updatedAt }) => ({
        priceFeed: feed,
        priceAnswer: answer,
        priceUpdatedAt: updatedAt,
      })),
      riskAnswer: snapshot.risk?.answer ?? 0n,
      levels,
      tier: "gate",
    });

  async function current(): Promise<{
    record: LaneRecord<SignedGateCall>;
    snapshot: GateSnapshot;
  }> {
    const stored = await store.read({ chainId, gate, lane });
    if (!stored) throw new UnknownLaneError({ lane });
    const snapshot = await reader.snapshot({ lane, priceFeeds });
    assertReady(snapshot, options);
    return { record: reconcile(stored, snapshot), snapshot };
  }

  /** Proves and signs one allowed transition; it is durable before the signature exists. */
  async function release(
    request: SigningRequest,
    record: LaneRecord<SignedGateCall>,
    snapshot: GateSnapshot,
    verdict: Allowed,
  ): Promise<SignedGateCall> {
    const { time } = snapshot;
    const { epoch, seq } = record;
    const action = actionOf(request);
    const stateNew: State = {
      levels: verdict.levels,
      salt: actionSalt(secret, { lane, epoch, seq, time, action }),
    };
    const transition: Transition = {
      circuit: verdict.circuit,
      action,
      time,
      feeds: verdict.feeds,
      committed,
      ruleIndex: verdict.ruleIndex,
      stateOld: record.state,
      stateNew,
    };
    const binding = bindTransition(transition);
    const deadline = time + validity(request, snapshot.maxDelay);
    const circuit = circuits[verdict.circuit].id;
    const digest = gatedActionDigest(chainId, gate, {
      circuit,
      contextHash: binding.contextHash,
      lane,
      epoch,
      seq,
      dataHash: keccak256(request.data),
      deadline,
      submitter: request.submitter,
      contextCommitment: binding.contextCommitment,
    });
    const input = circuitInput(transition, binding, challenge(digest));
    const { points } = await prover.prove(verdict.circuit, input, { signal: request.signal });

    const { priceFeed } = verdict.feeds;
    const released: SignedGateCall = {
      call: { target: request.target, value: request.value, data: request.data },
      proof: {
        circuit,
        lane,
        time,
        deadline,
        submitter: request.submitter,
        priceFeed,
        priceRound: snapshot.prices.find(({ feed }) => feed === priceFeed)?.round ?? 0n,
        riskRound: snapshot.risk?.round ?? 0n,
        stateNew: binding.context.stateNew,
        contextCommitment: binding.contextCommitment,
        points,
      },
      signature: "0x",
      digest,
      epoch,
      seq,
    };
    const pending = { request: requestHash(request), digest, deadline, stateNew, released };
    const reserved = await store.write({ ...record, pending });
    const signed = { ...released, signature: await key.sign(digest) };
    await store.write({ ...reserved, pending: { ...pending, released: signed } });
    return signed;
  }

  return {
    async check(request) {
      const { record, snapshot } = await current();
      return decideOn(request, snapshot, record.state);
    },

    sign(request) {
      return store.exclusive({ chainId, gate, lane }, async () => {
        const { record, snapshot } = await current();
        const { pending } = record;
        if (pending && snapshot.finalizedTime <= pending.deadline) {
          const unchanged = pending.request === requestHash(request);
          if (!unchanged || snapshot.time > pending.deadline) {
            throw new LaneBusyError({
              lane,
              until: pending.deadline,
              finalizedTime: snapshot.finalizedTime,
            });
          }
          const { released } = pending;
          if (released.signature !== "0x") return released;
          return { ...released, signature: await key.sign(released.digest) };
        }
        if (snapshot.finalizedTime <= record.quietUntil) {
          throw new LaneBusyError({
            lane,
            until: record.quietUntil,
            finalizedTime: snapshot.finalizedTime,
          });
        }
        const verdict = decideOn(request, snapshot, record.state);
        if (!verdict.allowed) {
          const explanation = explainDenial(verdict.rules, options.labels);
          throw new DeniedError({ verdict, explanation });
        }
        return release(request, { ...record, pending: undefined }, snapshot, verdict);
      });
    },
  };
}
