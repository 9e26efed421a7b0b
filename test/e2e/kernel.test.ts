/**
 * The kernel's proofs of random mandates, judged by two others: snarkjs and the verifier contracts. One prover
 * makes them all, so that each starts from the sums that an unrelated mandate left.
 */
import fc from "fast-check";
import { getCurveFromName } from "ffjavascript";
import type { Address } from "viem";
import { readContract } from "viem/actions";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gateVerifierAbi } from "../../src/chain/abi/gateVerifier.ts";
import { deployVerifiers } from "../../src/chain/deployVerifiers.ts";
import { createLocalChain, type LocalChain } from "../../src/cli/demo/localChain.ts";
import { FIELD_ORDER } from "../../src/field/field.ts";
import { evaluate } from "../../src/policy/evaluate.ts";
import { createKernelProver } from "../../src/prover/kernel/kernelProver.ts";
import type { Proof } from "../../src/prover/prover.ts";
import { mandateArbitrary } from "../support/arbitrary.ts";
import { CHAIN_ID, claimedTransition, inputOf } from "../support/mandate.ts";
import { snarkjsVerify } from "../support/snarkjsVerify.ts";

/** Proofs of each run; `DIFFERENTIAL_RUNS=2000` for a long hunt. */
const runs = Math.ceil(Number(process.env.DIFFERENTIAL_RUNS ?? 250) / 5);

const prover = createKernelProver({
  verify: false,
  onFallback: (reason) => {
    throw new Error(`the kernel does not work here: ${reason}`);
  },
});
let local: LocalChain;
let verifiers: Record<"gate" | "wide", Address>;

beforeAll(async () => {
  local = await createLocalChain({ chainId: CHAIN_ID });
  verifiers = await deployVerifiers(await local.createSender());
});

afterAll(async () => {
  await prover.close();
  await local.close();
  await (await getCurveFromName("bn128")).terminate();
});

type Eight = readonly [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];

async function contractAccepts(
  { circuit, points }: Proof,
  [c, z, y]: readonly bigint[],
): Promise<boolean> {
  return readContract(local.control, {
    address: verifiers[circuit],
    // Both circuits' verifiers have the same interface.
    abi: gateVerifierAbi,
    functionName: "verifyProof",
    args: [points as unknown as Eight, c as bigint, z as bigint, y as bigint],
  }).catch(() => false);
}

test("snarkjs and the verifier contracts accept every proof, and none for other inputs", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(mandateArbitrary, fc.nat(2), async ({ policy, situation }, position) => {
      const verdict = evaluate(policy, situation);
      fc.pre(verdict.allowed);
      const transition = claimedTransition(policy, situation, verdict.ruleIndex);
      const proof = await prover.prove(transition.circuit, inputOf(transition));
      seen.add(proof.circuit);
      expect(await snarkjsVerify(proof)).toBe(true);
      expect(await contractAccepts(proof, proof.publicSignals)).toBe(true);
      const other = proof.publicSignals.map((signal, k) =>
        k === position ? (signal + 1n) % FIELD_ORDER : signal,
      );
      expect(await snarkjsVerify(proof, other)).toBe(false);
      expect(await contractAccepts(proof, other)).toBe(false);
    }),
    { numRuns: runs },
  );
  expect(seen.size).toBeGreaterThan(0);
}, 600_000);
