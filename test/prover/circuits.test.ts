import { afterAll, describe, expect, it } from "vitest";
import { circuits } from "../../src/action/circuits.ts";
import { publicInputs } from "../../src/prover/prover.ts";
import { createSnarkjsProver } from "../../src/prover/snarkjs.ts";
import { verifyProof } from "../../src/prover/verify.ts";
import { calculateWitness } from "../../src/prover/witness.ts";
import { basePolicy, baseSituation, claimedTransition, inputOf } from "../support/mandate.ts";

const prover = createSnarkjsProver({ production: false });
afterAll(() => prover.close());

describe.each(Object.keys(circuits) as (keyof typeof circuits)[])("circuit %s", (circuit) => {
  const input = inputOf({ ...claimedTransition(basePolicy, baseSituation), circuit });

  it("proves a permitted action with the pinned keys", async () => {
    const proof = await prover.prove(circuit, input);
    expect(proof.publicSignals).toEqual(publicInputs.map((name) => input[name]));
    expect(await verifyProof(circuit, proof)).toBe(true);
    const [c, z, y] = proof.publicSignals as [bigint, bigint, bigint];
    expect(await verifyProof(circuit, { ...proof, publicSignals: [c, z, y + 1n] })).toBe(false);
  });

  it("has the public inputs first in its witness", async () => {
    const witness = await calculateWitness(circuit, input);
    expect(witness.slice(0, 4)).toEqual([1n, ...publicInputs.map((name) => input[name])]);
  });

  it("refuses a key of another circuit's proof", async () => {
    const proof = await prover.prove(circuit, input);
    const other = circuit === "gate" ? "wide" : "gate";
    expect(await verifyProof(other, { ...proof, circuit: other })).toBe(false);
  });
});
