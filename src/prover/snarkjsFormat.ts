import type { Groth16Proof } from "snarkjs";

/**
 * A proof in the order of the EVM's pairing precompile.
 *
 * @returns `[A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y]`
 */
export function toEvmPoints({ pi_a, pi_b, pi_c }: Groth16Proof): bigint[] {
  const [[x0, x1], [y0, y1]] = pi_b;
  return [pi_a[0], pi_a[1], x1, x0, y1, y0, pi_c[0], pi_c[1]].map(BigInt);
}
