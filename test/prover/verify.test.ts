import { bn254 } from "@noble/curves/bn254.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { BASE_FIELD_ORDER } from "../../src/prover/baseField.ts";
import type { Proof } from "../../src/prover/prover.ts";
import { createSnarkjsProver } from "../../src/prover/snarkjs.ts";
import { verifyProof } from "../../src/prover/verify.ts";
import { toyArtifacts, toyInput } from "./fixtures/toy.ts";

let toy: Awaited<ReturnType<typeof toyArtifacts>>;
let proof: Proof;
beforeAll(async () => {
  toy = await toyArtifacts();
  const prover = createSnarkjsProver({ directory: toy.directory, production: false });
  proof = await prover.prove("gate", toyInput());
  await prover.close();
});
afterAll(() => toy.remove());

const verify = (change: Partial<Proof>) =>
  verifyProof("gate", { ...proof, ...change }, { directory: toy.directory, production: false });

describe("verifyProof", () => {
  it("accepts a proof", async () => {
    expect(await verify({})).toBe(true);
  });

  it.each([0, 1, 2])("refuses another public signal %i, p more, and a negative one", async (i) => {
    for (const difference of [1n, FIELD_ORDER, -FIELD_ORDER]) {
      const publicSignals = proof.publicSignals.map((s, k) => (k === i ? s + difference : s));
      expect(await verify({ publicSignals })).toBe(false);
    }
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    "refuses another coordinate %i, and one not reduced",
    async (i) => {
      for (const difference of [1n, BASE_FIELD_ORDER]) {
        const points = proof.points.map((c, k) => (k === i ? c + difference : c));
        expect(await verify({ points })).toBe(false);
      }
    },
  );

  it("refuses points at infinity, missing points and missing signals", async () => {
    expect(await verify({ points: Array(8).fill(0n) })).toBe(false);
    expect(await verify({ points: [...proof.points.slice(0, 6), 0n, 0n] })).toBe(false);
    expect(await verify({ points: proof.points.slice(0, 7) })).toBe(false);
    expect(await verify({ publicSignals: proof.publicSignals.slice(0, 2) })).toBe(false);
    expect(await verify({ publicSignals: [...proof.publicSignals, 0n] })).toBe(false);
  });

  it("refuses a proof for another circuit", async () => {
    expect(await verify({ circuit: "wide" })).toBe(false);
  });

  it("accepts (−A, −B, C): proofs are malleable, so nothing may key on their bytes", async () => {
    const [ax, ay, bx1, bx0, by1, by0, cx, cy] = proof.points as [
      ...[bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint],
    ];
    const negate = (y: bigint) => bn254.fields.Fp.neg(y);
    const points = [ax, negate(ay), bx1, bx0, negate(by1), negate(by0), cx, cy];
    expect(await verify({ points })).toBe(true);
  });
});
