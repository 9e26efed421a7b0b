import { z } from "zod";
import { InvalidSetupFileError } from "../errors/setup.ts";
import type { G1Point, G2Point } from "./curve.ts";

/** A Groth16 verification key for `e(A, B) = e(α, β) · e(IC₀ + Σ sᵢ·ICᵢ, γ) · e(C, δ)`. */
export interface VerificationKey {
  alpha1: G1Point;
  beta2: G2Point;
  gamma2: G2Point;
  delta2: G2Point;
  /** One point more than public signals. */
  ic: G1Point[];
}

const integer = z.string().regex(/^\d+$/).transform(BigInt);
const INFINITY: G1Point = { x: 0n, y: 0n };
const g1 = z
  .tuple([integer, integer, z.literal(["0", "1"])])
  .transform(([x, y, z]): G1Point => (z === "0" ? INFINITY : { x, y }));
const fp2 = z.tuple([integer, integer]).transform(([c0, c1]) => ({ c0, c1 }));
const g2 = z
  .tuple([fp2, fp2, z.tuple([z.literal("1"), z.literal("0")])])
  .transform(([x, y]): G2Point => ({ x, y }));

const schema = z.object({
  protocol: z.literal("groth16"),
  curve: z.literal("bn128"),
  nPublic: z.int().nonnegative(),
  vk_alpha_1: g1,
  vk_beta_2: g2,
  vk_gamma_2: g2,
  vk_delta_2: g2,
  IC: z.array(g1).min(1),
});

/**
 * Reads a verification key in the JSON form of snarkjs.
 *
 * @param name how errors call the file
 * @throws {InvalidSetupFileError} if it has another form
 */
export function parseVerificationKey(json: unknown, name: string): VerificationKey {
  const parsed = schema.safeParse(json);
  const problem = parsed.success
    ? parsed.data.IC.length === parsed.data.nPublic + 1
      ? undefined
      : `${parsed.data.IC.length} IC points for ${parsed.data.nPublic} public signals`
    : z.prettifyError(parsed.error);
  if (!parsed.success || problem !== undefined) {
    throw new InvalidSetupFileError({
      file: name,
      expected: "a Groth16 verification key as snarkjs writes it",
      received: problem ?? "nothing",
    });
  }
  const { vk_alpha_1, vk_beta_2, vk_gamma_2, vk_delta_2, IC } = parsed.data;
  return {
    alpha1: vk_alpha_1,
    beta2: vk_beta_2,
    gamma2: vk_gamma_2,
    delta2: vk_delta_2,
    ic: IC,
  };
}
