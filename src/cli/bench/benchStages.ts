import { getCurveFromName } from "ffjavascript";
import { groth16 } from "snarkjs";
import type { Address } from "viem";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import type { Action } from "../../action/context.ts";
import { challenge, gatedActionDigest } from "../../action/digest.ts";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import { type Allowed, decide } from "../../policy/evaluate.ts";
import type { BudgetLevel } from "../../policy/policy.ts";
import { loadArtifacts } from "../../prover/artifacts.ts";
import type { Prover } from "../../prover/prover.ts";
import { verifyProof } from "../../prover/verify.ts";
import { calculateWitness } from "../../prover/witness.ts";
import { WitnessCalculator } from "../../prover/witnessCalculator.ts";
import type { SignedGateCall } from "../../signer/gateCall.ts";
import { createSigner } from "../../signer/signer.ts";
import type { LaneRecord } from "../../state/laneStore.ts";
import { type State, stateCommitment } from "../../state/state.ts";
import { bindTransition, circuitInput } from "../../witness/witness.ts";
import { benchCalldata, benchPolicy } from "./benchPolicy.ts";
import { measure, type Timing } from "./measure.ts";

const CHAIN_ID = 31_337;
const GATE: Address = "0x6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e";
const TOKEN: Address = "0x70c3e00000000000000000000000000000000001";
const RECIPIENT: Address = "0x9ec1000000000000000000000000000000000002";
const TIME = 1_861_963_200n;
const MAX_DELAY = 300n;

/** What is timed of each circuit. */
export interface CircuitBench {
  /** The way of one action, each stage alone; `pipeline` is decision to signature. */
  stages: Record<"evaluate" | "witness" | "prove" | "verify" | "sign" | "pipeline", Timing>;
  /** Proof generation alone from a ready witness, by prover, everything in memory. */
  prove: Record<"snarkjs", Timing>;
}

/**
 * Times one circuit's stages on a policy of one rule.
 *
 * @param prover times `prove` (witness and proof) and `pipeline`
 * @param runs how many runs count
 */
export async function benchCircuit(
  circuit: CircuitName,
  prover: Prover,
  runs: number,
): Promise<CircuitBench> {
  const committed = benchPolicy({ circuit, chainId: CHAIN_ID, token: TOKEN });
  const action: Action = {
    chainId: CHAIN_ID,
    gate: GATE,
    target: TOKEN,
    value: 0n,
    data: benchCalldata(circuit, RECIPIENT, 10n ** 17n),
  };
  const level: BudgetLevel = { level: 0n, last: TIME - 100n };
  const stateOld: State = { levels: [level, level, level, level], salt: 2n };
  const situation = { action, time: TIME, prices: [], riskAnswer: 0n, levels: stateOld.levels };
  const evaluateOnce = () => decide(committed.policy, { ...situation, tier: "gate" }) as Allowed;

  const verdict = evaluateOnce();
  const transition = {
    circuit,
    action,
    time: TIME,
    feeds: verdict.feeds,
    committed,
    ruleIndex: verdict.ruleIndex,
    stateOld,
    stateNew: { levels: verdict.levels, salt: 3n },
  };
  const binding = bindTransition(transition);
  const digest = gatedActionDigest(CHAIN_ID, GATE, {
    circuit: circuits[circuit].id,
    contextHash: binding.contextHash,
    lane: 0,
    epoch: 1,
    seq: 0n,
    dataHash: `0x${"00".repeat(32)}`,
    deadline: TIME + MAX_DELAY,
    submitter: RECIPIENT,
    contextCommitment: binding.contextCommitment,
  });
  const z = challenge(digest);
  const input = circuitInput(transition, binding, z);
  const key = ecdsaKey(new Uint8Array(32).fill(1));
  const proof = await prover.prove(circuit, input);

  const pipeline = createSigner({
    chainId: CHAIN_ID,
    gate: GATE,
    lane: 0,
    committed,
    secret: new Uint8Array(32).fill(4),
    key,
    prover,
    reader: {
      snapshot: async () => ({
        time: TIME,
        finalizedTime: TIME,
        epoch: 1,
        paused: false,
        maxDelay: MAX_DELAY,
        agent: key.onchain,
        lane: {
          policy: committed.commitment,
          state: stateCommitment(stateOld),
          epoch: 1,
          seq: 0n,
          lastTime: TIME,
        },
        prices: [],
      }),
    },
    // Always the same lane before its first action; what a disk costs is the disk's.
    store: {
      read: async (): Promise<LaneRecord<SignedGateCall>> => ({
        chainId: CHAIN_ID,
        gate: GATE,
        lane: 0,
        epoch: 1,
        seq: 0n,
        state: stateOld,
        quietUntil: 0n,
      }),
      write: async (record) => record,
      exclusive: (_, work) => work(),
    },
  });
  const request = { target: TOKEN, value: 0n, data: action.data, submitter: RECIPIENT };

  return {
    stages: {
      evaluate: await measure(runs, evaluateOnce),
      witness: await measure(runs, () =>
        calculateWitness(circuit, circuitInput(transition, bindTransition(transition), z)),
      ),
      prove: await measure(runs, () => prover.prove(circuit, input)),
      verify: await measure(runs, () => verifyProof(circuit, proof)),
      sign: await measure(runs, () => key.sign(digest)),
      pipeline: await measure(runs, () => pipeline.sign(request)),
    },
    prove: { snarkjs: await benchSnarkjs(circuit, input, runs) },
  };
}

/** `snarkjs.groth16.prove` with key and witness in memory and all of its threads. */
async function benchSnarkjs(
  circuit: CircuitName,
  input: Parameters<Prover["prove"]>[1],
  runs: number,
): Promise<Timing> {
  const { wasm, zkey } = await loadArtifacts(circuit);
  const calculator = await WitnessCalculator.create(circuit, wasm);
  const witness = await calculator.calculateFile(input);
  const timing = await measure(runs, () => groth16.prove(zkey, witness));
  // snarkjs keeps its threads, which would keep this process.
  await (await getCurveFromName("bn128")).terminate();
  return timing;
}
