import { type Address, encodeFunctionData, keccak256 } from "viem";
import { call, readContract } from "viem/actions";
import { circuits } from "../../action/circuits.ts";
import type { Action, FeedReadings } from "../../action/context.ts";
import { challenge, gatedActionDigest } from "../../action/digest.ts";
import { policyAccountAbi } from "../../chain/abi/policyAccount.ts";
import { readLane } from "../../chain/readLane.ts";
import { refusalOf } from "../../chain/refusal.ts";
import type { CommittedPolicy } from "../../policy/commitment.ts";
import { circuitFor, evaluate, levelsAfter } from "../../policy/evaluate.ts";
import { chargeOutcomes } from "../../policy/restrictions/charges.ts";
import { type Situation, subjectOf } from "../../policy/subject.ts";
import type { GateCall, GateProof, SignedGateCall } from "../../signer/gateCall.ts";
import { actionSalt } from "../../state/salt.ts";
import { type State, stateCommitment } from "../../state/state.ts";
import { bindTransition, circuitInput, type Transition } from "../../witness/witness.ts";
import { recordedStates } from "../laneRecords.ts";
import { CHAIN_ID, type Desk } from "./desk.ts";
import type { Sender } from "./localChain.ts";

/** Enough for every attack to fail by itself and not for want of gas. */
const ATTACK_GAS = 2_000_000n;

/** The world as the thief claims it to be; what he leaves out is as it is. */
export interface Claim {
  lane: number;
  call: GateCall;
  committed: CommittedPolicy;
  state: State;
  chainId: number;
  time: bigint;
  feeds: FeedReadings;
  rounds: { price: bigint; risk: bigint };
  submitter: Address;
}

/** How an attempt ended on-chain. */
export interface Attempt {
  /** The gate's custom error; `executed` if nothing stopped it. */
  reason: string;
  gas: bigint;
}

/**
 * Whoever holds the agent's host: its key, the policy, the state with all salts, the prover, and the
 * relayer's account.
 */
export interface Thief {
  account: Sender;
  /** The world as it is, for a call. */
  truth(lane: number, call: GateCall): Promise<Claim>;
  /**
   * A real proof of a claim, made for the digest that the gate computes when it is handed `wanted`:
   * signature and challenge are then right, and nothing but the proof itself can stop the call.
   *
   * @throws if the claim is not something the circuit can prove, or the gate refuses earlier
   */
  forge(claim: Claim, wanted?: Wanted): Promise<SignedGateCall>;
  /**
   * Tries to prove a claim under a rule that does not allow it, with every input as the rule would have it.
   *
   * @throws {WitnessError} because no witness exists
   */
  proveForbidden(claim: Claim, ruleName: string): Promise<SignedGateCall>;
  /** A real proof of a claim and a signature over it, as if the claim were true. */
  proveAsClaimed(claim: Claim): Promise<SignedGateCall>;
  /** An old proof under a new signature. */
  resign(signed: SignedGateCall): Promise<SignedGateCall>;
  /** Sends a call for real: it is mined, executed or reverted. */
  attempt(sender: Sender, signed: SignedGateCall): Promise<Attempt>;
}

/** A proof's points as the ABI types them. */
type Eight = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

/** What the gate is handed instead of what was proven. */
export interface Wanted {
  call?: GateCall;
  proof?: Partial<GateProof>;
}

