/** What a node makes sure of, by itself, before it helps to sign a digest. */
import { type Address, type Hex, isAddressEqual, keccak256 } from "viem";
import { type CircuitName, circuits } from "../action/circuits.ts";
import { fingerprint } from "../action/context.ts";
import { challenge, gatedActionDigest } from "../action/digest.ts";
import type { ReadClient } from "../chain/client.ts";
import { createGateReader } from "../chain/gateReader.ts";
import { NodeRefusalError, type RefusalReason } from "../errors/node.ts";
import type { SigningEvidence } from "../keys/evidence.ts";
import { agentKeyKinds } from "../keys/keys.ts";
import type { CommittedPolicy } from "../policy/commitment.ts";
import { decide } from "../policy/evaluate.ts";
import type { Proof } from "../prover/prover.ts";
import type { GateSnapshot } from "../signer/gateReader.ts";
import { actionSalt } from "../state/salt.ts";
import { stateCommitment } from "../state/state.ts";
import { bindTransition } from "../witness/witness.ts";
import { readNamedRounds } from "./namedRounds.ts";
import { precedingOf, type SignedRecord, type SignedTransition } from "./signedRecord.ts";

/** A node's own copy of what a lane may do. */
export interface NodeMandate {
  committed: CommittedPolicy;
  /** The epoch's state secret, 32 bytes. */
  secret: Uint8Array;
}

/** A gate as a node sees it, by its own means. */
export interface NodeGate {
  chainId: number;
  gate: Address;
  client: ReadClient;
  /** The node's copy of a lane's policy, by its commitment; nothing if it has none. */
  mandate(commitment: bigint, lane: number): Promise<NodeMandate | undefined>;
}

export interface JudgeParameters {
  gate: NodeGate;
  /** The group's key as a gate stores it. */
  key: Hex;
  digest: Hex;
  evidence: SigningEvidence;
  /** What the node has signed for the lane. */
  record(): Promise<SignedRecord>;
  /** Whether a proof is valid under the node's own pinned artifacts. */
  verify(circuit: CircuitName, proof: Proof): Promise<boolean>;
  /** seconds that an action may be after the node's latest block, which may lag behind the coordinator's */
  tolerance: bigint;
}

export interface Judgement {
  snapshot: GateSnapshot;
  transition: SignedTransition;
}

const refuse = (reason: RefusalReason, cause?: unknown): never => {
  throw new NodeRefusalError({ reason, cause });
};

/**
 * Decides whether a digest is that of an action which the gate would execute and the node's copy of the policy allows.
 * Nothing that the coordinator says is believed: it is read, or computed, or refused.
 *
 * @throws {NodeRefusalError} at the first thing that is not so, and on any doubt
 */
export async function judge(parameters: JudgeParameters): Promise<Judgement> {
  const { gate, digest, evidence } = parameters;
  const { epoch, seq, proof, stateOld } = evidence;
  const { lane, time, deadline } = proof;

  const reader = createGateReader(gate.client, { gate: gate.gate });
  const snapshot = await reader
    .snapshot({ lane, priceFeeds: [] })
    .catch((cause: unknown) => refuse("chain-unavailable", cause));
  assertStanding(parameters, snapshot);
  const mandate = (await gate.mandate(snapshot.lane.policy, lane)) ?? refuse("unknown-policy");
  if (mandate.committed.commitment !== snapshot.lane.policy) refuse("unknown-policy");

  const opened = stateCommitment(stateOld);
  if (seq === snapshot.lane.seq) {
    if (opened !== snapshot.lane.state) refuse("wrong-state");
  } else {
    if (seq < snapshot.lane.seq) refuse("wrong-sequence");
    const preceding = precedingOf(await parameters.record(), snapshot, {
      epoch,
      seq,
      stateOld: opened,
    });
    if (!preceding) return refuse("wrong-sequence");
    if (time < preceding.time) refuse("wrong-time");
  }

  const stateNew = await transitionOf(parameters, snapshot, mandate);
  const transition = { epoch, seq, digest, time, deadline, stateOld: opened, stateNew };
  return { snapshot, transition };
}

/** The gate is the group's and in the action's epoch; the action's time is now. */
function assertStanding(
  { evidence, key, tolerance }: JudgeParameters,
  { epoch, paused, maxDelay, agent, lane, time: now }: GateSnapshot,
): void {
  const { time, deadline } = evidence.proof;
  if (paused) refuse("paused");
  if (epoch !== evidence.epoch || lane.epoch !== evidence.epoch) refuse("wrong-epoch");
  if (agent.kind !== agentKeyKinds.schnorr || agent.id !== key) refuse("wrong-agent");
  if (time < lane.lastTime || time > now + tolerance || now > time + maxDelay) refuse("wrong-time");
  if (deadline < time || deadline > time + maxDelay || now > deadline) refuse("wrong-deadline");
}

/**
 * Computes the action's digest anew, from what the node knows, and everything that it covers.
 *
 * @returns the state's commitment after the action
 */
async function transitionOf(
  parameters: JudgeParameters,
  snapshot: GateSnapshot,
  { committed, secret }: NodeMandate,
): Promise<bigint> {
  const { gate, digest, evidence, verify } = parameters;
  const { chainId } = gate;
  const { epoch, seq, call, proof, stateOld } = evidence;
  const { lane, time, deadline, submitter } = proof;
  const action = { chainId, gate: gate.gate, ...call };

  const { price, risk } = await readNamedRounds(gate, proof, snapshot);
  if (risk && risk.answer < risk.latestAnswer) refuse("wrong-round");
  const verdict = decide(committed.policy, {
    action,
    time,
    prices: price
      ? [
          {
            priceFeed: proof.priceFeed,
            priceAnswer: price.answer,
            priceUpdatedAt: price.updatedAt,
          },
        ]
      : [],
    riskAnswer: risk?.answer ?? 0n,
    levels: stateOld.levels,
    tier: "gate",
  });
  if (!verdict.allowed) return refuse("denied");
  const isNamedFeed = isAddressEqual(verdict.feeds.priceFeed, proof.priceFeed);
  if (circuits[verdict.circuit].id !== proof.circuit || !isNamedFeed) refuse("wrong-digest");

  const binding = bindTransition({
    circuit: verdict.circuit,
    action,
    time,
    feeds: verdict.feeds,
    committed,
    ruleIndex: verdict.ruleIndex,
    stateOld,
    stateNew: {
      levels: verdict.levels,
      salt: actionSalt(secret, { lane, epoch, seq, time, action }),
    },
  });
  const { context, contextHash, contextCommitment, vector } = binding;
  const computed = gatedActionDigest(chainId, gate.gate, {
    circuit: proof.circuit,
    contextHash,
    lane,
    epoch,
    seq,
    dataHash: keccak256(call.data),
    deadline,
    submitter,
    contextCommitment,
  });
  const isShown =
    context.stateNew === proof.stateNew && contextCommitment === proof.contextCommitment;
  if (computed !== digest || !isShown) refuse("wrong-digest");

  const z = challenge(digest);
  const publicSignals = [contextCommitment, z, fingerprint(vector, z)];
  const isValid = await verify(verdict.circuit, {
    circuit: verdict.circuit,
    points: proof.points,
    publicSignals,
  });
  if (!isValid) refuse("invalid-proof");
  return context.stateNew;
}
