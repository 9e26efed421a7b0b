import { type Address, type Hex, keccak256, numberToHex } from "viem";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import { challenge, gatedActionDigest } from "../../action/digest.ts";
import { type Allowed, decide } from "../../policy/evaluate.ts";
import type { BudgetLevel } from "../../policy/policy.ts";
import type { State } from "../../state/state.ts";
import { bindTransition, type CircuitInput, circuitInput } from "../../witness/witness.ts";
import { benchCalldata, benchPolicy } from "./benchPolicy.ts";

export const CHAIN_ID = 31_337;
export const GATE: Address = "0x6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e";
export const TOKEN: Address = "0x70c3e00000000000000000000000000000000001";
export const RECIPIENT: Address = "0x9ec1000000000000000000000000000000000002";
/** seconds */
export const MAX_DELAY = 300n;
const FIRST_TIME = 1_861_963_200n;

/** An action of the bench, on a state of its own. */
export interface BenchAction {
  /** unix seconds */
  time: bigint;
  data: Hex;
  stateOld: State;
  digest: Hex;
  evaluate(): Allowed;
  /** Binds the transition and lays out the circuit's inputs. */
  input(): CircuitInput;
}

/**
 * Transfers that follow each other under one policy of one rule, with amounts, times and states of their own, as a
 * signer meets them: since a prover may keep what does not change, the same one again would flatter it.
 */
export function benchActions(circuit: CircuitName, count: number): BenchAction[] {
  const committed = benchPolicy({ circuit, chainId: CHAIN_ID, token: TOKEN });
  return Array.from({ length: count }, (_, index) => {
    const data = benchCalldata(circuit, RECIPIENT, 10n ** 17n + BigInt(index) * 123_456_789n);
    const action = { chainId: CHAIN_ID, gate: GATE, target: TOKEN, value: 0n, data };
    const time = FIRST_TIME + 12n * BigInt(index);
    const level: BudgetLevel = { level: 1_000n * BigInt(index), last: time - 100n };
    const salt = BigInt(keccak256(numberToHex(index))) >> 8n;
    const stateOld: State = { levels: [level, level, level, level], salt };
    const situation = { action, time, prices: [], riskAnswer: 0n, levels: stateOld.levels };
    const evaluate = () => decide(committed.policy, { ...situation, tier: "gate" }) as Allowed;
    const verdict = evaluate();
    const transition = {
      circuit,
      action,
      time,
      feeds: verdict.feeds,
      committed,
      ruleIndex: verdict.ruleIndex,
      stateOld,
      stateNew: { levels: verdict.levels, salt: salt + 1n },
    };
    const binding = bindTransition(transition);
    const digest = gatedActionDigest(CHAIN_ID, GATE, {
      circuit: circuits[circuit].id,
      contextHash: binding.contextHash,
      lane: 0,
      epoch: 1,
      seq: BigInt(index),
      dataHash: keccak256(data),
      deadline: time + MAX_DELAY,
      submitter: RECIPIENT,
      contextCommitment: binding.contextCommitment,
    });
    const z = challenge(digest);
    const input = () => circuitInput(transition, bindTransition(transition), z);
    return { time, data, stateOld, digest, evaluate, input };
  });
}
