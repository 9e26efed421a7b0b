/** The digests that were ever signed are what they are said to be, and never are two of one sequence number alive. */
import {
  decodeFunctionData,
  type Hex,
  isAddressEqual,
  keccak256,
  recoverAddress,
  zeroAddress,
} from "viem";
import { circuits } from "../../../src/action/circuits.ts";
import { contextHash, contextVector } from "../../../src/action/context.ts";
import { gatedActionDigest } from "../../../src/action/digest.ts";
import { policyAccountAbi } from "../../../src/chain/abi/policyAccount.ts";
import { gateEvents } from "../../../src/chain/gateEvents.ts";
import { FINALITY } from "./chainKeeper.ts";
import { CHAIN_ID } from "./crashWorld.ts";
import type { Evidence } from "./evidence.ts";

/**
 * Blocks by which the two reads of one snapshot may lie apart: one of them may have been asked again, and the
 * chain goes on meanwhile. Much less than the time for which anything is signed here.
 */
const SLACK = 8;

/** For each digest the state that it was signed for, by its own context hash. */
export type StatesOld = ReadonlyMap<Hex, bigint>;

/**
 * The sequence number that a call is said to have is the one that the agent signed: the digest is made anew
 * from the calldata that left, and the signature is the agent's.
 */
export async function checkDigests({
  world,
  archive,
  signed,
  violate,
}: Evidence): Promise<StatesOld> {
  const { chain, desk, agent } = world;
  const { gate } = desk;
  const states = new Map<string, Set<bigint>>();
  const policies = new Map<number, bigint>();
  const after = (lane: number, epoch: number, seq: bigint) => `${lane}/${epoch}/${seq}`;
  const note = (key: string, state: bigint) =>
    states.set(key, (states.get(key) ?? new Set()).add(state));
  for await (const { eventName, args } of gateEvents(chain, { gate, fromBlock: 0n })) {
    if (eventName !== "LaneRotated") continue;
    policies.set(args.lane, args.policy);
    note(after(args.lane, args.epoch, args.seq), args.state);
  }
  for (const { lane, epoch, seq, state } of archive.states) {
    note(after(lane, epoch, seq + 1n), state);
  }
  const statesOld = new Map<Hex, bigint>();
  for (const { digest, epoch, seq, calldata } of signed) {
    const { functionName, args } = decodeFunctionData({ abi: policyAccountAbi, data: calldata });
    if (functionName !== "execute") throw new Error(`not a call of execute: ${functionName}`);
    const [call, proof, signature] = args;
    const { lane, circuit, time, deadline, submitter, stateNew, contextCommitment } = proof;
    const words = Object.values(circuits).find(({ id }) => id === circuit)?.words ?? 0;
    const stateOld = [...(states.get(after(lane, epoch, seq)) ?? [])].find((candidate) => {
      const vector = contextVector(
        {
          ...{ chainId: CHAIN_ID, gate, ...call, time },
          ...{ policy: policies.get(lane) ?? 0n, stateOld: candidate, stateNew },
          ...{ priceFeed: zeroAddress, priceAnswer: 0n, priceUpdatedAt: 0n, riskAnswer: 0n },
        },
        words,
      );
      const signedOver = gatedActionDigest(CHAIN_ID, gate, {
        ...{ circuit, lane, epoch, seq, deadline, submitter, contextCommitment },
        contextHash: contextHash(vector),
        dataHash: keccak256(call.data),
      });
      return signedOver === digest;
    });
    if (stateOld === undefined) violate(`${digest} is not the digest of lane ${lane}, ${seq}`);
    else statesOld.set(digest, stateOld);
    const signer = await recoverAddress({ hash: digest, signature });
    if (!isAddressEqual(signer, agent)) violate(`${digest} is not signed by the agent`);
  }
  return statesOld;
}

/**
 * One sequence number never has two live digests: when the second was signed, a finalized block told that the
 * first can never land. That follows from the chain and the calldata alone: it is past its deadline, or its old
 * state is neither where the lane stands nor where anything leads that can land itself.
 *
 * @returns how often a sequence number was signed anew
 */
export function checkLiveDigests(
  { world, executed, signed, violate }: Evidence,
  statesOld: StatesOld,
): number {
  const { keeper } = world;
  const byStateNew = new Map(signed.map((call) => [call.proof.stateNew, call]));
  const landed = new Set(executed.map(({ args }) => args.stateNew));

  /** Whether a call that has not landed could, for all that the chain says up to a finalized block. */
  function couldLand({ digest, seq, proof }: Evidence["signed"][number], final: number): boolean {
    if (keeper.finalizedTime(final + FINALITY) > proof.deadline) return false;
    const last = executed
      .filter(({ args, blockNumber }) => args.lane === proof.lane && Number(blockNumber) <= final)
      .at(-1)?.args;
    if (last && last.seq >= seq) return false;
    const stateOld = statesOld.get(digest);
    if (last && last.seq + 1n === seq) return last.stateNew === stateOld;
    const parent = stateOld === undefined ? undefined : byStateNew.get(stateOld);
    // Whatever leads there, if anything does, may not be known: the first of a lane is signed for its rotation.
    return !parent || couldLand(parent, final);
  }

  let anew = 0;
  for (const [where, calls] of Map.groupBy(
    signed,
    ({ proof, epoch, seq }) => `${proof.lane}/${epoch}/${seq}`,
  )) {
    const digests = calls.filter(
      ({ digest }, i) => calls.findIndex((other) => other.digest === digest) === i,
    );
    for (const [i, { proof, digest }] of digests.entries()) {
      const earlier = digests.slice(0, i);
      if (earlier.length > 0) anew += 1;
      const final = keeper.numberAt(proof.time) + SLACK - FINALITY;
      for (const other of earlier) {
        if (landed.has(other.proof.stateNew) || couldLand(other, final)) {
          violate(`${where}: ${digest} was signed while ${other.digest} could land`);
        }
      }
    }
  }
  return anew;
}
