/**
 * The prover of Groth16, as snarkjs computes it.
 *
 * For a witness w, with the key's points α, β, δ, Aᵢ, Bᵢ, Cᵢ, Hⱼ and fresh scalars r, s:
 *
 *     A = α + Σ wᵢ·Aᵢ + r·δ                                 in G1
 *     B = β + Σ wᵢ·Bᵢ + s·δ                                 in G2 (and B₁, the same in G1)
 *     C = Σ wᵢ·Cᵢ + Σ hⱼ·Hⱼ + s·A + r·B₁ − r·s·δ            in G1
 *
 * The sum of C runs over the private wires. The hⱼ are the values of `A·w ∘ B·w − C·w` on a coset of the
 * domain, where C·w is the product of the others on the domain itself, since the witness satisfies the
 * circuit; the key's Hⱼ are Lagrange's polynomials there, so that nothing is interpolated (snarkjs'
 * form of §3.2 in the paper).
 *
 * **Without B₁.** The points B₁ serve r·B₁ in C alone. The prover therefore starts from the proof with
 * r = 0, which has no such term, and hides A by a scalar ρ ≠ 0 instead (`assembleRescaled`):
 *
 *     A₀ = α + Σ wᵢ·Aᵢ          B₀ = β + Σ wᵢ·Bᵢ + s·δ      C = Σ wᵢ·Cᵢ + Σ hⱼ·Hⱼ + s·A₀
 *     A = ρ⁻¹·A₀                B = ρ·B₀
 *
 * It verifies since e(ρ⁻¹·A₀, ρ·B₀) = e(A₀, B₀), and it is as zero-knowledge: A is uniform among the points
 * other than infinity because ρ is, B is uniform because s is, independently of A, and C is the one point
 * that the verifier's equation leaves, just as when r and s are uniform (up to the one point in r that A
 * misses). One of five sums, with its table, is never needed.
 *
 * @see Groth, "On the Size of Pairing-Based Non-interactive Arguments", EUROCRYPT 2016
 * @see Baghery, Kohlweiss, Siim, Volkhov, "Another Look at Extraction and Randomization of Groth's
 *   zk-SNARK", FC 2021: proofs rerandomised so are distributed as fresh ones
 */
import { FIELD_ORDER, inverse, mod } from "../../field/field.ts";
import type { Blinding, Rescaling } from "./blinding.ts";
import type { Engine, Group } from "./engine.ts";
import { coordinates, readInteger, SCALAR_BYTES, scalarBytes } from "./layout.ts";
import type { PointList, ProverKey } from "./zkeySections.ts";

/** The key's points summed with the witness's values, affine points; secret before they are blinded. */
export type Sums = Readonly<Record<PointList, Uint8Array>>;

/** The lists that a rescaled proof needs. */
export type RescaledList = Exclude<PointList, "b1">;

/** A proof and what it is for. */
export interface Groth16Result {
  /** `[A.x, A.y, B.x₁, B.x₀, B.y₁, B.y₀, C.x, C.y]`, the order of the EVM's pairing precompile. */
  points: bigint[];
  publicSignals: bigint[];
}

/**
 * Puts a proof together from its sums, with r and s: the paper's, and snarkjs'.
 *
 * @param blinding fresh for every proof: two proofs with the same r or s give the witness's sums away
 */
export function assembleProof(
  engine: Engine,
  key: Pick<ProverKey, "alpha1" | "beta1" | "beta2" | "delta1" | "delta2">,
  sums: Sums,
  { r, s }: Blinding,
): bigint[] {
  const { g1, g2 } = addition(engine);
  const [rBytes, sBytes, rsBytes] = [r, s, mod(-r * s)].map(scalarBytes) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const a = g1(key.alpha1, sums.a, engine.multiply("g1", key.delta1, rBytes));
  const b2 = g2(key.beta2, sums.b2, engine.multiply("g2", key.delta2, sBytes));
  const b1 = g1(key.beta1, sums.b1, engine.multiply("g1", key.delta1, sBytes));
  const c = g1(
    sums.c,
    sums.h,
    engine.multiply("g1", a, sBytes),
    engine.multiply("g1", b1, rBytes),
    engine.multiply("g1", key.delta1, rsBytes),
  );
  for (const bytes of [rBytes, sBytes, rsBytes, b1]) bytes.fill(0);
  return proofPoints(a, b2, c);
}

