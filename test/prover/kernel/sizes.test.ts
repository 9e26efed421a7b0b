import { zKey } from "snarkjs";
import { afterAll, describe, expect, it } from "vitest";
import { verifyGroth16 } from "../../../src/prover/groth16.ts";
import { randomBlinding } from "../../../src/prover/kernel/blinding.ts";
import type { Engine } from "../../../src/prover/kernel/engine.ts";
import { proveGroth16 } from "../../../src/prover/kernel/groth16.ts";
import { createKernelEngine } from "../../../src/prover/kernel/kernelEngine.ts";
import { readWitnessFile } from "../../../src/prover/kernel/witnessFile.ts";
import { readProverKey } from "../../../src/prover/kernel/zkeySections.ts";
import { developmentSetup } from "../../../src/prover/setup/devSetup.ts";
import { parseVerificationKey } from "../../../src/prover/verificationKey.ts";
import { r1csFile, witnessFile } from "../setup/fixtures.ts";
import { randomCircuit, randomness, snarkjsCurve, snarkjsProof } from "./fixtures.ts";

/** Set to also prove 2^14 and 2^16 rows, which takes minutes. */
const withLarge = process.env.ZKMANDATE_LARGE_CIRCUITS !== undefined;
afterAll(async () => (await snarkjsCurve()).terminate());

describe("proveGroth16 with the kernel", () => {
  it.each([
    { rows: 1, publicInputs: 0 },
    { rows: 2, publicInputs: 1 },
    { rows: 300, publicInputs: 40 },
    { rows: 1_021, publicInputs: 2 },
    { rows: 2_044, publicInputs: 3 },
    ...(withLarge ? [16_380, 65_532].map((rows) => ({ rows, publicInputs: 3 })) : []),
  ])(
    "gives snarkjs' proof with $rows rows and $publicInputs public inputs",
    async (size) => {
      const { circuit, inputs, witness } = randomCircuit(size.rows, size.publicInputs);
      const { zkey } = await developmentSetup(new Uint8Array(r1csFile(circuit)), "circuit");
      const { scalar } = randomness(size.rows);
      const values = witness(Array.from({ length: inputs }, scalar));
      const wtns = new Uint8Array(witnessFile(values));
      const key = readProverKey(zkey, "key");
      const engine = (await createKernelEngine()) as Engine;
      const blinding = randomBlinding();
      const result = proveGroth16(engine, key, readWitnessFile(wtns, key.wires), blinding);
      expect(result).toEqual(await snarkjsProof(zkey, wtns, blinding));
      const vkey = parseVerificationKey(await zKey.exportVerificationKey(zkey), "vkey");
      expect(verifyGroth16(vkey, result.points, result.publicSignals)).toBe(true);
      const other = result.publicSignals.map((signal, k) => (k === 0 ? signal + 1n : signal));
      if (other.length) expect(verifyGroth16(vkey, result.points, other)).toBe(false);
    },
    600_000,
  );
});
