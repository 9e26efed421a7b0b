/**
 * The process that runs snarkjs. It keeps artifacts, witness generator and threads warm between proofs.
 *
 * A process and not a worker thread: snarkjs' own threads (package web-worker) do not start inside one.
 */
import { curves, groth16 } from "snarkjs";
import type { CircuitName } from "../action/circuits.ts";
import { ProvingError } from "../errors/prover.ts";
import { loadArtifacts } from "./artifacts.ts";
import { verifyGroth16 } from "./groth16.ts";
import { publicInputs } from "./prover.ts";
import {
  type ProofReply,
  type ProofRequest,
  type ProverProcessSettings,
  toFailure,
} from "./proverMessages.ts";
import { toEvmPoints } from "./snarkjsFormat.ts";
import { WitnessCalculator } from "./witnessCalculator.ts";

const settings: ProverProcessSettings = JSON.parse(process.argv[2] ?? "{}");

async function loadCircuit(circuit: CircuitName) {
  const { wasm, zkey, vkey } = await loadArtifacts(circuit, settings);
  return { calculator: await WitnessCalculator.create(circuit, wasm), zkey, vkey };
}

const loaded = new Map<CircuitName, ReturnType<typeof loadCircuit>>();

function warmCircuit(circuit: CircuitName): ReturnType<typeof loadCircuit> {
  const known = loaded.get(circuit);
  if (known !== undefined) return known;
  const loading = loadCircuit(circuit);
  loaded.set(circuit, loading);
  loading.catch(() => loaded.delete(circuit));
  return loading;
}

async function prove({ circuit, input }: ProofRequest): Promise<ProofReply> {
  const { calculator, zkey, vkey } = await warmCircuit(circuit);
  const witness = await calculator.calculateFile(input);
  const { proof, publicSignals: texts } = await groth16.prove(zkey, witness);
  const points = toEvmPoints(proof);
  const publicSignals = texts.map(BigInt);
  if (publicInputs.some((name, i) => publicSignals[i] !== input[name])) {
    throw new ProvingError(`The proof for circuit ${circuit} is for other public inputs`);
  }
  if (settings.verify && !verifyGroth16(vkey, points, publicSignals)) {
    throw new ProvingError(`The proof for circuit ${circuit} does not verify`);
  }
  return { ok: true, points, publicSignals };
}

if (settings.singleThread) {
  // snarkjs takes the curve from here, and would build one for each proof otherwise.
  Object.assign(globalThis, {
    curve_bn128: await curves.getCurveFromName("bn128", { singleThread: true }),
  });
}

process.on("message", async (request: ProofRequest) => {
  const reply = await prove(request).catch(
    (error: unknown): ProofReply => ({ ok: false, failure: toFailure(error) }),
  );
  process.send?.(reply);
});
process.on("disconnect", () => process.exit());