export async function createThief(desk: Desk): Promise<Thief> {
  const { local, gate, prover, reader, store, epoch, market, relayer } = desk;
  const { key, mandate, secret } = epoch;
  const client = local.control;
  const digestOf = async (target: GateCall, proof: GateProof) => {
    const [digest] = await readContract(client, {
      address: gate,
      abi: policyAccountAbi,
      functionName: "digestOf",
      args: [target, proof as GateProof & { points: Eight }],
    });
    return digest;
  };
  const sequenceOf = async (lane: number) => {
    const { epoch: number, seq } = await readLane(client, { gate, lane });
    return { epoch: number, seq };
  };

  /** What is to be proven, under the rule that allows it or one that does not. */
  async function transitionOf(claim: Claim, forbiddenRule?: string): Promise<Transition> {
    const { lane, committed, state, chainId, time, feeds } = claim;
    const { policy } = committed;
    const action: Action = { chainId, gate, ...claim.call };
    const situation: Situation = { action, time, feeds, levels: state.levels, tier: "gate" };
    const verdict = evaluate(policy, situation);
    const ruleIndex = verdict.allowed
      ? verdict.ruleIndex
      : policy.rules.findIndex(({ name }) => name === forbiddenRule);
    const rule = policy.rules[ruleIndex];
    if (!rule) throw new Error("the claim itself breaks the policy");
    const subject = subjectOf(policy, rule, situation);
    const salt = actionSalt(secret, { lane, ...(await sequenceOf(lane)), time, action });
    return {
      circuit: circuitFor(rule),
      action,
      time,
      feeds,
      committed,
      ruleIndex,
      stateOld: state,
      stateNew: { levels: levelsAfter(subject, chargeOutcomes(subject)), salt },
    };
  }

  /** Proves the claim under the digest that `digestFor` gives to what will be handed in. */
  async function prove(
    claim: Claim,
    wanted: Wanted,
    digestFor: (input: {
      call: GateCall;
      proof: GateProof;
      contextHash: `0x${string}`;
    }) => Promise<`0x${string}`>,
    forbiddenRule?: string,
  ): Promise<SignedGateCall> {
    const { lane, time, submitter, feeds, rounds } = claim;
    const transition = await transitionOf(claim, forbiddenRule);
    const binding = bindTransition(transition);
    const handedIn = wanted.call ?? claim.call;
    const unproven: GateProof = {
      circuit: circuits[transition.circuit].id,
      lane,
      time,
      deadline: time + 300n,
      submitter,
      priceFeed: feeds.priceFeed,
      priceRound: rounds.price,
      riskRound: rounds.risk,
      stateNew: binding.context.stateNew,
      contextCommitment: binding.contextCommitment,
      points: Array.from({ length: 8 }, () => 0n),
      ...wanted.proof,
    };
    const { contextHash } = binding;
    const digest = await digestFor({ call: handedIn, proof: unproven, contextHash });
    const input = circuitInput(transition, binding, challenge(digest));
    const { points } = await prover.prove(transition.circuit, input);
    const position = await sequenceOf(unproven.lane);
    const proof = { ...unproven, points, ...wanted.proof };
    const shown = { chainId: CHAIN_ID, gate, call: handedIn, proof, stateOld: claim.state };
    return {
      call: handedIn,
      proof,
      signature: await key.sign(digest, { ...shown, ...position }),
      digest,
      ...position,
    };
  }

  return {
    account: await local.createSender(),

    async truth(lane, target) {
      const { ethUsd } = market;
      const snapshot = await reader.snapshot({ lane, priceFeeds: [ethUsd] });
      const record = await store.read({ chainId: CHAIN_ID, gate, lane });
      const [price] = snapshot.prices;
      if (!price || !record || !snapshot.risk) throw new Error("the market is closed");
      return {
        lane,
        call: target,
        committed: mandate.lanes[lane] as CommittedPolicy,
        state:
          recordedStates(record).find((state) => stateCommitment(state) === snapshot.lane.state) ??
          record.state,
        chainId: CHAIN_ID,
        time: snapshot.time,
        feeds: {
          priceFeed: ethUsd,
          priceAnswer: price.answer,
          priceUpdatedAt: price.updatedAt,
          riskAnswer: snapshot.risk.answer,
        },
        rounds: { price: price.round, risk: snapshot.risk.round },
        submitter: relayer.account.address,
      };
    },

    forge: (claim, wanted = {}) =>
      prove(claim, wanted, (handedIn) => digestOf(handedIn.call, handedIn.proof)),

    proveForbidden: (claim, ruleName) =>
      prove(claim, {}, (handedIn) => digestOf(handedIn.call, handedIn.proof), ruleName),

    proveAsClaimed: (claim) =>
      prove(claim, {}, async ({ call: handedIn, proof, contextHash }) =>
        gatedActionDigest(CHAIN_ID, gate, {
          ...proof,
          ...(await sequenceOf(proof.lane)),
          contextHash,
          dataHash: keccak256(handedIn.data),
        }),
      ),

    async resign(signed) {
      const digest = await digestOf(signed.call, signed.proof);
      return { ...signed, digest, signature: await key.sign(digest) };
    },

    async attempt(sender, { call: target, proof, signature }) {
      const data = encodeFunctionData({
        abi: policyAccountAbi,
        functionName: "execute",
        args: [target, proof as GateProof & { points: Eight }, signature],
      });
      const { account } = sender;
      const asked = await call(client, { account, to: gate, data, gas: ATTACK_GAS }).then(
        () => undefined,
        (error: unknown) => refusalOf(error, policyAccountAbi).reason,
      );
      const hash = await sender.sendTransaction({ to: gate, data, gas: ATTACK_GAS });
      const { status, gasUsed } = await sender.waitForTransactionReceipt({ hash });
      if (status === "success") return { reason: "executed", gas: gasUsed };
      return { reason: asked ?? "reverted when mined", gas: gasUsed };
    },
  };
}
