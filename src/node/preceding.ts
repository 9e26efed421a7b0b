/**
 * What was signed before an action and has not landed. A node that had no part in it can take it from the group's own
 * signature: a quorum found it in order, so that one honest node did.
 */
import { keccak256 } from "viem";
import { circuits } from "../action/circuits.ts";
import { contextHash, contextVector } from "../action/context.ts";
import { gatedActionDigest } from "../action/digest.ts";
import { createGateReader } from "../chain/gateReader.ts";
import { InvalidContextError } from "../errors/action.ts";
import { NodeRefusalError, type RefusalReason } from "../errors/node.ts";
import { agentKeyKinds } from "../keys/keys.ts";
import { verifySchnorr } from "../keys/schnorr.ts";
import type { Judgement, NodeGate } from "./judge.ts";
import type { PrecedingTransition } from "./messages.ts";
import { readNamedRounds } from "./namedRounds.ts";
import { precedingOf, type SignedRecord } from "./signedRecord.ts";

const refuse = (reason: RefusalReason, cause?: unknown): never => {
  throw new NodeRefusalError({ reason, cause });
};

/**
 * Decides whether the group has signed a transition that follows what the node knows, and that can still land.
 *
 * @param key the group's key as a gate stores it
 * @param record what the node has recorded for the lane
 * @throws {NodeRefusalError} at the first thing that is not so, and on any doubt
 */
export async function judgePreceding(parameters: {
  gate: NodeGate;
  key: `0x${string}`;
  preceding: PrecedingTransition;
  record(): Promise<SignedRecord>;
}): Promise<Judgement> {
  const { gate, key, preceding } = parameters;
  const { epoch, seq, call, proof, stateOld, signature } = preceding;
  const { lane, time, deadline, submitter, stateNew, contextCommitment } = proof;

  const snapshot = await createGateReader(gate.client, { gate: gate.gate })
    .snapshot({ lane, priceFeeds: [] })
    .catch((cause: unknown) => refuse("chain-unavailable", cause));
  const { agent } = snapshot;
  if (snapshot.epoch !== epoch || snapshot.lane.epoch !== epoch) refuse("wrong-epoch");
  if (agent.kind !== agentKeyKinds.schnorr || agent.id !== key) refuse("wrong-agent");
  // A finalized block is past it: it is dead, or it has landed and precedes nothing.
  if (snapshot.finalizedTime > deadline) refuse("wrong-deadline");
  if (seq === snapshot.lane.seq) {
    if (stateOld !== snapshot.lane.state) refuse("wrong-state");
  } else {
    const isKnown = seq > snapshot.lane.seq;
    if (!isKnown || !precedingOf(await parameters.record(), snapshot, preceding)) {
      refuse("wrong-sequence");
    }
  }

  const circuit = Object.values(circuits).find(({ id }) => id === proof.circuit);
  if (!circuit) return refuse("wrong-digest");
  const { price, risk } = await readNamedRounds(gate, proof, snapshot);
  const { chainId } = gate;
  const context = {
    ...{ chainId, gate: gate.gate, ...call, time },
    ...{ policy: snapshot.lane.policy, stateOld, stateNew },
    priceFeed: proof.priceFeed,
    priceAnswer: price?.answer ?? 0n,
    priceUpdatedAt: price?.updatedAt ?? 0n,
    riskAnswer: risk?.answer ?? 0n,
  };
  const digest = gatedActionDigest(chainId, gate.gate, {
    circuit: proof.circuit,
    contextHash: contextHash(vectorOf(context, circuit.words)),
    ...{ lane, epoch, seq, deadline, submitter, contextCommitment },
    dataHash: keccak256(call.data),
  });
  // The digest is of everything above: what the group has signed is exactly this.
  if (!verifySchnorr(key, digest, signature)) refuse("wrong-signature");
  return { snapshot, transition: { epoch, seq, digest, time, deadline, stateOld, stateNew } };
}

function vectorOf(...parameters: Parameters<typeof contextVector>): bigint[] {
  try {
    return contextVector(...parameters);
  } catch (error) {
    if (error instanceof InvalidContextError) return refuse("wrong-digest", error);
    throw error;
  }
}
