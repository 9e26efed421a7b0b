import { randomFillSync } from "node:crypto";
import { FIELD_ORDER } from "../../field/field.ts";
import { littleEndian } from "./binFile.ts";
import { power } from "./qap.ts";

/**
 * The secrets that a Groth16 key is made from (γ is 1, as in every key of snarkjs). Who knows them forges
 * proofs.
 */
export interface ToxicWaste {
  /** The point at which the circuit's polynomials are evaluated; never a 2n-th root of unity. */
  tau: bigint;
  alpha: bigint;
  beta: bigint;
  delta: bigint;
}

const SCALAR_BITS = FIELD_ORDER.toString(2).length;

/** A scalar from 2 to r − 2, each as likely: candidates out of range are drawn again. */
export function randomScalar(): bigint {
  const bytes = Buffer.alloc(32);
  try {
    for (;;) {
      randomFillSync(bytes);
      const candidate = BigInt.asUintN(SCALAR_BITS, littleEndian(bytes));
      if (candidate > 1n && candidate < FIELD_ORDER - 1n) return candidate;
    }
  } finally {
    bytes.fill(0);
  }
}

/**
 * Fresh secrets from the system's randomness. They are never written; JavaScript's integers cannot be
 * overwritten, so they are gone only when the process is.
 *
 * @param domainSize n: τ is no 2n-th root of unity, so that no Lagrange polynomial vanishes there
 */
export function drawToxicWaste(domainSize: number): ToxicWaste {
  let tau = randomScalar();
  while (power(tau, BigInt(2 * domainSize)) === 1n) tau = randomScalar();
  return { tau, alpha: randomScalar(), beta: randomScalar(), delta: randomScalar() };
}