/**
 * Puts a proof together from its sums, with s and ρ: what the prover hands out.
 *
 * @param rescaling fresh for every proof, as above
 */
export function assembleRescaled(
  engine: Engine,
  key: Pick<ProverKey, "alpha1" | "beta2" | "delta2">,
  sums: Pick<Sums, RescaledList>,
  { s, scale }: Rescaling,
): bigint[] {
  const { g1, g2 } = addition(engine);
  const [sBytes, scaleBytes, inverseBytes] = [s, scale, inverse(scale)].map(scalarBytes) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const a = g1(key.alpha1, sums.a);
  const b2 = g2(key.beta2, sums.b2, engine.multiply("g2", key.delta2, sBytes));
  const c = g1(sums.c, sums.h, engine.multiply("g1", a, sBytes));
  const points = proofPoints(
    engine.multiply("g1", a, inverseBytes),
    engine.multiply("g2", b2, scaleBytes),
    c,
  );
  for (const bytes of [sBytes, scaleBytes, inverseBytes, a, b2]) bytes.fill(0);
  return points;
}

function addition(engine: Engine) {
  const sum =
    (group: Group) =>
    (...points: Uint8Array[]) =>
      points.reduce((a, b) => engine.add(group, a, b));
  return { g1: sum("g1"), g2: sum("g2") };
}

function proofPoints(a: Uint8Array, b2: Uint8Array, c: Uint8Array): bigint[] {
  const [x0, x1, y0, y1] = coordinates(b2) as [bigint, bigint, bigint, bigint];
  return [...coordinates(a), x1, x0, y1, y0, ...coordinates(c)];
}

/** The public signals of a witness: the wires after the constant 1. */
export function publicSignalsOf(witness: Uint8Array, count: number): bigint[] {
  return Array.from({ length: count }, (_, k) => readInteger(witness, (k + 1) * SCALAR_BYTES));
}

/**
 * A proof on this thread with given r and s, and with nothing kept from earlier ones: byte for byte what
 * snarkjs gives for them.
 *
 * @param witness values of all wires, 32 bytes each (`readWitnessFile`); must satisfy the circuit, else
 *   the proof does not verify
 */
export function proveGroth16(
  engine: Engine,
  key: ProverKey,
  witness: Uint8Array,
  blinding: Blinding,
): Groth16Result {
  if (witness.length !== key.wires * SCALAR_BYTES) throw new RangeError("witness of another size");
  if (blinding.r >= FIELD_ORDER || blinding.s >= FIELD_ORDER)
    throw new RangeError("r, s not reduced");
  const rows = engine.evaluate(engine.loadMatrices(key.coefficients, key.domainSize), witness);
  const h = engine.quotient(rows.a, rows.b);
  const priv = witness.subarray((key.publicSignals + 1) * SCALAR_BYTES);
  const sum = (list: PointList, scalars: Uint8Array) =>
    engine.msm(engine.loadBases(list === "b2" ? "g2" : "g1", key.points[list]), scalars);
  const sums: Sums = {
    a: sum("a", witness),
    b1: sum("b1", witness),
    b2: sum("b2", witness),
    c: sum("c", priv),
    h: sum("h", h),
  };
  const points = assembleProof(engine, key, sums, blinding);
  for (const secret of [rows.a, rows.b, h, ...Object.values(sums)]) secret.fill(0);
  return { points, publicSignals: publicSignalsOf(witness, key.publicSignals) };
}
