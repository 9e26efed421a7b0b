import { getCurveFromName } from "ffjavascript";
import { groth16 } from "snarkjs";
import { type Address, keccak256, numberToHex } from "viem";
import { type CircuitName, circuits } from "../../action/circuits.ts";
import type { Action } from "../../action/context.ts";
import { challenge, gatedActionDigest } from "../../action/digest.ts";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import { type Allowed, decide } from "../../policy/evaluate.ts";
import type { BudgetLevel } from "../../policy/policy.ts";
import { loadArtifacts } from "../../prover/artifacts.ts";
import type { StageTimes } from "../../prover/kernel/kernelMessages.ts";
import { createKernelProver } from "../../prover/kernel/kernelProver.ts";
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
import { measure, summarize, type Timing } from "./measure.ts";

const CHAIN_ID = 31_337;
const GATE: Address = "0x6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e6a7e";
const TOKEN: Address = "0x70c3e00000000000000000000000000000000001";
const RECIPIENT: Address = "0x9ec1000000000000000000000000000000000002";
const TIME = 1_861_963_200n;
const MAX_DELAY = 300n;
/** Different actions that are proven in turn, since a prover may keep what does not change. */
const ACTIONS = 8;

/** What is timed of each circuit. */
export interface CircuitBench {
  /** The way of one action, each stage alone; `pipeline` is decision to signature. */
  stages: Record<"evaluate" | "witness" | "prove" | "verify" | "sign" | "pipeline", Timing>;
  /** Proof generation alone from a ready witness, by prover, everything in memory. */
  prove: Record<"snarkjs" | "kernel", Timing>;
  /** The parts of the kernel's proof, without the witness; they overlap where threads work side by side. */
  kernel: Record<KernelStage, Timing>;
}

const kernelStages = ["evaluate", "quotient", "sums", "h", "wait", "assemble", "verify"] as const;
type KernelStage = (typeof kernelStages)[number];

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
  /** A transfer with amount, time and state of its own. */
  const actionAt = (index: number) => {
    const action: Action = {
      chainId: CHAIN_ID,
      gate: GATE,
      target: TOKEN,
      value: 0n,
      data: benchCalldata(circuit, RECIPIENT, 10n ** 17n + BigInt(index) * 123_456_789n),
    };
    const time = TIME + 12n * BigInt(index);
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
      dataHash: `0x${"00".repeat(32)}`,
      deadline: time + MAX_DELAY,
      submitter: RECIPIENT,
      contextCommitment: binding.contextCommitment,
    });
    const z = challenge(digest);
    const input = () => circuitInput(transition, bindTransition(transition), z);
    return { evaluate, action, stateOld, digest, input };
  };
  const actions = Array.from({ length: ACTIONS }, (_, index) => actionAt(index));
  const { evaluate, action, stateOld, digest, input } = actions[0] as (typeof actions)[0];
  const inputs = inTurn(actions.map((each) => each.input()));
  const key = ecdsaKey(new Uint8Array(32).fill(1));
  const proof = await prover.prove(circuit, input());

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
      evaluate: await measure(runs, evaluate),
      witness: await measure(runs, () => calculateWitness(circuit, input())),
      prove: await measure(runs, () => prover.prove(circuit, inputs())),
      verify: await measure(runs, () => verifyProof(circuit, proof)),
      sign: await measure(runs, () => key.sign(digest)),
      pipeline: await measure(runs, () => pipeline.sign(request)),
    },
    ...(await benchProvers(
      circuit,
      actions.map((each) => each.input()),
      runs,
    )),
  };
}

/** The values one after the other, and again from the first. */
function inTurn<T>(values: readonly T[]): () => T {
  let next = 0;
  return () => values[next++ % values.length] as T;
}

/** Both provers with key and witnesses in memory and all of their threads, on the same actions. */
async function benchProvers(
  circuit: CircuitName,
  inputs: readonly Parameters<Prover["prove"]>[1][],
  runs: number,
): Promise<Pick<CircuitBench, "prove" | "kernel">> {
  const { wasm, zkey } = await loadArtifacts(circuit);
  const calculator = await WitnessCalculator.create(circuit, wasm);
  const witnesses: Uint8Array[] = [];
  for (const input of inputs) witnesses.push(await calculator.calculateFile(input));

  const forSnarkjs = inTurn(witnesses);
  const snarkjs = await measure(runs, () => groth16.prove(zkey, forSnarkjs()));
  // snarkjs keeps its threads, which would keep this process.
  await (await getCurveFromName("bn128")).terminate();

  const forKernel = inTurn(witnesses);
  const times: StageTimes[] = [];
  const prover = createKernelProver({ verify: false, onTimes: (_, each) => times.push(each) });
  const kernel = await measure(runs, () => prover.proveWitness(circuit, forKernel()));
  await prover.close();
  const counted = times.slice(-runs);
  return {
    prove: { snarkjs, kernel },
    kernel: Object.fromEntries(
      kernelStages.map((stage) => [stage, summarize(counted.map((each) => each[stage]))]),
    ) as Record<KernelStage, Timing>,
  };
}
