import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../../src/field/field.ts";
import { loadVerificationKey } from "../../../src/prover/artifacts.ts";
import { BASE_FIELD_ORDER } from "../../../src/prover/baseField.ts";
import { createKernelProver } from "../../../src/prover/kernel/kernelProver.ts";
import { createProofCheck, type ProofCheck } from "../../../src/prover/kernel/pairingVerifier.ts";
import type { Proof } from "../../../src/prover/prover.ts";
import { toyArtifacts, toyInput } from "../fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
let proof: Proof;
let check: ProofCheck;
beforeAll(async () => {
  toy = await toyArtifacts();
  const options = { directory: toy.directory, production: false };
  const prover = createKernelProver({ ...options, cacheDirectory: false, verify: false });
  proof = await prover.prove("gate", toyInput());
  await prover.close();
  check = await createProofCheck(await loadVerificationKey("gate", options));
});
afterAll(() => toy.remove());

describe("createProofCheck", () => {
  it("accepts a proof, again and again", async () => {
    expect(await check(proof.points, proof.publicSignals)).toBe(true);
    expect(await check(proof.points, proof.publicSignals)).toBe(true);
  });

  it("refuses any other public signal", async () => {
    for (const k of proof.publicSignals.keys()) {
      for (const difference of [1n, FIELD_ORDER, -FIELD_ORDER]) {
        const signals = proof.publicSignals.with(
          k,
          (proof.publicSignals[k] as bigint) + difference,
        );
        expect(await check(proof.points, signals)).toBe(false);
      }
    }
    expect(await check(proof.points, proof.publicSignals.slice(1))).toBe(false);
    expect(await check(proof.points, [...proof.publicSignals, 0n])).toBe(false);
  });

  it("refuses any other point, on the curve or not", async () => {
    for (const k of proof.points.keys()) {
      const points = proof.points.with(k, (proof.points[k] as bigint) + 1n);
      expect(await check(points, proof.publicSignals)).toBe(false);
    }
    const [ax, ay, ...rest] = proof.points as [bigint, bigint, ...bigint[]];
    expect(await check([ax, BASE_FIELD_ORDER - ay, ...rest], proof.publicSignals)).toBe(false);
    expect(await check([1n, 2n, ...rest], proof.publicSignals)).toBe(false);
    expect(await check(Array(8).fill(0n), proof.publicSignals)).toBe(false);
    expect(await check(proof.points.slice(1), proof.publicSignals)).toBe(false);
  });
});
