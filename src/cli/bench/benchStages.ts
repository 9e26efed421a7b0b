import { getCurveFromName } from "ffjavascript";
import { groth16 } from "snarkjs";
import type { CircuitName } from "../../action/circuits.ts";
import { ecdsaKey } from "../../keys/ecdsaKey.ts";
import { loadArtifacts } from "../../prover/artifacts.ts";
import type { StageTimes } from "../../prover/kernel/kernelMessages.ts";
import { createKernelProver } from "../../prover/kernel/kernelProver.ts";
import type { Prover } from "../../prover/prover.ts";
import { verifyProof } from "../../prover/verify.ts";
import { calculateWitness } from "../../prover/witness.ts";
import { WitnessCalculator } from "../../prover/witnessCalculator.ts";
import { createSigner } from "../../signer/signer.ts";
import { startRecord } from "../../state/laneStore.ts";
import { stateCommitment } from "../../state/state.ts";
import {
  type BenchAction,
  benchActions,
  CHAIN_ID,
  GATE,
  MAX_DELAY,
  RECIPIENT,
  TOKEN,
} from "./benchActions.ts";
import { benchPolicy } from "./benchPolicy.ts";
import { measure, summarize, type Timing } from "./measure.ts";

/** Different actions that are proven in turn. */
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

const kernelStages = [
  "evaluate",
  "quotient",
  "sums",
  "a",
  "b2",
  "c",
  "h",
  "wait",
  "assemble",
  "verify",
] as const;
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
  const actions = benchActions(circuit, ACTIONS);
  const first = actions[0] as BenchAction;
  const nextInput = inTurn(actions.map((each) => each.input()));
  const key = ecdsaKey(new Uint8Array(32).fill(1));
  const proof = await prover.prove(circuit, first.input());
  return {
    stages: {
      evaluate: await measure(runs, () => first.evaluate()),
      witness: await measure(runs, () => calculateWitness(circuit, first.input())),
      prove: await measure(runs, () => prover.prove(circuit, nextInput())),
      verify: await measure(runs, () => verifyProof(circuit, proof)),
      sign: await measure(runs, () => key.sign(first.digest)),
      pipeline: await measure(runs, pipelineOf(circuit, prover, actions)),
    },
    ...(await benchProvers(
      circuit,
      actions.map((each) => each.input()),
      runs,
    )),
  };
}

/** Decision to signature, action by action, by a real signer whose lane stands before the next action each time. */
export function pipelineOf(
  circuit: CircuitName,
  prover: Prover,
  actions: readonly BenchAction[] = benchActions(circuit, ACTIONS),
): () => Promise<unknown> {
  const committed = benchPolicy({ circuit, chainId: CHAIN_ID, token: TOKEN });
  const key = ecdsaKey(new Uint8Array(32).fill(1));
  const next = inTurn(actions);
  let now = actions[0] as BenchAction;
  const lane = { chainId: CHAIN_ID, gate: GATE, lane: 0 };
  const signer = createSigner({
    ...lane,
    committed,
    secret: new Uint8Array(32).fill(4),
    key,
    prover,
    reader: {
      snapshot: async () => ({
        time: now.time,
        finalizedTime: now.time,
        finalized: { epoch: 1, seq: 0n, state: stateCommitment(now.stateOld) },
        epoch: 1,
        paused: false,
        maxDelay: MAX_DELAY,
        agent: key.onchain,
        lane: {
          policy: committed.commitment,
          state: stateCommitment(now.stateOld),
          epoch: 1,
          seq: 0n,
          lastTime: now.time,
        },
        prices: [],
      }),
    },
    // What a disk costs is the disk's.
    store: {
      read: async () =>
        startRecord({ ...lane, epoch: 1, seq: 0n, state: now.stateOld, quietUntil: 0n }),
      write: async (record) => record,
      exclusive: (_, work) => work(),
    },
  });
  return () => {
    now = next();
    return signer.sign({ target: TOKEN, value: 0n, data: now.data, submitter: RECIPIENT });
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
